//! JSON, as far as the protocol needs it: one codec for workers and runner, without derive macros.
//!
//! Numbers stay text until a field requests them, so a `u64` keeps all of its digits, and values are passed through
//! unchanged. RFC 8259 is followed exactly; the nesting of values is limited to [`DEEPEST`].

mod decode;
mod encode;
mod members;
mod parse;
mod pretty;
mod structure;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fmt;

pub use decode::Decode;
pub use encode::{Encode, Object};
pub use members::Members;
pub use parse::DEEPEST;
pub use pretty::pretty;
pub(crate) use structure::{is_default, names, structure};

/// A JSON value that borrows from its text.
#[derive(Clone, Debug, PartialEq)]
pub enum Json<'a> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number, as it is written.
    Number(&'a str),
    /// A string, without its escapes.
    Text(Cow<'a, str>),
    /// An array.
    Array(Vec<Json<'a>>),
    /// An object: names and values in the order in which they are written.
    Object(Vec<(Cow<'a, str>, Json<'a>)>),
}

impl<'a> Json<'a> {
    /// Reads one value and nothing else.
    ///
    /// # Errors
    /// If `text` is not JSON, if anything follows the value, or if it nests deeper than [`DEEPEST`].
    pub fn parse(text: &'a str) -> Result<Self, JsonError> {
        parse::value(text)
    }

    /// Returns the name of the kind of value, for error messages: `a number`.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Json::Null => "null",
            Json::Bool(_) => "a boolean",
            Json::Number(_) => "a number",
            Json::Text(_) => "a string",
            Json::Array(_) => "an array",
            Json::Object(_) => "an object",
        }
    }
}

/// Reads a value from JSON text.
///
/// # Errors
/// If the text is not JSON, or does not contain what `T` needs.
pub fn from_text<T: Decode>(text: &str) -> Result<T, JsonError> {
    T::decode(&Json::parse(text)?)
}

/// Reads a value from JSON text that has not been parsed yet.
///
/// # Errors
/// Same as [`from_text`], and when the text is not UTF-8.
pub fn from_bytes<T: Decode>(text: &[u8]) -> Result<T, JsonError> {
    let text = std::str::from_utf8(text).map_err(|error| {
        JsonError::new(format!("expected UTF-8, found an invalid byte at offset {}", error.valid_up_to()))
    })?;
    from_text(text)
}

/// Writes a value as JSON text on one line.
pub fn to_text(value: &impl Encode) -> String {
    let mut text = String::new();
    value.encode(&mut text);
    text
}

/// The reason why a text is not the expected JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonError(String);

impl JsonError {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        JsonError(message.into())
    }

    /// Creates the error that a value of another kind was found.
    pub(crate) fn expected(what: &str, found: &Json<'_>) -> Self {
        const SHOWN: usize = 40;
        let found = match found {
            Json::Number(text) => text.chars().take(SHOWN).collect(),
            Json::Text(text) => format!("{:?}", text.chars().take(SHOWN).collect::<String>()),
            other => other.kind().to_owned(),
        };
        JsonError(format!("expected {what}, found {found}"))
    }

    /// Adds to the error that it occurred within the field of this name.
    pub(crate) fn within(self, name: &str) -> Self {
        JsonError(format!("`{name}`: {}", self.0))
    }
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for JsonError {}
