//! Texts and regular expressions for case ids.

use std::fmt;

#[cfg(feature = "regex")]
use crate::UsageError;

/// A pattern for case ids.
#[derive(Clone, Debug)]
pub enum Pattern {
    /// The id contains the text.
    Contains(String),
    /// The id equals the text.
    Exact(String),
    /// The regular expression matches somewhere in the id.
    #[cfg(feature = "regex")]
    Regex(regex_lite::Regex),
}

impl Pattern {
    /// Reads a regular expression.
    ///
    /// # Errors
    /// If it is not a regular expression.
    #[cfg(feature = "regex")]
    pub fn regex(text: &str) -> Result<Self, UsageError> {
        regex_lite::Regex::new(text)
            .map(Pattern::Regex)
            .map_err(|error| UsageError(format!("`{text}` is not a regular expression: {error}")))
    }

    /// Whether the id of a case fits.
    pub fn matches(&self, id: &str) -> bool {
        match self {
            Pattern::Contains(text) => id.contains(text),
            Pattern::Exact(text) => id == text,
            #[cfg(feature = "regex")]
            Pattern::Regex(regex) => regex.is_match(id),
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Pattern::Contains(text) | Pattern::Exact(text) => f.write_str(text),
            #[cfg(feature = "regex")]
            Pattern::Regex(regex) => f.write_str(regex.as_str()),
        }
    }
}
