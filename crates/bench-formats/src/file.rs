//! Reads files of other tools.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::path::Path;

use bench_syntax::encoding::decoded;
use serde::de::{DeserializeOwned, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;

use crate::{InterchangeError, json};

/// Reads the text of a file.
pub(crate) fn text(path: &Path) -> Result<String, InterchangeError> {
    let bytes =
        std::fs::read(path).map_err(|source| InterchangeError::Io { path: path.to_owned(), source })?;
    decoded(&bytes).map_err(|reason| InterchangeError::malformed(path, reason))
}

/// Reads a file of JSON; `wanted` describes the expected content.
pub(crate) fn json<T: DeserializeOwned>(path: &Path, wanted: &str) -> Result<T, InterchangeError> {
    serde_json::from_str(&text(path)?)
        .map_err(|error| InterchangeError::malformed(path, format!("{error}; expected {wanted}")))
}

/// Same as `json`, except that `NaN` and `Infinity`, which other tools write although JSON does not allow them, are
/// read as `null`: only the entry that contains one is wrong, not the whole file.
pub(crate) fn json_with_nan<T: DeserializeOwned>(path: &Path, wanted: &str) -> Result<T, InterchangeError> {
    json_with_nan_as(path, "null", wanted)
}

/// Same as `json_with_nan`, except that `NaN` is read as the JSON `nan`.
pub(crate) fn json_with_nan_as<T: DeserializeOwned>(
    path: &Path,
    nan: &str,
    wanted: &str,
) -> Result<T, InterchangeError> {
    serde_json::from_str(&without_nan(&text(path)?, nan))
        .map_err(|error| InterchangeError::malformed(path, format!("{error}; expected {wanted}")))
}

/// Returns the list in a field of a file of JSON; `wanted` describes the expected content of the file.
pub(crate) fn list<'a>(
    path: &Path,
    file: &'a Value,
    field: &str,
    wanted: &str,
) -> Result<&'a [Value], InterchangeError> {
    json::array(file, field)
        .map_err(|reason| InterchangeError::malformed(path, format!("{reason}; expected {wanted}")))
}

/// Replaces `NaN` with `nan`, and infinite numbers with `null`, except within texts.
fn without_nan<'a>(json: &'a str, nan: &str) -> Cow<'a, str> {
    const NAN: &str = "NaN";
    const NONE: [&str; 3] = [NAN, "Infinity", "-Infinity"];
    if !NONE.iter().any(|none| json.contains(none)) {
        return Cow::Borrowed(json);
    }
    let (mut out, mut rest, mut in_text) = (String::with_capacity(json.len()), json, false);
    while let Some(c) = rest.chars().next() {
        let taken = match NONE.iter().find(|none| !in_text && rest.starts_with(**none)) {
            Some(none) => {
                out.push_str(if *none == NAN { nan } else { "null" });
                none.len()
            }
            None => {
                let escaped =
                    if in_text && c == '\\' { rest[1..].chars().next().map_or(0, char::len_utf8) } else { 0 };
                in_text ^= c == '"';
                let taken = c.len_utf8() + escaped;
                out.push_str(&rest[..taken]);
                taken
            }
        };
        rest = &rest[taken..];
    }
    Cow::Owned(out)
}

/// The entries of an object of JSON in their order, including several with the same name.
#[derive(Debug)]
pub(crate) struct Entries<T>(Vec<(String, T)>);

/// An object, or any other value in its place.
#[derive(Debug, serde::Deserialize)]
#[serde(untagged)]
pub(crate) enum Node {
    Object(Entries<Value>),
    Other(IgnoredAny),
}

impl<T> Entries<T> {
    /// Returns the entries with a unique name, and the names that several entries have.
    pub(crate) fn parted(self) -> (Vec<(String, T)>, Vec<String>) {
        let names: Vec<String> = self.0.iter().map(|(name, _)| name.clone()).collect();
        let count = |name: &str| names.iter().filter(|other| *other == name).count();
        let (alone, several): (Vec<_>, Vec<_>) = self.0.into_iter().partition(|(name, _)| count(name) == 1);
        let mut doubles: Vec<String> = several.into_iter().map(|(name, _)| name).collect();
        doubles.sort_unstable();
        doubles.dedup();
        (alone, doubles)
    }
}

impl<'de, T: serde::Deserialize<'de>> serde::Deserialize<'de> for Entries<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object<T>(PhantomData<T>);

        impl<'de, T: serde::Deserialize<'de>> Visitor<'de> for Object<T> {
            type Value = Entries<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries<T>, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }

        deserializer.deserialize_map(Object(PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_number_is_null_outside_of_texts() {
        assert_eq!(
            without_nan(r#"{"NaN \" NaN": [NaN, -Infinity, Infinity, "é\\"]}"#, "null"),
            r#"{"NaN \" NaN": [null, null, null, "é\\"]}"#
        );
        assert!(matches!(without_nan("[1]", "null"), Cow::Borrowed(_)));
    }
}
