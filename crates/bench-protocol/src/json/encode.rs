//! Encodes values as JSON.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Json;

/// A type that can be written as JSON.
pub trait Encode {
    /// Appends the value to `out`.
    fn encode(&self, out: &mut String);
}

/// An object that is being written.
pub struct Object<'a> {
    out: &'a mut String,
    empty: bool,
}

impl<'a> Object<'a> {
    /// Opens an object.
    pub fn open(out: &'a mut String) -> Self {
        out.push('{');
        Object { out, empty: true }
    }

    /// Adds a field.
    pub fn field(&mut self, name: &str, value: &(impl Encode + ?Sized)) -> &mut Self {
        self.separate();
        name.encode(self.out);
        self.out.push(':');
        value.encode(self.out);
        self
    }

    /// Adds the fields of an object that is encoded already: the part between its braces.
    pub(crate) fn fields_of(&mut self, object: &str) -> &mut Self {
        let inner = object.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).unwrap_or_default();
        if !inner.is_empty() {
            self.separate();
            self.out.push_str(inner);
        }
        self
    }

    /// Closes the object.
    pub fn close(&mut self) {
        self.out.push('}');
    }

    fn separate(&mut self) {
        if !std::mem::take(&mut self.empty) {
            self.out.push(',');
        }
    }
}

impl Encode for str {
    fn encode(&self, out: &mut String) {
        out.push('"');
        let mut plain = 0;
        for (at, byte) in self.bytes().enumerate() {
            let short = match byte {
                b'"' => "\\\"",
                b'\\' => "\\\\",
                b'\n' => "\\n",
                b'\r' => "\\r",
                b'\t' => "\\t",
                0x8 => "\\b",
                0xc => "\\f",
                0x00..0x20 => "",
                _ => continue,
            };
            out.push_str(&self[plain..at]);
            out.push_str(short);
            if short.is_empty() {
                // Writing to a String cannot fail.
                let _ = write!(out, "\\u{byte:04x}");
            }
            plain = at + 1;
        }
        out.push_str(&self[plain..]);
        out.push('"');
    }
}

impl Encode for String {
    fn encode(&self, out: &mut String) {
        self.as_str().encode(out);
    }
}

impl Encode for Arc<str> {
    fn encode(&self, out: &mut String) {
        (**self).encode(out);
    }
}

impl Encode for Path {
    /// Encodes a text; bytes that are not UTF-8 are replaced, as JSON cannot contain them.
    fn encode(&self, out: &mut String) {
        self.to_string_lossy().encode(out);
    }
}

impl Encode for PathBuf {
    fn encode(&self, out: &mut String) {
        self.as_path().encode(out);
    }
}

impl Encode for bool {
    fn encode(&self, out: &mut String) {
        out.push_str(if *self { "true" } else { "false" });
    }
}

impl Encode for u32 {
    fn encode(&self, out: &mut String) {
        u64::from(*self).encode(out);
    }
}

impl Encode for u64 {
    fn encode(&self, out: &mut String) {
        // Writing to a String cannot fail.
        let _ = write!(out, "{self}");
    }
}

impl Encode for f64 {
    /// Writes the shortest text that reads back as the same number; `null` for NaN and infinity.
    fn encode(&self, out: &mut String) {
        if self.is_finite() {
            // Writing to a String cannot fail.
            let _ = write!(out, "{self:?}");
        } else {
            out.push_str("null");
        }
    }
}

impl<T: Encode> Encode for Option<T> {
    fn encode(&self, out: &mut String) {
        match self {
            Some(value) => value.encode(out),
            None => out.push_str("null"),
        }
    }
}

impl<T: Encode> Encode for Vec<T> {
    fn encode(&self, out: &mut String) {
        out.push('[');
        for (at, value) in self.iter().enumerate() {
            if at > 0 {
                out.push(',');
            }
            value.encode(out);
        }
        out.push(']');
    }
}

impl Encode for BTreeMap<String, String> {
    fn encode(&self, out: &mut String) {
        let mut object = Object::open(out);
        for (name, value) in self {
            object.field(name, value);
        }
        object.close();
    }
}

impl Encode for Json<'_> {
    fn encode(&self, out: &mut String) {
        match self {
            Json::Null => out.push_str("null"),
            Json::Bool(value) => value.encode(out),
            Json::Number(text) => out.push_str(text),
            Json::Text(text) => text.as_ref().encode(out),
            Json::Array(values) => values.encode(out),
            Json::Object(members) => {
                let mut object = Object::open(out);
                for (name, value) in members {
                    object.field(name, value);
                }
                object.close();
            }
        }
    }
}
