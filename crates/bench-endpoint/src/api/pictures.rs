//! Reads answers with pictures.

use std::time::Instant;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::whole::json;
use super::{Answer, Marks, Told};
use crate::failure::{Class, Failure};

/// Reads an object whose `data` contain pictures, as base64 or as addresses.
#[derive(Debug)]
pub(super) struct Pictures {
    asked: Option<(u32, u32)>,
    body: Vec<u8>,
}

impl Pictures {
    /// Creates a reader for pictures of the requested size; `None` if none was requested.
    pub(super) fn new(asked: Option<(u32, u32)>) -> Self {
        Pictures { asked, body: Vec::new() }
    }
}

impl Answer for Pictures {
    fn bytes(&mut self, piece: &[u8], _at: Instant, _marks: &mut dyn Marks) -> Result<(), Failure> {
        self.body.extend_from_slice(piece);
        Ok(())
    }

    fn end(&mut self, at: Instant, marks: &mut dyn Marks) -> Result<Told, Failure> {
        let value = json(&self.body)?;
        let items = value
            .get("data")
            .and_then(Value::as_array)
            .ok_or_else(|| Failure::new(Class::Malformed, "expected an array `data`, found none"))?;
        let mut sizes = Vec::new();
        let mut pngs = 0;
        for item in items {
            match (item.get("b64_json").and_then(Value::as_str), item.get("url").and_then(Value::as_str)) {
                (Some(picture), _) => {
                    let size = png_size(picture)?;
                    pngs += usize::from(size.is_some());
                    sizes.push(size.or(self.asked));
                }
                (None, Some(_)) => sizes.push(self.asked),
                (None, None) => {
                    let message = "expected `b64_json` or `url` for each picture, found neither";
                    return Err(Failure::new(Class::Malformed, message));
                }
            }
        }
        let Some(first) = sizes.first().copied() else {
            return Err(Failure::new(Class::Empty, "the answer contains no picture"));
        };
        marks.end(at);
        Ok(Told::Images {
            count: sizes.len(),
            size: first.filter(|_| sizes.iter().all(|size| *size == first)),
            container: if pngs == sizes.len() { "png" } else { "" },
        })
    }
}

/// Returns width and height of a PNG picture (PNG specification, section 11.2.2); `None` for another format.
///
/// # Errors
/// If the text is not base64, or if a PNG picture has no head.
fn png_size(base64: &str) -> Result<Option<(u32, u32)>, Failure> {
    // The head is 24 bytes long: 32 characters.
    let head = base64.get(..32).unwrap_or(base64);
    let bytes = STANDARD
        .decode(head)
        .map_err(|error| Failure::new(Class::Malformed, format!("`b64_json` is not base64: {error}")))?;
    if !bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        return Ok(None);
    }
    let number = |at: usize| bytes.get(at..at + 4)?.try_into().ok().map(u32::from_be_bytes);
    match (number(16), number(20)) {
        (Some(width), Some(height)) if width > 0 && height > 0 => Ok(Some((width, height))),
        _ => Err(Failure::new(Class::Malformed, "a PNG picture without a size")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::read;
    use super::super::{Head, Kind, Settings};
    use super::*;

    fn told(body: &str, asked: Option<(u32, u32)>) -> Result<Told, Class> {
        let settings = Settings { size: asked, ..Settings::default() };
        read(Kind::Images, &settings, &Head::default(), &[body.as_bytes()]).0.map_err(|failure| failure.class)
    }

    fn png(width: u32, height: u32) -> String {
        let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\x0DIHDR".to_vec();
        bytes.extend(width.to_be_bytes());
        bytes.extend(height.to_be_bytes());
        bytes.extend([8; 40]);
        STANDARD.encode(bytes)
    }

    #[test]
    fn sizes_are_those_of_the_pictures() {
        let (a, b) = (png(64, 32), png(64, 33));
        let images = |count, size, container| Ok(Told::Images { count, size, container });
        let of = |pictures: &[&str]| {
            let items: Vec<String> =
                pictures.iter().map(|picture| format!(r#"{{"b64_json":"{picture}"}}"#)).collect();
            told(&format!(r#"{{"data":[{}]}}"#, items.join(",")), Some((512, 512)))
        };
        assert_eq!(of(&[&a, &a]), images(2, Some((64, 32)), "png"));
        assert_eq!(of(&[&a, &b]), images(2, None, "png"));
        assert_eq!(of(&[&STANDARD.encode([1; 30])]), images(1, Some((512, 512)), ""));
        assert_eq!(told(r#"{"data":[{"url":"x"}]}"#, None), images(1, None, ""));
        assert_eq!(of(&["!!!"]), Err(Class::Malformed));
        assert_eq!(of(&[]), Err(Class::Empty));
        assert_eq!(told(r#"{"error":{"message":"nsfw"}}"#, None), Err(Class::InAnswer));
    }
}
