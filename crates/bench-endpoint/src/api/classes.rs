//! Reads answers with classes of pictures, in the form of torch-inference.

use std::time::Instant;

use serde_json::Value;

use super::text::message_of;
use super::whole::{json, unwrapped};
use super::{Answer, Marks, Told};
use crate::failure::{Class, Failure};
use crate::reader::Sse;

/// Returns the class number and the confidence of the first of some predictions.
fn top1(predictions: &Value) -> Option<(u32, f64)> {
    let first = predictions.as_array().and_then(|all| all.first()).unwrap_or(predictions);
    let class = first.get("class_id").and_then(Value::as_u64).and_then(|class| u32::try_from(class).ok())?;
    Some((class, first.get("confidence").and_then(Value::as_f64)?))
}

/// Reads an object whose `results` contain the predictions for each picture.
#[derive(Debug, Default)]
pub(super) struct Batch {
    body: Vec<u8>,
}

impl Answer for Batch {
    fn bytes(&mut self, piece: &[u8], _at: Instant, _marks: &mut dyn Marks) -> Result<(), Failure> {
        self.body.extend_from_slice(piece);
        Ok(())
    }

    fn end(&mut self, at: Instant, marks: &mut dyn Marks) -> Result<Told, Failure> {
        let value = json(&self.body)?;
        let results = unwrapped(&value)
            .get("results")
            .and_then(Value::as_array)
            .ok_or_else(|| Failure::new(Class::Malformed, "expected an array `results`, found none"))?;
        let first = results.first().ok_or_else(|| Failure::new(Class::Empty, "no picture was classified"))?;
        marks.end(at);
        Ok(Told::Classified { images: results.len(), top1: top1(first) })
    }
}

/// Reads a stream with an event for each picture, and `[DONE]` or an event `done` at the end.
#[derive(Debug, Default)]
pub(super) struct Stream {
    sse: Sse,
    images: usize,
    top1: Option<(u32, f64)>,
    done: bool,
    last_output: Option<Instant>,
}

impl Answer for Stream {
    fn bytes(&mut self, piece: &[u8], at: Instant, marks: &mut dyn Marks) -> Result<(), Failure> {
        let Stream { sse, images, top1: first, done, last_output } = self;
        sse.bytes(piece, &mut |event| {
            if event.kind == "done" || event.data.trim() == "[DONE]" {
                *done = true;
                return Ok(());
            }
            let value: Value = serde_json::from_str(event.data).map_err(|error| {
                Failure::new(Class::Malformed, format!("expected a class as JSON: {error}"))
            })?;
            let error = value.get("error").filter(|error| !error.is_null());
            if event.kind == "error" || error.is_some() {
                return Err(Failure::in_answer(&message_of(error.unwrap_or(&value))));
            }
            if *images == 0 {
                *first = top1(value.get("predictions").unwrap_or(&value));
            }
            *images += 1;
            *last_output = Some(at);
            marks.output(at, Some(1));
            Ok(())
        })
    }

    fn end(&mut self, _at: Instant, marks: &mut dyn Marks) -> Result<Told, Failure> {
        if !self.done {
            return Err(Failure::new(Class::Cut, "the stream ended without `[DONE]` or an event `done`"));
        }
        let last = self.last_output.ok_or_else(|| Failure::new(Class::Empty, "no picture was classified"))?;
        marks.end(last);
        Ok(Told::Classified { images: self.images, top1: self.top1 })
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::read;
    use super::super::{Head, Kind, Settings};
    use super::*;

    #[test]
    fn a_batch_counts_its_pictures() {
        let told = |body: &str| {
            let (told, ..) =
                read(Kind::ClassifyBatch, &Settings::default(), &Head::default(), &[body.as_bytes()]);
            told.map_err(|failure| failure.class)
        };
        let results = r#"{"results":[[{"label":"cat","confidence":0.9,"class_id":3}],[]],"batch_size":2}"#;
        let expected = Ok(Told::Classified { images: 2, top1: Some((3, 0.9)) });
        assert_eq!(told(results), expected);
        assert_eq!(told(&format!(r#"{{"data":{results}}}"#)), expected);
        assert_eq!(told(r#"{"results":[]}"#), Err(Class::Empty));
        assert_eq!(told(r#"{"detail":"x"}"#), Err(Class::Malformed));
    }

    #[test]
    fn a_stream_has_an_output_for_each_picture() {
        let told = |text: &str| {
            let (told, outputs, ..) =
                read(Kind::ClassifyStream, &Settings::default(), &Head::default(), &[text.as_bytes()]);
            (told.map_err(|failure| failure.class), outputs.len())
        };
        let event = "data: {\"index\":0,\"predictions\":[{\"class_id\":7,\"confidence\":0.5}]}\n\n";
        let expected = Ok(Told::Classified { images: 2, top1: Some((7, 0.5)) });
        assert_eq!(told(&format!("{event}{event}data: [DONE]\n\n")), (expected.clone(), 2));
        assert_eq!(told(&format!("{event}{event}event: done\ndata: {{}}\n\n")), (expected, 2));
        assert_eq!(told(event), (Err(Class::Cut), 1));
        assert_eq!(told("data: [DONE]\n\n"), (Err(Class::Empty), 0));
        assert_eq!(told("data: {\"error\":\"bad image\"}\n\n"), (Err(Class::InAnswer), 0));
    }
}
