//! [`TimeEmbedding`]: a time as a vector.

use candle_core::{D, DType, Module, Tensor};
use candle_nn::{Linear, VarBuilder};

/// The longest period, over 2π.
const LONGEST: f64 = 10_000.0;

/// A time as cosines and sines, through two linear layers with SiLU between them.
#[derive(Debug)]
pub struct TimeEmbedding {
    waves: usize,
    first: Linear,
    second: Linear,
}

impl TimeEmbedding {
    /// Creates an embedding of `waves` cosines and sines as `width` features.
    ///
    /// # Errors
    /// When a tensor cannot be obtained.
    pub fn new(waves: usize, width: usize, weights: &VarBuilder<'_>) -> candle_core::Result<Self> {
        Ok(TimeEmbedding {
            waves,
            first: candle_nn::linear(waves, width, weights.pp("linear_1"))?,
            second: candle_nn::linear(width, width, weights.pp("linear_2"))?,
        })
    }
}

impl Module for TimeEmbedding {
    /// Returns features of shape `(times, width)` from times of shape `(times)`.
    fn forward(&self, times: &Tensor) -> candle_core::Result<Tensor> {
        let half = self.waves / 2;
        let exponents = Tensor::arange(0, half as u32, times.device())?.to_dtype(DType::F32)?;
        let exponents = ((exponents * -LONGEST.ln())? / half as f64)?;
        let rates = exponents.exp()?.to_dtype(times.dtype())?;
        let angles = times.unsqueeze(D::Minus1)?.broadcast_mul(&rates.unsqueeze(0)?)?;
        let waves = Tensor::cat(&[angles.cos()?, angles.sin()?], D::Minus1)?;
        self.second.forward(&self.first.forward(&waves)?.silu()?)
    }
}
