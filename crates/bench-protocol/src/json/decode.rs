//! Decodes JSON values.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use super::{Json, JsonError};

/// A type that can be read from JSON.
pub trait Decode: Sized {
    /// Reads the value.
    ///
    /// # Errors
    /// When `json` is of another kind, or lacks a field.
    fn decode(json: &Json<'_>) -> Result<Self, JsonError>;

    /// Returns the value of an absent field; `None` if the field must be present.
    fn absent() -> Option<Self> {
        None
    }
}

impl Decode for String {
    fn decode(json: &Json<'_>) -> Result<Self, JsonError> {
        match json {
            Json::Text(text) => Ok(text.clone().into_owned()),
            other => Err(JsonError::expected("a string", other)),
        }
    }
}

impl Decode for Arc<str> {
    fn decode(json: &Json<'_>) -> Result<Self, JsonError> {
        String::decode(json).map(Arc::from)
    }
}

impl Decode for PathBuf {
    fn decode(json: &Json<'_>) -> Result<Self, JsonError> {
        String::decode(json).map(PathBuf::from)
    }
}

impl Decode for bool {
    fn decode(json: &Json<'_>) -> Result<Self, JsonError> {
        match json {
            Json::Bool(value) => Ok(*value),
            other => Err(JsonError::expected("`true` or `false`", other)),
        }
    }
}

impl Decode for u64 {
    fn decode(json: &Json<'_>) -> Result<Self, JsonError> {
        match json {
            Json::Number(text) => text.parse().ok(),
            _ => None,
        }
        .ok_or_else(|| JsonError::expected("a whole number from 0 to 2^64 - 1", json))
    }
}

impl Decode for u32 {
    fn decode(json: &Json<'_>) -> Result<Self, JsonError> {
        match json {
            Json::Number(text) => text.parse().ok(),
            _ => None,
        }
        .ok_or_else(|| JsonError::expected("a whole number from 0 to 2^32 - 1", json))
    }
}

impl Decode for f64 {
    fn decode(json: &Json<'_>) -> Result<Self, JsonError> {
        match json {
            Json::Number(text) => text.parse().ok().filter(|number: &f64| number.is_finite()),
            _ => None,
        }
        .ok_or_else(|| JsonError::expected("a number", json))
    }
}

impl<T: Decode> Decode for Option<T> {
    fn decode(json: &Json<'_>) -> Result<Self, JsonError> {
        match json {
            Json::Null => Ok(None),
            value => T::decode(value).map(Some),
        }
    }

    fn absent() -> Option<Self> {
        Some(None)
    }
}

impl<T: Decode> Decode for Vec<T> {
    fn decode(json: &Json<'_>) -> Result<Self, JsonError> {
        match json {
            Json::Array(values) => values.iter().map(T::decode).collect(),
            other => Err(JsonError::expected("an array", other)),
        }
    }
}

impl Decode for BTreeMap<String, String> {
    fn decode(json: &Json<'_>) -> Result<Self, JsonError> {
        match json {
            Json::Object(members) => members
                .iter()
                .map(|(name, value)| {
                    let value = String::decode(value).map_err(|error| error.within(name))?;
                    Ok((name.clone().into_owned(), value))
                })
                .collect(),
            other => Err(JsonError::expected("an object", other)),
        }
    }
}
