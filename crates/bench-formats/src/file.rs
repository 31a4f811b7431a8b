//! Files of other tools.

use std::path::Path;

use serde::de::DeserializeOwned;

use crate::InterchangeError;

/// The text of a file.
pub(crate) fn text(path: &Path) -> Result<String, InterchangeError> {
    let bytes =
        std::fs::read(path).map_err(|source| InterchangeError::Io { path: path.to_owned(), source })?;
    String::from_utf8(bytes).map_err(|_| InterchangeError::malformed(path, "it is not UTF-8 text"))
}

/// What a file of JSON holds; `wanted` says what that should be.
pub(crate) fn json<T: DeserializeOwned>(path: &Path, wanted: &str) -> Result<T, InterchangeError> {
    serde_json::from_str(&text(path)?)
        .map_err(|error| InterchangeError::malformed(path, format!("{error}; wanted {wanted}")))
}
