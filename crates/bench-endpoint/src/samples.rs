//! A sample of the answers, which is checked after all measurements: a server may answer fast but with nothing useful.

use std::io::Cursor;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use image::ImageReader;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::api::{Answer, Field, Kind, Marks, Told};
use crate::failure::Failure;

/// The first `FIRST` answers are kept, then one in `ONE_IN`, until there are `MOST`.
const FIRST: u64 = 5;
const ONE_IN: u64 = 50;
const MOST: usize = 20;

/// The maximum size of an answer that is kept, in bytes.
const LARGEST: usize = 16 << 20;

/// The result of checking a sample of answers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checked {
    /// The number of answers that were checked.
    pub looked_at: u64,
    /// The faults that were found.
    pub wrong: Vec<String>,
}

impl Checked {
    /// Adds the results of another client.
    #[must_use]
    pub fn and(mut self, other: Checked) -> Self {
        self.looked_at += other.looked_at;
        self.wrong.extend(other.wrong);
        self
    }
}

/// The sample of answers: pictures are kept, speech is counted.
#[derive(Debug, Default)]
pub(crate) struct Samples {
    seen: AtomicU64,
    spoken: AtomicU64,
    silent: AtomicU64,
    kept: Mutex<Vec<Vec<u8>>>,
}

impl Samples {
    /// Returns the reader of an answer, which keeps the answer if it belongs to the sample.
    pub(crate) fn sampled(self: &Arc<Self>, kind: Kind, answer: Box<dyn Answer>) -> Box<dyn Answer> {
        if kind.field() != Field::Images {
            return answer;
        }
        let number = self.seen.fetch_add(1, Ordering::Relaxed);
        let has_room = self.kept.lock().unwrap_or_else(PoisonError::into_inner).len() < MOST;
        if !has_room || (number >= FIRST && !number.is_multiple_of(ONE_IN)) {
            return answer;
        }
        Box::new(Kept { answer, body: Vec::new(), samples: Arc::clone(self) })
    }

    /// Counts an answer of speech, and whether it is silent, which its reader has determined.
    pub(crate) fn heard(&self, told: &Told) {
        if let Told::Speech { warning, .. } = told {
            self.spoken.fetch_add(1, Ordering::Relaxed);
            self.silent.fetch_add(u64::from(warning.is_some()), Ordering::Relaxed);
        }
    }

    /// Checks the sample.
    pub(crate) fn check(&self) -> Checked {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let (spoken, silent) = (self.spoken.load(Ordering::Relaxed), self.silent.load(Ordering::Relaxed));
        let mut wrong: Vec<String> = kept.iter().filter_map(|body| pictures(body).err()).collect();
        wrong.sort_unstable();
        wrong.dedup();
        if silent > 0 {
            wrong.push(format!("{silent} of {spoken} speech answers are silent"));
        }
        Checked { looked_at: kept.len() as u64 + spoken, wrong }
    }
}

/// Checks that all pictures of an answer can be decoded. A picture that is given as an address is not fetched.
fn pictures(body: &[u8]) -> Result<(), String> {
    let value: Value =
        serde_json::from_slice(body).map_err(|error| format!("an answer is not JSON: {error}"))?;
    let items = value.get("data").and_then(Value::as_array).into_iter().flatten();
    for picture in items.filter_map(|item| item.get("b64_json")?.as_str()) {
        let bytes = STANDARD.decode(picture).map_err(|error| format!("a picture is not base64: {error}"))?;
        let reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format();
        let reader = reader.map_err(|error| format!("a picture cannot be read: {error}"))?;
        let Some(format) = reader.format() else {
            return Err("a picture has an unknown format".to_owned());
        };
        // A format that is not supported here is not a fault of the picture.
        if format.reading_enabled() {
            reader.decode().map_err(|error| format!("a picture cannot be decoded: {error}"))?;
        }
    }
    Ok(())
}

/// A reader that keeps what it reads.
struct Kept {
    answer: Box<dyn Answer>,
    body: Vec<u8>,
    samples: Arc<Samples>,
}

impl Answer for Kept {
    fn bytes(&mut self, piece: &[u8], at: Instant, marks: &mut dyn Marks) -> Result<(), Failure> {
        self.answer.bytes(piece, at, marks)?;
        if self.body.len() <= LARGEST {
            self.body.extend_from_slice(piece);
        }
        Ok(())
    }

    fn end(&mut self, at: Instant, marks: &mut dyn Marks) -> Result<Told, Failure> {
        let told = self.answer.end(at, marks)?;
        if self.body.len() <= LARGEST {
            let body = std::mem::take(&mut self.body);
            self.samples.kept.lock().unwrap_or_else(PoisonError::into_inner).push(body);
        }
        Ok(told)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{Head, Settings, answer};

    /// Discards the marks of requests that are not measured.
    struct Unmarked;
    impl Marks for Unmarked {
        fn output(&mut self, _: Instant, _: Option<u32>) {}
        fn answer(&mut self, _: Instant) {}
        fn end(&mut self, _: Instant) {}
    }

    /// A PNG picture, cut off after `bytes` if that is given.
    fn body(bytes: Option<usize>) -> String {
        let mut png = Cursor::new(Vec::new());
        image::RgbImage::from_pixel(64, 64, image::Rgb([9, 8, 7]))
            .write_to(&mut png, image::ImageFormat::Png)
            .expect("written");
        let png = png.into_inner();
        let png = &png[..bytes.unwrap_or(png.len())];
        format!(r#"{{"data":[{{"b64_json":"{}"}}]}}"#, STANDARD.encode(png))
    }

    fn checked(bodies: &[String]) -> Checked {
        let samples: Arc<Samples> = Arc::default();
        for body in bodies {
            let reader = answer(Kind::Images, &Settings::default(), &Head::default());
            let mut reader = samples.sampled(Kind::Images, reader);
            let now = Instant::now();
            reader.bytes(body.as_bytes(), now, &mut Unmarked).expect("taken");
            // The reader looks only at the head of the picture.
            reader.end(now, &mut Unmarked).expect("a picture");
        }
        samples.check()
    }

    #[test]
    fn pictures_are_decoded_by_sample() {
        assert_eq!(checked(&[body(None)]), Checked { looked_at: 1, wrong: vec![] });
        let torn = checked(&[body(None), body(Some(40))]);
        assert!(torn.wrong.len() == 1 && torn.wrong[0].contains("cannot be decoded"), "{torn:?}");
        let many = checked(&vec![body(None); 120]);
        assert_eq!(many.looked_at, 7);
    }

    #[test]
    fn silence_is_no_speech() {
        let samples = Samples::default();
        let told = |warning: Option<&str>| Told::Speech {
            samples: 5,
            format: crate::reader::PcmFormat::s16le(8_000),
            container: "pcm",
            warning: warning.map(str::to_owned),
        };
        samples.heard(&told(None));
        assert_eq!(samples.check(), Checked { looked_at: 1, wrong: vec![] });
        samples.heard(&told(Some("all samples are silent")));
        assert_eq!(samples.check().wrong, ["1 of 2 speech answers are silent"]);
    }
}
