//! Errors in files of other tools.

use std::path::{Path, PathBuf};

/// The reasons why a run could not be written or read in a format.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InterchangeError {
    /// A file or folder cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The operating system's error.
        source: std::io::Error,
    },
    /// The content of a file is not as expected.
    #[error("{}: {reason}", path.display())]
    Malformed {
        /// The file or folder.
        path: PathBuf,
        /// The actual and the expected content.
        reason: String,
    },
    /// There is nothing to write.
    #[error("the run `{run}` has no figures: of its {cases} {}, none succeeded", if *cases == 1 { "case" } else { "cases" })]
    NoFigures {
        /// The run.
        run: String,
        /// The number of its cases.
        cases: usize,
    },
    /// A document cannot be written.
    #[error("the run `{run}` cannot be written as {format}: {reason}")]
    Unwritable {
        /// The run.
        run: String,
        /// The format.
        format: &'static str,
        /// The reason.
        reason: String,
    },
}

impl InterchangeError {
    pub(crate) fn malformed(path: &Path, reason: impl Into<String>) -> Self {
        InterchangeError::Malformed { path: path.to_owned(), reason: reason.into() }
    }
}
