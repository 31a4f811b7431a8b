//! CSV whose cells neither steer a terminal nor are formulas.

use std::io::{self, Write};

use bench_syntax::text::steers;

/// Writes rows of CSV: the one way of all of this program's tables.
///
/// A cell that a spreadsheet would take for a formula gets an apostrophe in front (OWASP, "CSV injection"), and control
/// characters other than line ends and tabs become replacement characters. Numbers stay as they are.
pub struct CsvTable<W: Write> {
    writer: csv::Writer<W>,
}

impl<W: Write> CsvTable<W> {
    /// Into this writer.
    pub fn new(out: W) -> Self {
        CsvTable { writer: csv::Writer::from_writer(out) }
    }

    /// Writes a row; all have as many cells.
    ///
    /// # Errors
    /// Of the writer, and for a row of another length.
    pub fn row(&mut self, cells: impl IntoIterator<Item = impl AsRef<str>>) -> io::Result<()> {
        self.writer
            .write_record(cells.into_iter().map(|cell| harmless(cell.as_ref())))
            .map_err(io::Error::from)
    }

    /// Hands everything to the writer.
    ///
    /// # Errors
    /// Of the writer.
    pub fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }

    /// The writer, with everything in it.
    ///
    /// # Errors
    /// Of the writer.
    pub fn into_inner(self) -> io::Result<W> {
        self.writer.into_inner().map_err(|error| io::Error::other(error.to_string()))
    }
}

/// The text of a cell without what steers.
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
}
