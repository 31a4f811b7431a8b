//! Secrets, which appear in no record, log, error or process list.

use std::fmt;
use std::path::Path;

/// A token that a server wants. It is shown as `[secret]`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

/// What a secret is shown as.
const HIDDEN: &str = "[secret]";

impl Secret {
    /// From an environment variable.
    ///
    /// # Errors
    /// When the variable is not set, is empty, or holds what cannot stand in a header.
    pub fn from_env(name: &str) -> Result<Self, String> {
        let value = std::env::var(name).map_err(|_| format!("the environment variable {name} is not set"))?;
        Secret::checked(&value).map_err(|wrong| format!("the environment variable {name} {wrong}"))
    }

    /// From a file that holds nothing else.
    ///
    /// # Errors
    /// When the file cannot be read, is empty, or holds what cannot stand in a header.
    pub fn from_file(path: &Path) -> Result<Self, String> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| format!("the token cannot be read from {}: {error}", path.display()))?;
        Secret::checked(&text).map_err(|wrong| format!("{} {wrong}", path.display()))
    }

    fn checked(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text.is_empty() {
            return Err("is empty: expected a token".to_owned());
        }
        if !text.bytes().all(|byte| (0x21..=0x7e).contains(&byte)) {
            return Err("holds more than a token: expected printable ASCII without spaces".to_owned());
        }
        Ok(Secret(text.to_owned()))
    }

    /// The secret itself, to be sent and nothing else.
    pub(crate) fn revealed(&self) -> &str {
        &self.0
    }

    /// `text` without the secret: servers quote the token that they refuse.
    pub fn hidden_in(&self, text: &str) -> String {
        text.replace(&self.0, HIDDEN)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HIDDEN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_not_shown() {
        let secret = Secret::checked(" sk-123\n").expect("a token");
        assert_eq!((format!("{secret:?}"), secret.revealed()), (HIDDEN.to_owned(), "sk-123"));
        assert_eq!(secret.hidden_in("wrong key sk-123."), "wrong key [secret].");
        assert!(Secret::checked("\n").is_err() && Secret::checked("a b").is_err());
        assert!(Secret::from_env("BENCH_NO_SUCH_VARIABLE").expect_err("unset").contains("is not set"));
    }
}
