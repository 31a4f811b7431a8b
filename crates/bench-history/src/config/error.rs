//! Errors in a `bench.toml`.

use std::ops::Range;
use std::path::{Path, PathBuf};

/// The reasons why a `bench.toml` cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Io {
        /// The file concerned.
        path: PathBuf,
        /// The operating system's error.
        source: std::io::Error,
    },
    /// The content of the file is not valid.
    #[error("{}:{line}:{column}: {message}", path.display())]
    Malformed {
        /// The file concerned.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The character in the line, from 1.
        column: usize,
        /// The fault, and a correct example.
        message: String,
    },
}

/// A fault at a place of a text, in bytes.
pub(super) struct Fault {
    pub(super) place: Range<usize>,
    pub(super) message: String,
}

impl Fault {
    pub(super) fn at(place: Range<usize>, message: impl Into<String>) -> Self {
        Fault { place, message: message.into() }
    }

    /// Converts the fault to an error with line and column.
    pub(super) fn told(self, text: &str, path: &Path) -> ConfigError {
        let (line, column) = line_and_column(text, self.place.start);
        ConfigError::Malformed { path: path.to_owned(), line, column, message: self.message }
    }
}

/// Returns the line of a byte of a text, and the character in the line, both from 1.
pub(super) fn line_and_column(text: &str, place: usize) -> (usize, usize) {
    // If something is missing at the end of the file, the place may lie behind it.
    let before = text.get(..place).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |end| end + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

impl From<toml::de::Error> for Fault {
    fn from(error: toml::de::Error) -> Self {
        Fault::at(error.span().unwrap_or_default(), error.message())
    }
}
