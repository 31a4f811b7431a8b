//! `requests.csv`: one row for each request. Workers leave a file for each round; here they are merged.
//!
//! Only one row and a buffer are held at any time: a file can have ten million rows. Rows are parsed only if their
//! columns are at other positions than in the report, or if they may be replaced; all others are copied unchanged.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};

use bench_core::inventory;
use bench_record::{REQUESTS, RunError};
use bench_report::{Exporter, Outlet};
use csv::{ByteRecord, Reader, ReaderBuilder, WriterBuilder};

inventory::submit! {
    Exporter { name: NAME, export: |_, outlet| export(outlet) }
}

const NAME: &str = "requests.csv";

/// The columns that distinguish the rows of one round from all others.
const KEY: [&str; 2] = ["case", "round"];

/// Case and round of a row.
type Key = [Vec<u8>; KEY.len()];

/// Merges the files of the workers into the report, and removes them.
fn export(outlet: &Outlet) -> Result<(), RunError> {
    let folder = outlet.folder().join(REQUESTS);
    let failed =
        |error| RunError::Io { action: "merge the rows of requests in", path: folder.clone(), source: error };
    let files = files(&folder).map_err(failed)?;
    if files.is_empty() {
        return Ok(());
    }
    let mut parts = Vec::new();
    for path in &files {
        parts.extend(Part::open(path).map_err(failed)?);
    }
    if !parts.is_empty() {
        let report = outlet.folder().join(NAME);
        let earlier = if report.exists() { Part::open(&report).map_err(failed)? } else { None };
        outlet.stream(NAME, |out| merge(earlier.as_ref(), &parts, out))?;
    }
    // Only now: if the process was killed before this, the files are found here again, and their rows replace those in
    // the report.
    for path in &files {
        fs::remove_file(path).map_err(failed)?;
    }
    match fs::remove_dir(&folder) {
        // Other files in the folder are not ours.
        Err(error) if error.kind() != io::ErrorKind::DirectoryNotEmpty => Err(failed(error)),
        _ => Ok(()),
    }
}

/// The files of the workers, by name.
fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "csv") && path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// A file with rows, and the positions of its columns.
struct Part {
    path: PathBuf,
    header: Vec<Vec<u8>>,
    /// Bytes of the header row.
    begin: u64,
    /// Bytes up to the end of the last row that is whole.
    end: u64,
    /// Case and round of its first row: workers write a file for each round.
    key: Option<Key>,
}

impl Part {
    /// Opens a file of rows; `None` if its header is not complete.
    fn open(path: &Path) -> io::Result<Option<Part>> {
        let end = whole_rows(File::open(path)?)?;
        let mut reader = rows(File::open(path)?.take(end));
        let mut row = ByteRecord::new();
        if !reader.read_byte_record(&mut row)? || end == 0 {
            return Ok(None);
        }
        let header: Vec<Vec<u8>> = row.iter().map(<[u8]>::to_vec).collect();
        let begin = reader.position().byte();
        let key = if reader.read_byte_record(&mut row)? { key_of(&places(&header), &row) } else { None };
        Ok(Some(Part { path: path.to_owned(), header, begin, end, key }))
    }

    /// Its rows, without the header.
    fn rows(&self) -> io::Result<impl Read + use<>> {
        let mut file = File::open(&self.path)?;
        io::Seek::seek(&mut file, io::SeekFrom::Start(self.begin))?;
        Ok(file.take(self.end.saturating_sub(self.begin)))
    }
}

/// Returns the positions of the columns of [`KEY`].
fn places(header: &[Vec<u8>]) -> Option<[usize; KEY.len()]> {
    let place = |name: &str| header.iter().position(|column| column == name.as_bytes());
    let [Some(case), Some(round)] = KEY.map(place) else { return None };
    Some([case, round])
}

fn key_of(places: &Option<[usize; KEY.len()]>, row: &ByteRecord) -> Option<Key> {
    let [case, round] = (*places)?;
    Some([row.get(case)?.to_vec(), row.get(round)?.to_vec()])
}

fn rows<R: Read>(from: R) -> Reader<R> {
    ReaderBuilder::new().has_headers(false).flexible(true).buffer_capacity(1 << 16).from_reader(from)
}

/// Returns the number of bytes up to the end of the last complete row: a row that was cut off when its process was
/// killed ends without a line break, or within quotes.
fn whole_rows(file: File) -> io::Result<u64> {
    let mut reader = BufReader::with_capacity(1 << 16, file);
    let (mut end, mut seen, mut quoted) = (0, 0, false);
    loop {
        let buffer = io::BufRead::fill_buf(&mut reader)?;
        if buffer.is_empty() {
            return Ok(end);
        }
        for (position, byte) in (seen + 1..).zip(buffer) {
            match byte {
                // A quote within quotes is written twice, which changes nothing.
                b'"' => quoted = !quoted,
                b'\n' if !quoted => end = position,
                _ => {}
            }
        }
        let length = buffer.len();
        seen += length as u64;
        reader.consume(length);
    }
}

/// Writes the rows of `earlier`, except for rounds that `parts` contain again, and then the rows of `parts`.
fn merge(earlier: Option<&Part>, parts: &[Part], out: &mut dyn Write) -> io::Result<()> {
    let mut header: Vec<&[u8]> = Vec::new();
    for column in earlier.into_iter().chain(parts).flat_map(|part| &part.header) {
        if !header.contains(&column.as_slice()) {
            header.push(column);
        }
    }
    let mut csv = WriterBuilder::new().flexible(true).from_writer(&mut *out);
    csv.write_byte_record(&ByteRecord::from(header.clone()))?;
    csv.flush()?;
    drop(csv);
    let replaced: HashSet<&Key> = parts.iter().filter_map(|part| part.key.as_ref()).collect();
    if let Some(earlier) = earlier {
        align(earlier, &header, &replaced, out)?;
    }
    for part in parts {
        let same = part.header.iter().map(Vec::as_slice).eq(header.iter().copied());
        if same {
            io::copy(&mut part.rows()?, out)?;
        } else {
            align(part, &header, &HashSet::new(), out)?;
        }
    }
    Ok(())
}

/// Writes the rows of `part` with each cell under its column, except for rounds that are replaced.
fn align(part: &Part, header: &[&[u8]], replaced: &HashSet<&Key>, out: &mut dyn Write) -> io::Result<()> {
    let sources: Vec<Option<usize>> =
        header.iter().map(|column| part.header.iter().position(|own| own == column)).collect();
    let places = places(&part.header);
    let mut reader = rows(part.rows()?);
    let mut csv = WriterBuilder::new().buffer_capacity(1 << 16).from_writer(out);
    let (mut row, mut aligned) = (ByteRecord::new(), ByteRecord::new());
    // Rows of a round are adjacent: the set is only looked up when another round begins.
    let (mut known, mut skip) = (None, false);
    while reader.read_byte_record(&mut row)? {
        if !replaced.is_empty() {
            let same = |key: &Key| {
                places.is_some_and(|places| {
                    places.iter().zip(key).all(|(place, cell)| row.get(*place) == Some(cell))
                })
            };
            if !known.as_ref().is_some_and(same) {
                known = key_of(&places, &row);
                skip = known.as_ref().is_some_and(|key| replaced.contains(key));
            }
            if skip {
                continue;
            }
        }
        aligned.clear();
        for source in &sources {
            aligned.push_field(source.and_then(|source| row.get(source)).unwrap_or_default());
        }
        csv.write_byte_record(&aligned)?;
    }
    csv.flush()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::TempDir;

    fn folder(parts: &[(&str, &str)]) -> TempDir {
        let folder = tempfile::tempdir().expect("folder");
        leave(&folder, parts);
        folder
    }

    fn leave(folder: &TempDir, parts: &[(&str, &str)]) {
        fs::create_dir_all(folder.path().join(REQUESTS)).expect("folder");
        for (name, text) in parts {
            fs::write(folder.path().join(REQUESTS).join(name), text).expect("part");
        }
    }

    fn merged(folder: &TempDir) -> String {
        export(&Outlet::into(folder.path())).expect("exported");
        fs::read_to_string(folder.path().join(NAME)).expect("report")
    }

    #[test]
    fn files_of_different_fields_share_their_columns() {
        let folder = folder(&[
            ("b.csv", "case,round,steps,ok\nimages,0,20,true\n"),
            ("a.csv", "case,round,ok,ttfa_s\nspeech,0,true,0.1\nspeech,0,false,\n"),
            ("ignored.tmp", "case,round\nx,0\n"),
        ]);
        assert_eq!(
            merged(&folder),
            "case,round,ok,ttfa_s,steps\nspeech,0,true,0.1,\nspeech,0,false,,\nimages,0,true,,20\n"
        );
        let left: Vec<_> = fs::read_dir(folder.path().join(REQUESTS)).expect("kept").collect();
        assert_eq!(left.len(), 1);
    }

    #[test]
    fn what_a_kill_has_cut_off_is_left_out() {
        let folder = folder(&[
            ("a.csv", "case,round,text\nx,0,whole\nx,0,cut of"),
            ("b.csv", "case,round,text\nx,1,\"two\nlines\"\nx,1,\"cut\nwithin quotes\n"),
            ("c.csv", "case,round,te"),
            ("d.csv", ""),
            ("e.csv", "case,round,text\n"),
        ]);
        assert_eq!(merged(&folder), "case,round,text\nx,0,whole\nx,1,\"two\nlines\"\n");
        assert!(!folder.path().join(REQUESTS).exists());
    }

    #[test]
    fn earlier_rows_stay_once() {
        let folder = folder(&[("a.csv", "case,round,n\nx,0,1\nx,0,2\n"), ("b.csv", "case,round,n\nx,1,3\n")]);
        let first = merged(&folder);
        // Killed between writing the report and removing the files.
        leave(&folder, &[("b.csv", "case,round,n\nx,1,3\n")]);
        assert_eq!(merged(&folder), first);
        // Another executable of the same `cargo bench`, of another field.
        leave(&folder, &[("c.csv", "case,round,m\ny,1,4\n")]);
        assert_eq!(merged(&folder), "case,round,n,m\nx,0,1,\nx,0,2,\nx,1,3,\ny,1,,4\n");
        // Nothing new: nothing happens.
        assert_eq!(merged(&folder), "case,round,n,m\nx,0,1,\nx,0,2,\nx,1,3,\ny,1,,4\n");
    }

    #[test]
    fn hostile_text_survives_both_ways() {
        let text = "\"a,\"\"b\"\"\nc\u{1b}[31m\r\n=1+1\"";
        let rows = format!("x,0,{text}\n");
        let folder = folder(&[
            ("a.csv", &format!("case,round,text\n{rows}")),
            ("b.csv", &format!("text,case,round\n{text},y,0\n")),
        ]);
        let report = merged(&folder);
        let mut csv = csv::Reader::from_reader(report.as_bytes());
        let cells: Vec<String> =
            csv.records().map(|row| row.expect("row").get(2).expect("text").to_owned()).collect();
        assert_eq!(cells, ["a,\"b\"\nc\u{1b}[31m\r\n=1+1"; 2]);
    }

    #[test]
    fn without_load_cases_nothing_is_written() {
        let folder = tempfile::tempdir().expect("folder");
        export(&Outlet::into(folder.path())).expect("nothing to do");
        assert_eq!(fs::read_dir(folder.path()).expect("folder").count(), 0);
    }

    #[test]
    #[ignore = "takes seconds: a gigabyte of rows, to see how long a merge takes"]
    fn a_million_rows() {
        let folder = folder(&[("z.csv", "case,round,other\ny,0,1\n")]);
        let mut part =
            io::BufWriter::new(File::create(folder.path().join(REQUESTS).join("a.csv")).expect("part"));
        writeln!(part, "case,round,text,latency_s").expect("header");
        for number in 0..10_000_000 {
            writeln!(part, "tts/performance/speak[concurrency=4],0,some text that is said,0.{number}")
                .expect("row");
        }
        drop(part);
        let begin = std::time::Instant::now();
        export(&Outlet::into(folder.path())).expect("exported");
        eprintln!("ten million rows, with new columns: {:?}", begin.elapsed());
        leave(&folder, &[("b.csv", "case,round,text,latency_s,other\nx,0,,,\n")]);
        let begin = std::time::Instant::now();
        export(&Outlet::into(folder.path())).expect("exported");
        eprintln!("ten million rows, kept: {:?}", begin.elapsed());
    }
}
