//! Greedy generation of text from logits, token by token, and its errors.

use candle_core::{D, DType, Tensor};

use crate::memory::MemoryError;
use crate::photograph::PhotographError;

/// A language model that has read some tokens, and continues from there.
pub trait Decode {
    /// Reads one more token; returns the logits of the next one, of shape `(1, vocabulary)`.
    ///
    /// # Errors
    /// [`ContextFull`](GenerationError::ContextFull), or the error of candle.
    fn decode(&mut self, token: u32) -> Result<Tensor, GenerationError>;
}

/// The reasons why there is no text, or not the right one.
#[derive(Debug, thiserror::Error)]
pub enum GenerationError {
    /// The prompt is empty.
    #[error("the prompt is empty: at least one token is needed")]
    EmptyPrompt,
    /// More tokens than the model's context holds.
    #[error(
        "{tokens} tokens do not fit the context of {context}: shorten the prompt, or ask for fewer tokens"
    )]
    ContextFull {
        /// The number of tokens read, and of those to be added.
        tokens: usize,
        /// The length of the model's context.
        context: usize,
    },
    /// A number that is not a token of the vocabulary.
    #[error("token {token} is not one of the {vocabulary} of the vocabulary")]
    UnknownToken {
        /// The number.
        token: u32,
        /// The number of tokens.
        vocabulary: usize,
    },
    /// The model's output contains a NaN or an infinity.
    #[error("the logit of token {token} is {value}: the model has overflowed")]
    NotFinite {
        /// The token.
        token: usize,
        /// NaN or an infinity.
        value: f32,
    },
    /// The model or its input is wrong.
    #[error("{prompt:?} should continue with {expected:?}, but the model says {found:?}")]
    WrongText {
        /// The prompt.
        prompt: String,
        /// The required beginning of the answer.
        expected: String,
        /// The continuation of the model.
        found: String,
    },
    /// Two runs on the same input gave different results.
    #[error("two runs on the same prompt differ: {first:?}, then {second:?}")]
    Unstable {
        /// Tokens of the first run.
        first: Vec<u32>,
        /// Tokens of the second run.
        second: Vec<u32>,
    },
    /// A picture of a size that the model cannot take.
    #[error("cannot take a picture of {width} × {height} pixels: {wanted}")]
    PictureSize {
        /// Width of the picture, in pixels.
        width: usize,
        /// Height of the picture, in pixels.
        height: usize,
        /// The required size.
        wanted: String,
    },
    /// Too little memory for the keys and values.
    #[error(transparent)]
    Memory(#[from] MemoryError),
    /// The file is not a picture.
    #[error(transparent)]
    Photograph(#[from] PhotographError),
    /// The tokenizer failed, with this message.
    #[error("the tokenizer failed: {0}")]
    Tokenizer(String),
    /// The error of candle.
    #[error(transparent)]
    Tensor(#[from] candle_core::Error),
}

impl GenerationError {
    /// Converts the error for benchmarks: a machine that is too small skips the case, everything else fails it.
    pub fn or_skip(self) -> bench_core::Error {
        match self {
            GenerationError::Memory(error) => error.or_skip(),
            other => other.into(),
        }
    }
}

/// Returns the likeliest token, from logits of shape `(1, vocabulary)`; of equals, the first.
///
/// # Errors
/// [`NotFinite`](GenerationError::NotFinite) for the first logit that is not finite; the error of candle on another
/// shape.
pub fn likeliest(logits: &Tensor) -> Result<u32, GenerationError> {
    let logits: Vec<f32> = logits.to_dtype(DType::F32)?.squeeze(0)?.to_vec1()?;
    let mut best = 0;
    for (token, &value) in logits.iter().enumerate() {
        if !value.is_finite() {
            return Err(GenerationError::NotFinite { token, value });
        }
        if value > logits[best] {
            best = token;
        }
    }
    Ok(best as u32)
}

/// Checks that every logit of a tensor whose last dimension is the vocabulary is a finite number.
///
/// # Errors
/// [`NotFinite`](GenerationError::NotFinite) for the first that is not.
pub fn check_finite(logits: &Tensor) -> Result<(), GenerationError> {
    let vocabulary = logits.dim(D::Minus1)?.max(1);
    let values: Vec<f32> = logits.to_dtype(DType::F32)?.flatten_all()?.to_vec1()?;
    match values.iter().enumerate().find(|(_, value)| !value.is_finite()) {
        None => Ok(()),
        Some((at, &value)) => Err(GenerationError::NotFinite { token: at % vocabulary, value }),
    }
}

/// Generates the likeliest tokens one after another: at most `most`, and only those before `end`. `logits` are those
/// after the prompt; `each` receives every token as soon as it is known.
///
/// # Errors
/// The errors of [`likeliest`], of the decoder and of `each`.
pub fn greedy(
    mut logits: Tensor,
    decoder: &mut impl Decode,
    most: usize,
    end: Option<u32>,
    mut each: impl FnMut(u32) -> Result<(), GenerationError>,
) -> Result<Vec<u32>, GenerationError> {
    let mut tokens = Vec::with_capacity(most);
    while tokens.len() < most {
        let token = likeliest(&logits)?;
        if Some(token) == end {
            break;
        }
        tokens.push(token);
        each(token)?;
        if tokens.len() < most {
            logits = decoder.decode(token)?;
        }
    }
    Ok(tokens)
}

/// Checks that two runs on the same prompt gave the same tokens.
///
/// # Errors
/// [`Unstable`](GenerationError::Unstable).
pub fn expect_stable(first: &[u32], second: &[u32]) -> Result<(), GenerationError> {
    if first == second {
        return Ok(());
    }
    Err(GenerationError::Unstable { first: first.to_vec(), second: second.to_vec() })
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;

    /// A model with four tokens that predicts them in turn.
    struct Counter {
        decoded: usize,
    }

    fn logits(token: u32) -> Tensor {
        let mut values = [0f32; 4];
        values[token as usize % 4] = 1.0;
        Tensor::new(&[values], &Device::Cpu).expect("logits")
    }

    impl Decode for Counter {
        fn decode(&mut self, token: u32) -> Result<Tensor, GenerationError> {
            self.decoded += 1;
            Ok(logits(token + 1))
        }
    }

    fn count(most: usize, end: Option<u32>) -> (Vec<u32>, usize) {
        let (mut counter, mut seen) = (Counter { decoded: 0 }, Vec::new());
        let tokens = greedy(logits(0), &mut counter, most, end, |token| {
            seen.push(token);
            Ok(())
        });
        let tokens = tokens.expect("tokens");
        assert_eq!(seen, tokens);
        (tokens, counter.decoded)
    }

    #[test]
    fn generation_ends_with_the_limit_or_before_the_last_token() {
        // The last token is not read: its logits are not needed.
        assert_eq!(count(6, None), (vec![0, 1, 2, 3, 0, 1], 5));
        assert_eq!(count(6, Some(2)), (vec![0, 1], 2));
        assert_eq!(count(6, Some(0)), (vec![], 0));
        assert_eq!(count(0, None), (vec![], 0));
    }

    #[test]
    fn the_likeliest_is_the_first_of_equals() {
        let of = |values: &[f32]| {
            likeliest(&Tensor::from_slice(values, (1, values.len()), &Device::Cpu).expect("logits"))
        };
        assert_eq!(of(&[1.0, 3.0, 3.0, -4.0]).expect("a token"), 1);
        assert_eq!(of(&[-3.0, -1.0]).expect("a token"), 1);
        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let error = of(&[0.0, bad]).expect_err("not finite");
            assert!(matches!(error, GenerationError::NotFinite { token: 1, .. }), "{error}");
        }
    }

    #[test]
    fn every_logit_of_a_batch_has_to_be_finite() {
        let of = |last: f32| Tensor::new(&[[0f32, 1.0], [2.0, last]], &Device::Cpu).expect("logits");
        check_finite(&of(3.0)).expect("finite");
        let error = check_finite(&of(f32::NAN)).expect_err("not finite");
        assert!(matches!(error, GenerationError::NotFinite { token: 1, .. }), "{error}");
    }

    #[test]
    fn runs_that_differ_are_told_apart() {
        expect_stable(&[1, 2], &[1, 2]).expect("the same");
        assert!(expect_stable(&[1, 2], &[1, 3]).is_err());
        assert!(expect_stable(&[1, 2], &[1]).is_err());
    }
}
