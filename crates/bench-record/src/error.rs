//! Why a run could not be made, kept, or read.

use std::io;
use std::path::PathBuf;

use bench_syntax::UsageError;

use crate::exit;

/// Why a run could not be made, kept, or read. The exit code of each is
/// [`RunError::exit_code`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// Wrong flags, names or values.
    #[error(transparent)]
    Usage(#[from] UsageError),
    /// The registry is empty, incomplete, or holds two benchmarks with one id.
    #[error("{0}")]
    Registry(String),
    /// The selection matches nothing.
    #[error("{0}")]
    NoMatch(String),
    /// A file or folder could not be read or written.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried, as in "cannot *create the results folder* …".
        action: &'static str,
        /// Where.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// A record is truncated, of another version, or no record at all.
    #[error("cannot read the run {}: {reason}", path.display())]
    Record {
        /// The file.
        path: PathBuf,
        /// What is wrong with it, and what to do.
        reason: String,
    },
    /// The reports of a finished run could not be written where they belong.
    #[error("{source}; what was measured is in {} instead", rescued.display())]
    Rescued {
        /// The record, whole.
        rescued: PathBuf,
        /// What went wrong.
        source: Box<RunError>,
    },
    /// Ctrl-C or SIGTERM, before there was anything to report.
    #[error("interrupted")]
    Interrupted,
    /// A worker process could not be started.
    #[error("cannot start a worker process ({}): {source}", path.display())]
    Spawn {
        /// The executable.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
}

impl RunError {
    /// The system refused `action` at `path`.
    pub fn io(action: &'static str, path: impl Into<PathBuf>, source: io::Error) -> Self {
        RunError::Io { action, path: path.into(), source }
    }

    /// The process exit code: [`exit::USAGE`] for what the person at the keyboard can put right,
    /// [`exit::INTERRUPTED`] for an interrupt, [`exit::FAILED`] for the rest.
    pub fn exit_code(&self) -> u8 {
        match self {
            RunError::Spawn { .. } | RunError::Rescued { .. } => exit::FAILED,
            RunError::Interrupted => exit::INTERRUPTED,
            _ => exit::USAGE,
        }
    }
}
