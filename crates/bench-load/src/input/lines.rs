//! Texts from a file.

use std::fs;
use std::path::PathBuf;

use bench_core::Error;

use super::{InputError, Inputs, Prepared};

/// Texts from a file in UTF-8, one on each line. White space around a text, empty lines and a byte order mark are left
/// out. There are no other texts for the warm-up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lines {
    path: PathBuf,
}

impl Lines {
    /// Reads the texts of this file.
    pub fn of(path: impl Into<PathBuf>) -> Self {
        Lines { path: path.into() }
    }
}

impl Inputs for Lines {
    type Item = String;

    fn prepare(self) -> Result<Prepared<String>, Error> {
        let text = match fs::read_to_string(&self.path) {
            Ok(text) => text,
            Err(source) => return Err(InputError::Read { path: self.path, source }.into()),
        };
        let lines = text.trim_start_matches('\u{feff}').lines().map(str::trim);
        let measured: Vec<_> = lines.filter(|line| !line.is_empty()).map(str::to_owned).collect();
        if measured.is_empty() {
            return Err(InputError::NoLine(self.path).into());
        }
        Ok(Prepared { measured, warm_up: Vec::new() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(content: &[u8]) -> Result<Prepared<String>, String> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("texts.txt");
        fs::write(&path, content).expect("written");
        Lines::of(path).prepare().map_err(|error| error.to_string())
    }

    #[test]
    fn each_line_is_a_text() {
        let prepared = of("\u{feff}Grüße.\r\n\n  \n  Bis morgen! \nEnde".as_bytes()).expect("texts");
        assert_eq!(prepared.measured, ["Grüße.", "Bis morgen!", "Ende"]);
        assert!(prepared.warm_up.is_empty());
    }

    #[test]
    fn a_file_that_holds_none_is_named() {
        let error = of(b"\n \n").expect_err("empty");
        assert!(error.contains("texts.txt contains no text"), "{error}");
        let error = of(b"\xff\xfe").expect_err("no UTF-8");
        assert!(error.contains("texts.txt: stream did not contain valid UTF-8"), "{error}");
        let error = Lines::of("no/such/file").prepare().expect_err("missing").to_string();
        assert!(error.starts_with("cannot read no/such/file: "), "{error}");
    }
}
