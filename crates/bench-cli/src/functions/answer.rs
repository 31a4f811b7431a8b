//! Turns the answer of a function into the responses of `bench-load`.

use std::sync::Arc;

use bench_load::domain::{
    Answer, CLASSIFICATION, Classified, Domain, Generation, IMAGES, Images, REQUESTS, Response, SPEECH,
    Speech, TEXT,
};
use serde::Deserialize;

/// The column of images with the size in bytes.
const IMAGE_BYTES: &str = "image_bytes";

/// An answer, as the program sends it.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Answered {
    /// When the function returned, on `CLOCK_MONOTONIC`, in nanoseconds.
    pub(crate) end: u64,
    #[serde(default)]
    pub(crate) marks: Vec<(Kind, u64, Option<u32>)>,
    /// The error that the function has raised; `None` if it has returned.
    pub(crate) error: Option<String>,
    /// Warnings about the answer.
    #[serde(default)]
    warnings: Vec<String>,
    #[serde(default)]
    result: Carried,
}

/// The kind of a mark.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    Output,
    Answer,
    Step,
}

/// The numbers that an answer can contain, for all fields of work.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Carried {
    // Speech.
    audio_duration: Option<f64>,
    samples: Option<f64>,
    sample_rate: Option<f64>,
    channels: Option<u16>,
    bit_depth: Option<u16>,
    // Images.
    images: Option<f64>,
    width: Option<f64>,
    height: Option<f64>,
    num_inference_steps: Option<f64>,
    guidance_scale: Option<f64>,
    seed: Option<u64>,
    bytes: Option<f64>,
    format: Option<String>,
    // Classification.
    class: Option<u32>,
    confidence: Option<f64>,
    // Text.
    output_tokens: Option<f64>,
    input_tokens: Option<f64>,
}

/// Rounds a number that a program has sent to a count; `0` if it is negative.
fn count(number: f64) -> u64 {
    // Conversions from floating point to integers saturate.
    number.round() as u64
}

impl Answered {
    fn warn(&self, answer: &mut Answer) {
        if !self.warnings.is_empty() {
            answer.warn(self.warnings.join("; "));
        }
    }
}

/// Speech of a text.
pub(crate) struct Spoken {
    pub(crate) answered: Answered,
    pub(crate) text: Arc<str>,
}

impl Response for Spoken {
    const DOMAIN: &'static Domain = &SPEECH;

    fn tell(&self, answer: &mut Answer) {
        let carried = &self.answered.result;
        let rate = carried.sample_rate.unwrap_or_default();
        let samples = carried.samples.or(carried.audio_duration.map(|seconds| seconds * rate));
        let samples = usize::try_from(count(samples.unwrap_or_default())).unwrap_or(usize::MAX);
        let mut speech = Speech::new(&self.text, samples, u32::try_from(count(rate)).unwrap_or(u32::MAX));
        speech = carried.channels.into_iter().fold(speech, Speech::channels);
        speech = carried.bit_depth.into_iter().fold(speech, Speech::bit_depth);
        speech.tell(answer);
        self.answered.warn(answer);
    }
}

/// Images of a prompt.
pub(crate) struct Drawn(pub(crate) Answered);

impl Response for Drawn {
    const DOMAIN: &'static Domain = &IMAGES;

    fn tell(&self, answer: &mut Answer) {
        let carried = &self.0.result;
        let pixels = |side: Option<f64>| u32::try_from(count(side.unwrap_or_default())).unwrap_or(u32::MAX);
        let images = usize::try_from(count(carried.images.unwrap_or_default())).unwrap_or(usize::MAX);
        let mut drawn = Images::new(images, pixels(carried.width), pixels(carried.height));
        let steps = carried.num_inference_steps.map(|steps| u32::try_from(count(steps)).unwrap_or(u32::MAX));
        drawn = steps.into_iter().fold(drawn, Images::steps);
        drawn = carried.guidance_scale.into_iter().fold(drawn, Images::guidance_scale);
        drawn = carried.seed.into_iter().fold(drawn, Images::seed);
        drawn.tell(answer);
        let column = IMAGES.columns.iter().position(|column| *column == IMAGE_BYTES);
        if let (Some(column), Some(bytes)) = (column, carried.bytes) {
            answer.number(column, bytes);
        }
        answer.format(match carried.format.as_deref() {
            Some("png") => "png",
            Some("jpeg") => "jpeg",
            Some("webp") => "webp",
            _ => "",
        });
        self.0.warn(answer);
    }
}

/// Classes of a picture.
pub(crate) struct Sorted(pub(crate) Answered);

impl Response for Sorted {
    const DOMAIN: &'static Domain = &CLASSIFICATION;

    fn tell(&self, answer: &mut Answer) {
        let carried = &self.0.result;
        let images = usize::try_from(count(carried.images.unwrap_or(1.0))).unwrap_or(usize::MAX);
        let classified = Classified::new(images);
        match (carried.class, carried.confidence) {
            (Some(class), Some(confidence)) => classified.top1(class, confidence).tell(answer),
            _ => classified.tell(answer),
        }
        self.0.warn(answer);
    }
}

/// A text that continues another.
pub(crate) struct Written(pub(crate) Answered);

impl Response for Written {
    const DOMAIN: &'static Domain = &TEXT;

    fn tell(&self, answer: &mut Answer) {
        let carried = &self.0.result;
        let tokens = carried.output_tokens.map(count);
        let generation = tokens.map_or_else(Generation::uncounted, Generation::new);
        let input = carried.input_tokens.map(count);
        input.into_iter().fold(generation, Generation::input_tokens).tell(answer);
        self.0.warn(answer);
    }
}

/// An answer to a request that belongs to no field.
pub(crate) struct Plain(pub(crate) Answered);

impl Response for Plain {
    const DOMAIN: &'static Domain = &REQUESTS;

    fn tell(&self, answer: &mut Answer) {
        self.0.warn(answer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_columns_of_images_hold_their_bytes() {
        assert!(IMAGES.columns.contains(&IMAGE_BYTES));
    }

    #[test]
    fn what_a_function_may_leave_out_may_be_left_out() {
        let answered: Answered =
            serde_json::from_str(r#"{"end": 5, "marks": [["output", 3, null], ["step", 4, 2]]}"#)
                .expect("read");
        assert_eq!((answered.end, answered.marks.len(), answered.error), (5, 2, None));
        assert_eq!((count(-3.0), count(f64::NAN), count(2.5e300)), (0, 0, u64::MAX));
    }
}
