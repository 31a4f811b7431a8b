//! Errors: what was wanted, what was found, what to do.

use std::fmt;
use std::io;
use std::path::PathBuf;

use crate::exit;

/// Shorthand for functions that benchmarks return from.
pub type Result<T = (), E = Error> = std::result::Result<T, E>;

/// Why a benchmark did not produce a figure. Any error type converts into it with `?`.
pub struct Error(Kind);

enum Kind {
    Skip(String),
    Failure { message: String, causes: Vec<String> },
}

impl Error {
    /// The case cannot run here, and that is no fault: weights or hardware are missing.
    /// `reason` should hold the command that would enable it.
    pub fn skip(reason: impl Into<String>) -> Self {
        Error(Kind::Skip(reason.into()))
    }

    /// The case has failed.
    pub fn failure(message: impl Into<String>) -> Self {
        Error(Kind::Failure { message: message.into(), causes: Vec::new() })
    }

    /// The reason given to [`Error::skip`].
    pub fn skip_reason(&self) -> Option<&str> {
        match &self.0 {
            Kind::Skip(reason) => Some(reason),
            Kind::Failure { .. } => None,
        }
    }
}

// `Error` itself does not implement `std::error::Error`, so that this conversion can exist.
impl<E: std::error::Error> From<E> for Error {
    fn from(error: E) -> Self {
        let mut causes = Vec::new();
        let mut source = error.source();
        while let Some(cause) = source {
            causes.push(cause.to_string());
            source = cause.source();
        }
        Error(Kind::Failure { message: error.to_string(), causes })
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Skip(reason) => write!(f, "skipped: {reason}"),
            Kind::Failure { message, causes } => {
                write!(f, "{message}")?;
                causes.iter().try_for_each(|cause| write!(f, ": {cause}"))
            }
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A value that a person gave and that cannot be used: exit code 2.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct UsageError(pub String);

impl UsageError {
    /// `text` is none of the known names; `ranked` holds those, nearest first.
    pub(crate) fn unknown(what: &str, text: &str, ranked: Vec<String>) -> Self {
        /// More names than this would push the question off the screen.
        const SHOWN: usize = 12;
        let plural = match what.strip_suffix('y') {
            Some(stem) => format!("{stem}ies"),
            None => format!("{what}s"),
        };
        let mut message = format!("unknown {what} `{text}`");
        match ranked.first() {
            Some(nearest) => {
                message += &format!(": did you mean `{nearest}`?\n{plural} here, nearest first: ");
                message += &ranked.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
                if ranked.len() > SHOWN {
                    message += &format!(", and {} more", ranked.len() - SHOWN);
                }
            }
            None => message += &format!(": there is no {what} here at all"),
        }
        UsageError(message)
    }

    pub(crate) fn malformed(what: &str, text: &str, wanted: &str) -> Self {
        UsageError(format!("`{text}` is not a {what}: wanted {wanted}"))
    }
}

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
    pub(crate) fn io(action: &'static str, path: impl Into<PathBuf>, source: io::Error) -> Self {
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
