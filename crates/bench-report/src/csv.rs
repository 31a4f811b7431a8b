//! Tables as comma-separated values: RFC 4180, with line feeds alone, as other Unix tools write and read them.

use std::io::{self, Write};

/// Writes rows of comma-separated values. A field is put into quotes if it holds a comma, a quote or a line break.
///
/// ```
/// # use bench_report::Csv;
/// let mut out = Vec::new();
/// let mut csv = Csv::new(&mut out);
/// csv.row(["case", "reason"])?;
/// csv.row(["unit/softmax", "failed: \"NaN\", of 3"])?;
/// assert_eq!(out, b"case,reason\nunit/softmax,\"failed: \"\"NaN\"\", of 3\"\n");
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Csv<'a> {
    out: &'a mut dyn Write,
    row: String,
}

impl<'a> Csv<'a> {
    /// Writes to `out`, a row at a time.
    pub fn new(out: &'a mut dyn Write) -> Self {
        Csv { out, row: String::new() }
    }

    /// Writes one row.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn row<F: AsRef<str>>(&mut self, fields: impl IntoIterator<Item = F>) -> io::Result<()> {
        self.row.clear();
        for (at, field) in fields.into_iter().enumerate() {
            if at > 0 {
                self.row.push(',');
            }
            let field = field.as_ref();
            if field.contains([',', '"', '\r', '\n']) {
                self.row.push('"');
                self.row.push_str(&field.replace('"', "\"\""));
                self.row.push('"');
            } else {
                self.row.push_str(field);
            }
        }
        // A row of one empty field would be an empty line, which readers leave out.
        if self.row.is_empty() {
            self.row.push_str("\"\"");
        }
        self.row.push('\n');
        self.out.write_all(self.row.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(rows: &[&[&str]]) -> String {
        let mut out = Vec::new();
        let mut csv = Csv::new(&mut out);
        for row in rows {
            csv.row(*row).expect("written");
        }
        String::from_utf8(out).expect("UTF-8")
    }

    #[test]
    fn only_what_must_be_is_quoted() {
        for (field, text) in [
            ("plain text; of µ", "plain text; of µ"),
            ("", ""),
            ("a,b", "\"a,b\""),
            ("say \"x\"", "\"say \"\"x\"\"\""),
            ("a\nb", "\"a\nb\""),
            ("a\rb", "\"a\rb\""),
            ("\"", "\"\"\"\""),
        ] {
            assert_eq!(written(&[&["1", field, "2"]]), format!("1,{text},2\n"));
        }
    }

    #[test]
    fn an_empty_field_alone_is_no_empty_line() {
        assert_eq!(written(&[&["a"], &[""], &["", ""]]), "a\n\"\"\n,\n");
    }

    proptest::proptest! {
        #[test]
        fn the_csv_crate_writes_the_same_and_reads_it(
            rows in proptest::collection::vec(proptest::collection::vec("[a,\"\r\n é]{0,4}", 3), 0..4)
        ) {
            let mut theirs = csv::Writer::from_writer(Vec::new());
            let borrowed: Vec<Vec<&str>> = rows.iter().map(|row| row.iter().map(String::as_str).collect()).collect();
            for row in &borrowed {
                theirs.write_record(row).expect("written");
            }
            let ours = written(&borrowed.iter().map(Vec::as_slice).collect::<Vec<_>>());
            proptest::prop_assert_eq!(&ours, &String::from_utf8(theirs.into_inner().expect("whole")).expect("UTF-8"));
            let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(ours.as_bytes());
            let read: Vec<Vec<String>> =
                reader.records().map(|row| row.expect("a row").iter().map(str::to_owned).collect()).collect();
            proptest::prop_assert_eq!(read, rows);
        }
    }
}
