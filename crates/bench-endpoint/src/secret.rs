//! Secrets, which appear in no record, log, error or process list.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use http::header::{AUTHORIZATION, HeaderName, HeaderValue};

/// A token for a server. It is shown as `[secret]`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret {
    value: String,
    /// The header that holds it; `None` for `Authorization: Bearer`.
    header: Option<HeaderName>,
}

/// The text that is shown in place of a secret.
const HIDDEN: &str = "[secret]";

impl Secret {
    /// Reads the secret from an environment variable.
    ///
    /// # Errors
    /// If the variable is not set, is empty, or contains characters that are not allowed in a header.
    pub fn from_env(name: &str) -> Result<Self, String> {
        let value = std::env::var(name).map_err(|_| format!("the environment variable {name} is not set"))?;
        Secret::checked(&value).map_err(|wrong| format!("the environment variable {name} {wrong}"))
    }

    /// Reads the secret from a file that contains nothing else.
    ///
    /// # Errors
    /// If the file cannot be read, is empty, or contains characters that are not allowed in a header.
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
            return Err("contains more than a token: expected printable ASCII without spaces".to_owned());
        }
        Ok(Secret { value: text.to_owned(), header: None })
    }

    /// Returns the same secret, sent unchanged in the header `name`, and not as a bearer token.
    ///
    /// # Errors
    /// If `name` is not the name of a header.
    pub fn in_header(self, name: &str) -> Result<Self, String> {
        let header =
            HeaderName::from_str(name).map_err(|_| format!("`{name}` is not the name of a header"))?;
        Ok(Secret { header: Some(header), ..self })
    }

    /// Returns the header that contains it, with the secret hidden.
    pub fn shown(&self) -> String {
        match &self.header {
            Some(name) => format!("{name}: {HIDDEN}"),
            None => format!("authorization: Bearer {HIDDEN}"),
        }
    }

    /// Returns the name and the value of the header that contains the secret.
    ///
    /// # Errors
    /// If the secret cannot be sent in a header.
    pub(crate) fn header(&self) -> Result<(HeaderName, HeaderValue), String> {
        let (name, text) = match &self.header {
            Some(name) => (name.clone(), self.value.clone()),
            None => (AUTHORIZATION, format!("Bearer {}", self.value)),
        };
        let mut value = HeaderValue::from_str(&text).map_err(|_| "the token cannot be sent".to_owned())?;
        value.set_sensitive(true);
        Ok((name, value))
    }

    /// Returns `text` without the secret: servers quote the token that they refuse.
    pub fn hidden_in(&self, text: &str) -> String {
        let text = text.replace(&self.value, HIDDEN);
        // A text that was shortened may end within the secret.
        let Some(cut) = text.strip_suffix('…') else { return text };
        let shown = (4..self.value.len()).rev().find(|length| cut.ends_with(&self.value[..*length]));
        shown.map_or_else(|| text.clone(), |length| format!("{}{HIDDEN}…", &cut[..cut.len() - length]))
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
        assert_eq!(format!("{secret:?}"), HIDDEN);
        assert_eq!(secret.hidden_in("wrong key sk-123."), "wrong key [secret].");
        assert_eq!(secret.hidden_in("wrong key sk-12…"), "wrong key [secret]…");
        assert_eq!(secret.hidden_in("wrong key…"), "wrong key…");
        let header = |secret: &Secret| {
            secret.header().map(|(name, value)| (name.to_string(), value.as_bytes().to_vec()))
        };
        assert_eq!(header(&secret), Ok(("authorization".to_owned(), b"Bearer sk-123".to_vec())));
        let other = secret.clone().in_header("X-Api-Key").expect("a header");
        assert_eq!(header(&other), Ok(("x-api-key".to_owned(), b"sk-123".to_vec())));
        assert_eq!(other.shown(), "x-api-key: [secret]");
        assert!(secret.in_header("a b").is_err());
        assert!(Secret::checked("\n").is_err() && Secret::checked("a b").is_err());
        assert!(Secret::from_env("BENCH_NO_SUCH_VARIABLE").expect_err("unset").contains("is not set"));
    }
}
