//! The errors that benchmarks return.

use std::fmt;

/// Shorthand for the result of a benchmark.
pub type Result<T = (), E = Error> = std::result::Result<T, E>;

/// The reason why a benchmark did not produce a figure. Any error type converts into it with `?`.
///
/// ```
/// use bench_core::{Error, Result};
///
/// fn weights() -> Result<Vec<u8>> {
///     let path = std::env::var_os("WEIGHTS").ok_or_else(|| Error::skip("no weights: set `WEIGHTS` to their path"))?;
///     Ok(std::fs::read(path)?) // any error fails the case
/// }
///
/// # if std::env::var_os("WEIGHTS").is_none() {
/// let error = weights().expect_err("not set");
/// assert_eq!(error.skip_reason(), Some("no weights: set `WEIGHTS` to their path"));
/// # }
/// ```
pub struct Error(Kind);

enum Kind {
    Skip(String),
    Failure { message: String, causes: Vec<String> },
}

impl Error {
    /// Reports that the case cannot run here, which is not a failure: weights or hardware are missing. `reason` should
    /// name the command that would enable it.
    pub fn skip(reason: impl Into<String>) -> Self {
        Error(Kind::Skip(reason.into()))
    }

    /// Reports that the case has failed.
    pub fn failure(message: impl Into<String>) -> Self {
        Error(Kind::Failure { message: message.into(), causes: Vec::new() })
    }

    /// Returns the reason that was given to [`Error::skip`]; `None` for a failure.
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
