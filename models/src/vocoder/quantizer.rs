//! [`Quantizer`]: turns codes into the vectors that they stand for.

use candle_core::{IndexOp, Tensor};
use candle_nn::{Conv1d, Conv1dConfig, Module, VarBuilder};

use super::{CODEBOOKS, CODES, WIDTH};

/// Features of a vector in a codebook.
const CODE_WIDTH: usize = 256;

/// The least number by which a vector is divided: some were hardly ever used in training.
const LEAST_USE: f64 = 1e-5;

/// A first codebook for the words and, in parallel, others for the sound, each of which encodes the remainder that the
/// one before leaves.
#[derive(Clone)]
pub(super) struct Quantizer {
    said: Codebooks,
    heard: Codebooks,
}

impl Quantizer {
    pub(super) fn new(weights: &VarBuilder<'_>) -> candle_core::Result<Self> {
        Ok(Quantizer {
            said: Codebooks::new(1, &weights.pp("semantic_residual_vector_quantizer"))?,
            heard: Codebooks::new(CODEBOOKS - 1, &weights.pp("acoustic_residual_vector_quantizer"))?,
        })
    }

    /// Returns features of shape `(batch, width, frames)` from codes of shape `(batch, codebooks, frames)`.
    pub(super) fn decode(&self, codes: &Tensor) -> candle_core::Result<Tensor> {
        self.said.decode(&codes.i((.., ..1))?)? + self.heard.decode(&codes.i((.., 1..))?)?
    }
}

/// Codebooks whose vectors are added.
#[derive(Clone)]
struct Codebooks {
    vectors: Vec<Tensor>,
    output: Conv1d,
}

impl Codebooks {
    fn new(count: usize, weights: &VarBuilder<'_>) -> candle_core::Result<Self> {
        let output = weights.pp("output_proj");
        let output = candle_nn::conv1d_no_bias(CODE_WIDTH, WIDTH, 1, Conv1dConfig::default(), output)?;
        let vectors = (0..count).map(|number| {
            let weights = weights.pp("layers").pp(number).pp("codebook");
            let used = weights.get(CODES as usize, "cluster_usage")?;
            let sums = weights.get((CODES as usize, CODE_WIDTH), "embed_sum")?;
            sums.broadcast_div(&used.maximum(LEAST_USE)?.unsqueeze(1)?)
        });
        Ok(Codebooks { vectors: vectors.collect::<candle_core::Result<_>>()?, output })
    }

    fn decode(&self, codes: &Tensor) -> candle_core::Result<Tensor> {
        let (batch, _, frames) = codes.dims3()?;
        let mut sum: Option<Tensor> = None;
        for (number, vectors) in self.vectors.iter().enumerate() {
            let codes = codes.i((.., number))?.flatten_all()?;
            let found = vectors.index_select(&codes, 0)?.reshape((batch, frames, CODE_WIDTH))?.t()?;
            sum = Some(match sum {
                Some(sum) => (sum + found)?,
                None => found,
            });
        }
        let sum = sum.ok_or_else(|| candle_core::Error::Msg("there is no codebook".to_owned()))?;
        self.output.forward(&sum)
    }
}
