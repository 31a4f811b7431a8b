//! A value given by the user that cannot be used.

use std::fmt;

/// A value given by the user that cannot be used: exit code 2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsageError(pub String);

impl UsageError {
    /// Returns the error that `text` is not one of the known names; `ranked` contains those, nearest first.
    pub fn unknown(what: &str, text: &str, ranked: Vec<String>) -> Self {
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

    /// Returns the error that `text` is not a `what`: `wanted` describes what is expected.
    pub fn malformed(what: &str, text: &str, wanted: &str) -> Self {
        UsageError(format!("`{text}` is not a {what}: expected {wanted}"))
    }
}

impl fmt::Display for UsageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for UsageError {}
