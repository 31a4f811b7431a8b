//! Reads whole answers, of which only a few fields are used.

use std::time::Instant;

use serde_json::Value;

use super::text::message_of;
use super::{Answer, Marks, Told};
use crate::failure::{Class, Failure, shortened};

/// Parses the JSON of an answer.
///
/// # Errors
/// If the body is not JSON, or if it contains an error.
pub(super) fn json(body: &[u8]) -> Result<Value, Failure> {
    let value: Value = serde_json::from_slice(body)
        .map_err(|error| Failure::new(Class::Malformed, format!("expected JSON: {error}")))?;
    match value.get("error") {
        Some(error) if !error.is_null() => Err(Failure::in_answer(&message_of(error))),
        _ => Ok(value),
    }
}

/// Returns the content of an answer without the `data` that some servers put around it.
pub(super) fn unwrapped(value: &Value) -> &Value {
    value.get("data").filter(|data| data.is_object()).unwrap_or(value)
}

/// Reads JSON that must contain a non-empty array of this name.
#[derive(Debug)]
pub(super) struct WithArray {
    name: &'static str,
    body: Vec<u8>,
}

impl WithArray {
    pub(super) fn new(name: &'static str) -> Self {
        WithArray { name, body: Vec::new() }
    }
}

impl Answer for WithArray {
    fn bytes(&mut self, piece: &[u8], _at: Instant, _marks: &mut dyn Marks) -> Result<(), Failure> {
        self.body.extend_from_slice(piece);
        Ok(())
    }

    fn end(&mut self, at: Instant, marks: &mut dyn Marks) -> Result<Told, Failure> {
        let value = json(&self.body)?;
        match value.get(self.name).and_then(Value::as_array) {
            None => {
                Err(Failure::new(Class::Malformed, format!("expected an array `{}`, found none", self.name)))
            }
            Some(array) if array.is_empty() => {
                Err(Failure::new(Class::Empty, format!("the array `{}` is empty", self.name)))
            }
            Some(_) => {
                marks.end(at);
                Ok(Told::Plain)
            }
        }
    }
}

/// Reads JSON that must not contain an error.
#[derive(Debug, Default)]
pub(super) struct NoError {
    body: Vec<u8>,
}

impl Answer for NoError {
    fn bytes(&mut self, piece: &[u8], _at: Instant, _marks: &mut dyn Marks) -> Result<(), Failure> {
        self.body.extend_from_slice(piece);
        Ok(())
    }

    fn end(&mut self, at: Instant, marks: &mut dyn Marks) -> Result<Told, Failure> {
        if self.body.is_empty() {
            return Err(Failure::new(Class::Empty, "the answer has no body"));
        }
        json(&self.body)?;
        marks.end(at);
        Ok(Told::Plain)
    }
}

/// Reads an answer with any content, which must not be empty. Its bytes are counted and not kept.
#[derive(Debug, Default)]
pub(super) struct Bytes {
    count: u64,
}

impl Answer for Bytes {
    fn bytes(&mut self, piece: &[u8], _at: Instant, _marks: &mut dyn Marks) -> Result<(), Failure> {
        self.count += piece.len() as u64;
        Ok(())
    }

    fn end(&mut self, at: Instant, marks: &mut dyn Marks) -> Result<Told, Failure> {
        if self.count == 0 {
            return Err(Failure::new(Class::Empty, "the answer has no body"));
        }
        marks.end(at);
        Ok(Told::Plain)
    }
}

/// Reads a body of a type that the endpoint does not send: an error that a server, or a proxy in front of it, sends
/// with status 200.
#[derive(Debug)]
pub(super) struct Unexpected {
    wanted: &'static str,
    body: Vec<u8>,
}

/// The number of bytes of an unexpected body that are kept for the error message.
const KEPT: usize = 16 << 10;

impl Unexpected {
    pub(super) fn html() -> Self {
        Unexpected { wanted: "an answer of the model, found text/html", body: Vec::new() }
    }

    pub(super) fn grpc() -> Self {
        Unexpected { wanted: "an answer of type application/grpc, found another one", body: Vec::new() }
    }

    pub(super) fn json() -> Self {
        Unexpected { wanted: "text/event-stream, found application/json", body: Vec::new() }
    }
}

impl Answer for Unexpected {
    fn bytes(&mut self, piece: &[u8], _at: Instant, _marks: &mut dyn Marks) -> Result<(), Failure> {
        let room = KEPT.saturating_sub(self.body.len());
        self.body.extend_from_slice(&piece[..piece.len().min(room)]);
        Ok(())
    }

    fn end(&mut self, _at: Instant, _marks: &mut dyn Marks) -> Result<Told, Failure> {
        if let Err(failure) = json(&self.body)
            && failure.class == Class::InAnswer
        {
            return Err(failure);
        }
        let found = shortened(&String::from_utf8_lossy(&self.body));
        Err(Failure::new(Class::Malformed, format!("expected {}: {found}", self.wanted)))
    }
}
