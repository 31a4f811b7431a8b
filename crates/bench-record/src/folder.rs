//! The results folder and the run directories in it.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use crate::journal::{Begin, JOURNAL};
use crate::moment::utc;
use crate::read::RUN_FILE;
use crate::{Environment, Journal, Parts, Record, RunError, SCHEMA_VERSION, journal, read};
use crate::{name, presence::is_present};
use bench_os::parent_cargo;
use bench_syntax::{Share, UsageError};

/// The name that refers to the newest sealed run.
pub const LATEST: &str = "latest";

/// The folder for rows of requests in a run directory, until they are merged into one report.
pub const REQUESTS: &str = "requests";

/// The file that records which `cargo bench` the newest run directory belongs to.
const SESSION_FILE: &str = ".session";

/// A run directory that is being written.
#[derive(Debug)]
pub struct Folder {
    results: PathBuf,
    run: String,
    /// The part of a larger run that this directory contains; `None` if it contains a whole run.
    parts: Option<Parts>,
    /// The record that an earlier executable of the same `cargo bench` has sealed here.
    earlier: Option<Record>,
}

/// The `cargo bench` that a run directory belongs to.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Session {
    cargo: String,
    run: String,
    /// The run that [`LATEST`] named before that `cargo bench` began.
    pub(crate) previous: Option<PathBuf>,
}

impl Folder {
    /// Creates a run directory below `results`, or joins the one that an earlier executable of the same `cargo bench`
    /// has created. `part` is the part of a suite to measure, if several machines share it; `parts` describes that part
    /// if the common run has a name.
    ///
    /// # Errors
    /// If `results` is a file, cannot be written, or is full, or if something other than a run is called [`LATEST`]:
    /// such errors are reported before measuring.
    pub fn create(results: &Path, part: Option<Share>, parts: Option<Parts>) -> Result<Self, RunError> {
        create_results(results)?;
        // `latest` will refer to this run: a file that has this name should be found before measuring, not after it.
        check_free(results, LATEST)?;
        let cargo = parent_cargo();
        if let Some(session) = cargo.as_deref().and_then(|cargo| same_session(results, cargo)) {
            let earlier = read::open_sealed(&results.join(&session.run))?;
            return Ok(Folder {
                results: results.to_owned(),
                run: session.run,
                parts,
                earlier: Some(earlier),
            });
        }
        let previous = latest(results);
        let run = create_unique(results, part)?;
        if let Some(cargo) = cargo {
            let session = Session { cargo, run: run.clone(), previous };
            let text = serde_json::to_vec(&session).map_err(io::Error::from);
            text.and_then(|text| write_whole(&results.join(SESSION_FILE), &text))
                .map_err(|error| RunError::io("write to the results folder", results, error))?;
        }
        Ok(Folder { results: results.to_owned(), run, parts, earlier: None })
    }

    /// The run directory.
    pub fn path(&self) -> PathBuf {
        self.results.join(&self.run)
    }

    /// Returns the folder in which workers that serve requests leave their rows, one file for each round, until an
    /// exporter merges them into one report.
    pub fn requests(&self) -> PathBuf {
        self.path().join(REQUESTS)
    }

    /// Returns the folder for files that benchmarks save, with a subfolder for each case.
    pub fn artifacts(&self) -> PathBuf {
        self.path().join("artifacts")
    }

    /// The run directory's name.
    pub fn run(&self) -> &str {
        &self.run
    }

    /// Returns the part of a larger run that this directory contains; `None` if it contains a whole run.
    pub fn parts(&self) -> Option<&Parts> {
        self.parts.as_ref()
    }

    /// Returns the record that an earlier executable of the same `cargo bench` has sealed here; `None` if there is
    /// none.
    pub fn earlier(&self) -> Option<&Record> {
        self.earlier.as_ref()
    }

    /// Opens the journal.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn journal(
        &self,
        environment: &Environment,
        timestamp: &str,
        seed: u64,
    ) -> Result<Journal, RunError> {
        let begin = Begin {
            schema_version: SCHEMA_VERSION,
            run: self.run.clone(),
            timestamp: timestamp.to_owned(),
            environment: environment.clone(),
            seed,
            parts: self.parts.clone(),
            writer: String::new(),
        };
        Journal::begin(&self.path(), begin)
    }

    /// Writes the record, lets `export` write the files made from it, and makes [`LATEST`] refer to this run.
    ///
    /// # Errors
    /// If the folder cannot be written; a record that could not be written there is then in the system's temporary
    /// folder, and the error names the place.
    pub fn seal(
        self,
        record: &Record,
        export: impl FnOnce(&Path) -> Result<(), RunError>,
    ) -> Result<(), RunError> {
        seal(&self.path(), record, export)?;
        point(&self.results, LATEST, &self.run)
    }
}

/// Creates the results folder, unless it exists. A new folder contains a `.gitignore`, so that `git add -A` does not
/// add results. To commit them, remove that file: it is not created again.
///
/// # Errors
/// When the folder cannot be made.
pub fn create_results(results: &Path) -> Result<(), RunError> {
    if results.is_dir() {
        return Ok(());
    }
    let made = fs::create_dir_all(results).and_then(|()| fs::write(results.join(".gitignore"), "*\n"));
    made.map_err(|error| RunError::io("create the results folder", results, error))
}

/// Makes `name` refer to the run directory `run`.
///
/// # Errors
/// When the name is taken by something that is not a run, or the folder cannot be written.
pub fn point(results: &Path, name: &str, run: &str) -> Result<(), RunError> {
    check_free(results, name)?;
    let link = results.join(name);
    name::write(results, name, run).map_err(|error| RunError::io("name the run", &link, error))
}

/// Checks that `name` is free, or already names a run.
///
/// # Errors
/// If a file or folder has this name.
pub fn check_free(results: &Path, name: &str) -> Result<(), RunError> {
    let link = results.join(name);
    if fs::symlink_metadata(&link).is_ok() && !name::is_name(&link) {
        let taken = io::Error::new(io::ErrorKind::AlreadyExists, "something else has this name");
        return Err(RunError::io("name the run", link, taken));
    }
    Ok(())
}

/// Checks that `name` can be given to a run.
///
/// # Errors
/// If `name` is empty or `latest`, begins with a dot or dash, or contains a character other than letters, digits, `_`,
/// `-`, `.` and `+`.
pub fn check_name(name: &str) -> Result<(), UsageError> {
    let sound = !name.is_empty()
        && name != LATEST
        && !name.starts_with(['.', '-'])
        && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '+'));
    if sound {
        Ok(())
    } else {
        Err(UsageError::malformed(
            "name for a run",
            name,
            "letters, digits, `_`, `-`, `.` or `+`, and not `latest`",
        ))
    }
}

/// Returns the directory of the newest sealed run; `None` if there is none.
pub(crate) fn latest(results: &Path) -> Option<PathBuf> {
    let target = name::named(results, LATEST)?;
    target.join(RUN_FILE).exists().then_some(target)
}

/// Returns the names in a results folder that refer to sealed runs: run directories, and names that were given to runs.
pub(crate) fn names(results: &Path) -> Vec<String> {
    fs::read_dir(results)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| !name.starts_with('.'))
        .filter(|name| name::named(results, name).is_some_and(|run| run.join(RUN_FILE).exists()))
        .collect()
}

/// The run directories of a results folder whose runner was killed before it could seal them.
pub fn abandoned(results: &Path) -> Vec<PathBuf> {
    let is_abandoned = |folder: &PathBuf| {
        let journal = folder.join(JOURNAL);
        journal.exists()
            && journal::replay(&journal).is_ok_and(|found| !is_present(folder, &found.begin.writer))
    };
    let entries = fs::read_dir(results).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).filter(is_abandoned).collect()
}

/// Writes the record into its run directory, lets `export` write the files made from it, and removes the journal. The
/// record comes first, because it cannot be computed again.
///
/// # Errors
/// Same as [`Folder::seal`].
pub fn seal(
    folder: &Path,
    record: &Record,
    export: impl FnOnce(&Path) -> Result<(), RunError>,
) -> Result<(), RunError> {
    write_record(folder, record).map_err(|error| match rescue(record) {
        Ok(rescued) => RunError::Rescued { rescued, source: Box::new(error) },
        Err(_) => error,
    })?;
    export(folder)?;
    match fs::remove_file(folder.join(JOURNAL)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(RunError::io("remove the journal", folder.join(JOURNAL), error))
        }
        _ => Ok(()),
    }
}

fn write_record(folder: &Path, record: &Record) -> Result<(), RunError> {
    let path = folder.join(RUN_FILE);
    serde_json::to_vec(record)
        .map_err(io::Error::from)
        .and_then(|mut bytes| {
            bytes.push(b'\n');
            write_whole(&path, &bytes)
        })
        .map_err(|error| RunError::io("write the record", &path, error))
}

/// Writes a file so that at every moment it is either the complete old one or the complete new one. A special file,
/// such as `/dev/stdout` or a pipe, is written directly.
pub fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if fs::metadata(path).is_ok_and(|known| !known.is_file() && !known.is_dir()) {
        return fs::File::options().write(true).open(path)?.write_all(bytes);
    }
    stream_whole(path, |file| file.write_all(bytes))
}

/// Same as [`write_whole`], for content that is too large to be held in memory.
pub fn stream_whole(path: &Path, content: impl FnOnce(&mut fs::File) -> io::Result<()>) -> io::Result<()> {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    let temporary = PathBuf::from(name);
    let written = fs::File::create(&temporary)
        .and_then(|mut file| {
            content(&mut file)?;
            // The error of a full disk appears here at the latest, so the rename must come after it.
            file.sync_all()
        })
        .and_then(|()| fs::rename(&temporary, path));
    if written.is_err() {
        // The first error is the one to report.
        let _ = fs::remove_file(&temporary);
    }
    written
}

fn rescue(record: &Record) -> io::Result<PathBuf> {
    let path = std::env::temp_dir().join(format!("bench-{}.json", record.run));
    write_whole(&path, &serde_json::to_vec(record)?)?;
    Ok(path)
}

/// Creates the run directory `<timestamp>-<4 hex digits>` and returns its name. The digits are the fraction of the
/// second, so that names are in the order in which runs began. `create_dir` fails if the name exists, so two runs that
/// begin at once cannot share one.
pub fn create_unique(results: &Path, part: Option<Share>) -> Result<String, RunError> {
    for attempt in 0.. {
        let run = name_of_moment(SystemTime::now(), part);
        match fs::create_dir(results.join(&run)) {
            Ok(()) => return Ok(run),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && attempt < 100 => {
                // The last digit changes every 15 µs. Two processes that wait equally long would collide again.
                let ticks = part.map_or(1, Share::of);
                std::thread::sleep(Duration::from_micros(20 + u64::from(std::process::id() % 64)) * ticks);
            }
            Err(error) => return Err(RunError::io("create the run directory", results.join(run), error)),
        }
    }
    unreachable!("the loop returns")
}

/// Returns the name of a run that begins at `moment`. Parts of a suite that begin on several machines at the same time
/// have different names: the hex digits, modulo the number of parts, are the rank of the part, from 0.
fn name_of_moment(moment: SystemTime, part: Option<Share>) -> String {
    let since = moment.duration_since(UNIX_EPOCH).unwrap_or_default();
    let fraction = (u64::from(since.subsec_nanos()) << 16) / 1_000_000_000;
    let of_part = part.filter(|part| u64::from(part.of()) <= 1 << 15).map(|part| {
        let (rank, of) = (u64::from(part.rank()), u64::from(part.of()));
        let fraction = fraction - fraction % of + rank;
        if fraction < 1 << 16 { fraction } else { fraction - of }
    });
    let fraction = of_part.unwrap_or(fraction);
    format!("{}-{fraction:04x}", utc(since.as_secs()).replace(':', "-"))
}

/// The session of `cargo`, if its run directory has been sealed and can be added to.
pub(crate) fn same_session(results: &Path, cargo: &str) -> Option<Session> {
    let session: Session = serde_json::from_slice(&fs::read(results.join(SESSION_FILE)).ok()?).ok()?;
    (session.cargo == cargo && results.join(&session.run).join(RUN_FILE).exists()).then_some(session)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_or_not_at_all() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("file");
        write_whole(&path, b"one").expect("written");
        write_whole(&path, b"two").expect("written");
        assert_eq!(fs::read(&path).expect("read"), b"two");
        fs::create_dir(folder.path().join("taken")).expect("folder");
        assert!(write_whole(&folder.path().join("taken"), b"x").is_err());
        let left: Vec<_> =
            fs::read_dir(folder.path()).expect("read").flatten().map(|entry| entry.file_name()).collect();
        assert_eq!(left.len(), 2, "{left:?}");
    }

    #[test]
    fn names_are_in_the_order_of_time() {
        let name = |milliseconds| name_of_moment(UNIX_EPOCH + Duration::from_millis(milliseconds), None);
        assert_eq!(name(1_795_246_265_500), "2026-11-21T07-31-05Z-8000");
        let names: Vec<String> = (0..2500).map(name).collect();
        assert!(names.is_sorted() && names[999].ends_with("-ffbe"), "{}", names[999]);
        let folder = tempfile::tempdir().expect("folder");
        let made: Vec<String> = (0..20).map(|_| create_unique(folder.path(), None).expect("made")).collect();
        assert!(made.is_sorted(), "{made:?}");
    }

    #[test]
    fn parts_that_begin_at_the_same_moment_have_different_names() {
        for nanoseconds in [0, 499_999_999, 999_999_999] {
            let moment = UNIX_EPOCH + Duration::from_nanos(nanoseconds);
            let parts = (0..7).filter_map(|rank| Share::of_rank(rank, 7));
            let mut names: Vec<String> = parts.map(|part| name_of_moment(moment, Some(part))).collect();
            names.sort();
            names.dedup();
            assert_eq!(names.len(), 7, "{names:?}");
            assert!(names.iter().all(|name| name.len() == name_of_moment(moment, None).len()), "{names:?}");
        }
    }

    #[test]
    fn names_for_runs() {
        assert!(check_name("main-2026").is_ok());
        for wrong in ["", "latest", "a/b", "..", "-x", "a b", "a\n"] {
            assert!(check_name(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_name_moves_to_the_next_run_and_never_over_something_else() {
        let folder = tempfile::tempdir().expect("folder");
        point(folder.path(), "base", "one").expect("named");
        point(folder.path(), "base", "two").expect("named again");
        fs::create_dir(folder.path().join("two")).expect("folder");
        assert!(name::named(folder.path(), "base").is_some_and(|run| run.ends_with("two")));
        fs::write(folder.path().join("notes"), "").expect("file");
        assert!(point(folder.path(), "notes", "two").is_err());
    }
}
