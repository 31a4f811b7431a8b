//! Errors of making, keeping or reading a run.

use std::error::Error;
use std::fmt;
use std::io;
use std::path::PathBuf;

use bench_syntax::UsageError;

use crate::exit;

/// The reason why a run could not be made, kept, or read. The exit code of each is [`RunError::exit_code`].
#[derive(Debug)]
#[non_exhaustive]
pub enum RunError {
    /// Wrong flags, names or values.
    Usage(UsageError),
    /// The registry is empty, incomplete, or contains two benchmarks with the same id.
    Registry(String),
    /// The selection matches nothing.
    NoMatch(String),
    /// A file or folder could not be read or written.
    Io {
        /// The action that failed, as in "cannot *create the results folder* …".
        action: &'static str,
        /// The path.
        path: PathBuf,
        /// The operating system's error.
        source: io::Error,
    },
    /// A record is truncated, of another version, or not a record at all.
    Record {
        /// The file.
        path: PathBuf,
        /// The fault, and what to do.
        reason: String,
    },
    /// The reports of a finished run could not be written to their usual place.
    Rescued {
        /// The path of the complete record.
        rescued: PathBuf,
        /// The error.
        source: Box<RunError>,
    },
    /// Ctrl-C or SIGTERM, before there was anything to report.
    Interrupted,
    /// A worker process could not be started.
    Spawn {
        /// The executable.
        path: PathBuf,
        /// The operating system's error.
        source: io::Error,
    },
}

impl RunError {
    /// Creates the error of an `action` at `path` that the system refused.
    pub fn io(action: &'static str, path: impl Into<PathBuf>, source: io::Error) -> Self {
        RunError::Io { action, path: path.into(), source }
    }

    /// Returns the process exit code: [`exit::USAGE`] for mistakes that the user can put right, [`exit::INTERRUPTED`]
    /// for an interrupt, [`exit::FAILED`] for the rest.
    pub fn exit_code(&self) -> u8 {
        match self {
            RunError::Spawn { .. } | RunError::Rescued { .. } => exit::FAILED,
            RunError::Interrupted => exit::INTERRUPTED,
            _ => exit::USAGE,
        }
    }
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RunError::Usage(error) => error.fmt(f),
            RunError::Registry(message) | RunError::NoMatch(message) => f.write_str(message),
            RunError::Io { action, path, source } => {
                write!(f, "cannot {action} {}: {source}", path.display())
            }
            RunError::Record { path, reason } => {
                write!(f, "cannot read the run {}: {reason}", path.display())
            }
            RunError::Rescued { rescued, source } => {
                write!(f, "{source}; what was measured is in {} instead", rescued.display())
            }
            RunError::Interrupted => f.write_str("interrupted"),
            RunError::Spawn { path, source } => {
                write!(f, "cannot start a worker process ({}): {source}", path.display())
            }
        }
    }
}

impl Error for RunError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            RunError::Usage(error) => error.source(),
            RunError::Io { source, .. } | RunError::Spawn { source, .. } => Some(source),
            RunError::Rescued { source, .. } => Some(source),
            _ => None,
        }
    }
}

impl From<UsageError> for RunError {
    fn from(error: UsageError) -> Self {
        RunError::Usage(error)
    }
}
