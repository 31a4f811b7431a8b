//! [`TimestepEmbedder`]: a time as a vector.

use candle_core::{DType, Module, Tensor};
use candle_nn::{Activation, Linear, VarBuilder};

/// The number of cosines and sines of a time.
const WAVES: usize = 256;

/// The longest period of the waves, over 2π.
const LONGEST: f64 = 10_000.0;

/// Sines and cosines of a time, through two linear layers. The embedder of candle-transformers returns f16 whatever the
/// weights are, so it works with no other type.
#[derive(Debug)]
pub struct TimestepEmbedder {
    mlp: TwoLayers,
}

impl TimestepEmbedder {
    /// Creates an embedder that returns `width` features.
    ///
    /// # Errors
    /// When a tensor cannot be obtained.
    pub fn new(width: usize, weights: &VarBuilder<'_>) -> candle_core::Result<Self> {
        Ok(TimestepEmbedder { mlp: TwoLayers::new(WAVES, width, weights)? })
    }

    /// Returns features of shape `(times, width)` and of type `dtype` from f32 times of shape `(times)`.
    ///
    /// # Errors
    /// On another shape or type.
    pub fn forward(&self, times: &Tensor, dtype: DType) -> candle_core::Result<Tensor> {
        self.mlp.forward(&waves(times)?.to_dtype(dtype)?)
    }
}

/// Returns cosines, then sines, of periods that grow geometrically.
fn waves(times: &Tensor) -> candle_core::Result<Tensor> {
    let half = WAVES / 2;
    let rates: Vec<f32> = (0..half).map(|i| (-LONGEST.ln() * i as f64 / half as f64).exp() as f32).collect();
    let rates = Tensor::from_vec(rates, (1, half), times.device())?;
    let angles = times.unsqueeze(1)?.broadcast_mul(&rates)?;
    Tensor::cat(&[angles.cos()?, angles.sin()?], 1)
}

/// Two linear layers with SiLU between them.
#[derive(Debug)]
pub(super) struct TwoLayers {
    first: Linear,
    second: Linear,
}

impl TwoLayers {
    pub(super) fn new(inputs: usize, width: usize, weights: &VarBuilder<'_>) -> candle_core::Result<Self> {
        Ok(TwoLayers {
            first: candle_nn::linear(inputs, width, weights.pp("mlp.0"))?,
            second: candle_nn::linear(width, width, weights.pp("mlp.2"))?,
        })
    }
}

impl Module for TwoLayers {
    fn forward(&self, input: &Tensor) -> candle_core::Result<Tensor> {
        self.second.forward(&Activation::Silu.forward(&self.first.forward(input)?)?)
    }
}

#[cfg(test)]
mod tests {
    use candle_core::Device;
    use candle_transformers::models::mmdit::embedding;

    use super::*;
    use crate::seeded::Seeded;

    #[test]
    fn a_time_is_embedded_as_candle_does_it_in_f16() {
        let times = Tensor::new(&[0f32, 500.5, 1000.0], &Device::Cpu).expect("times");
        let weights = |dtype| Seeded::new(1).weights_as(dtype, &Device::Cpu);
        let theirs = embedding::TimestepEmbedder::new(8, WAVES, weights(DType::F16)).expect("embedder");
        let theirs = theirs.forward(&times).and_then(|t| t.to_dtype(DType::F32)).expect("embedded");
        let ours = TimestepEmbedder::new(8, &weights(DType::F32)).expect("embedder");
        let ours = ours.forward(&times, DType::F32).expect("embedded");
        let most =
            (&ours - &theirs).and_then(|d| d.abs()?.max_all()?.to_scalar::<f32>()).expect("difference");
        assert!(most < 5e-3, "{most}");
        // They are not equal because both are zero.
        let least = ours.abs().and_then(|t| t.mean_all()?.to_scalar::<f32>()).expect("mean");
        assert!(least > 0.05, "{least}");
    }
}
