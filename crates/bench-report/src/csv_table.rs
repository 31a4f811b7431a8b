//! Writes CSV whose cells neither control a terminal nor are formulas.

use std::io::{self, Write};

use bench_syntax::text::steers;

/// Writes rows of CSV (RFC 4180, lines end with a line feed): all tables of this program are written with it.
///
/// A cell that a spreadsheet would take for a formula gets an apostrophe in front (OWASP, "CSV injection"), and control
/// characters other than line ends and tabs become replacement characters. Numbers stay as they are. A cell is put into
/// quotes if it contains a comma, a quote or a line end.
pub struct CsvTable<W: Write> {
    out: W,
    columns: Option<usize>,
    line: String,
}

impl<W: Write> CsvTable<W> {
    /// Creates a table that is written to `out`.
    pub fn new(out: W) -> Self {
        CsvTable { out, columns: None, line: String::new() }
    }

    /// Writes a row; all rows have the same number of cells.
    ///
    /// # Errors
    /// The errors of the writer, and a row of another length.
    pub fn row(&mut self, cells: impl IntoIterator<Item = impl AsRef<str>>) -> io::Result<()> {
        self.line.clear();
        let mut count = 0;
        for cell in cells {
            if count > 0 {
                self.line.push(',');
            }
            count += 1;
            self.cell(&harmless(cell.as_ref()));
        }
        let columns = *self.columns.get_or_insert(count);
        if count != columns {
            let message = format!("a row of {count} cells in a table of {columns} columns");
            return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
        }
        // A row of one empty cell would be an empty line, which readers leave out.
        if self.line.is_empty() {
            self.line.push_str("\"\"");
        }
        self.line.push('\n');
        self.out.write_all(self.line.as_bytes())
    }

    fn cell(&mut self, cell: &str) {
        if cell.contains([',', '"', '\r', '\n']) {
            self.line.push('"');
            self.line.push_str(&cell.replace('"', "\"\""));
            self.line.push('"');
        } else {
            self.line.push_str(cell);
        }
    }

    /// Flushes the writer.
    ///
    /// # Errors
    /// The errors of the writer.
    pub fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    /// Flushes and returns the writer.
    ///
    /// # Errors
    /// The errors of the writer.
    pub fn into_inner(mut self) -> io::Result<W> {
        self.out.flush()?;
        Ok(self.out)
    }
}

/// Returns the text of a cell in a form that neither controls a terminal nor is a formula.
pub fn harmless(cell: &str) -> String {
    let is_formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']) && cell.parse::<f64>().is_err();
    let apostrophe = if is_formula { "'" } else { "" };
    let plain =
        cell.chars().map(|c| if steers(c) && !matches!(c, '\n' | '\r' | '\t') { '\u{fffd}' } else { c });
    apostrophe.chars().chain(plain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_text_or_a_number() {
        let mut table = CsvTable::new(Vec::new());
        table.row(["=1+1", "-1.5e-3", "-x", "@a", "a\x1b[31m\0b", "two\nlines", "+5 %"]).expect("written");
        let text = String::from_utf8(table.into_inner().expect("written")).expect("text");
        assert_eq!(text, "'=1+1,-1.5e-3,'-x,'@a,a\u{fffd}[31m\u{fffd}b,\"two\nlines\",'+5 %\n");
    }

    fn written(rows: &[&[&str]]) -> String {
        let mut table = CsvTable::new(Vec::new());
        for row in rows {
            table.row(*row).expect("written");
        }
        String::from_utf8(table.into_inner().expect("written")).expect("text")
    }

    #[test]
    fn only_what_must_be_is_quoted() {
        for (cell, text) in [
            ("plain text; of µ", "plain text; of µ"),
            ("", ""),
            ("a,b", "\"a,b\""),
            ("say \"x\"", "\"say \"\"x\"\"\""),
            ("a\nb", "\"a\nb\""),
            ("a\rb", "\"a\rb\""),
            ("\"", "\"\"\"\""),
        ] {
            assert_eq!(written(&[&["1", cell, "2"]]), format!("1,{text},2\n"));
        }
        assert_eq!(written(&[&["a"], &[""]]), "a\n\"\"\n");
    }

    #[test]
    fn rows_are_of_one_length() {
        let mut table = CsvTable::new(Vec::new());
        table.row(["a", "b"]).expect("written");
        let error = table.row(["a"]).expect_err("a row of another length").to_string();
        assert_eq!(error, "a row of 1 cells in a table of 2 columns");
    }

    proptest::proptest! {
        #[test]
        fn the_csv_crate_writes_the_same_and_reads_it(
            rows in proptest::collection::vec(proptest::collection::vec("[a,\"\n é]{0,4}", 3), 0..4)
        ) {
            let mut theirs = csv::Writer::from_writer(Vec::new());
            let borrowed: Vec<Vec<&str>> =
                rows.iter().map(|row| row.iter().map(String::as_str).collect()).collect();
            for row in &borrowed {
                theirs.write_record(row).expect("written");
            }
            let ours = written(&borrowed.iter().map(Vec::as_slice).collect::<Vec<_>>());
            let theirs = String::from_utf8(theirs.into_inner().expect("whole")).expect("text");
            proptest::prop_assert_eq!(&ours, &theirs);
            let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(ours.as_bytes());
            let read: Vec<Vec<String>> = reader
                .records()
                .map(|row| row.expect("a row").iter().map(str::to_owned).collect())
                .collect();
            proptest::prop_assert_eq!(read, rows);
        }
    }
}
