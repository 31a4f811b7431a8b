//! Modulation: time and prompt shift, scale and gate the features of a layer.

use candle_core::{D, Module, Tensor};
use candle_nn::{Activation, Linear, VarBuilder};

/// Turns the embedding of time and prompt into several vectors of a layer's width ("adaLN-Zero"; Peebles and Xie,
/// 2022, arXiv:2212.09748).
#[derive(Debug)]
pub struct Modulation {
    linear: Linear,
    parts: usize,
}

impl Modulation {
    /// Creates a modulation of `parts` vectors of `width` features.
    ///
    /// # Errors
    /// When a tensor cannot be obtained.
    pub fn new(width: usize, parts: usize, weights: &VarBuilder<'_>) -> candle_core::Result<Self> {
        let linear = candle_nn::linear(width, parts * width, weights.pp("adaLN_modulation.1"))?;
        Ok(Modulation { linear, parts })
    }

    /// Returns as many vectors as there are parts, each of shape `(batch, 1, width)`, from an embedding of shape
    /// `(batch, width)`.
    ///
    /// # Errors
    /// On another shape.
    pub fn forward(&self, embedding: &Tensor) -> candle_core::Result<Vec<Tensor>> {
        let all = self.linear.forward(&Activation::Silu.forward(embedding)?)?.unsqueeze(1)?;
        all.chunk(self.parts, D::Minus1)
    }
}

/// Returns `(1 + scale) · normalised + shift`, for features of shape `(batch, tokens, width)`.
///
/// # Errors
/// On shapes that do not match.
pub fn modulate(features: &Tensor, shift: &Tensor, scale: &Tensor) -> candle_core::Result<Tensor> {
    normalise(features)?.broadcast_mul(&(scale + 1.0)?)?.broadcast_add(shift)
}

/// Normalizes each token's features to a mean of 0 and a variance of 1. Sums are taken in f32.
///
/// # Errors
/// When `features` has no dimension.
pub(super) fn normalise(features: &Tensor) -> candle_core::Result<Tensor> {
    const EPSILON: f64 = 1e-6;
    let dtype = features.dtype();
    let features = features.to_dtype(candle_core::DType::F32)?;
    let centred = features.broadcast_sub(&features.mean_keepdim(D::Minus1)?)?;
    let variance = centred.sqr()?.mean_keepdim(D::Minus1)?;
    centred.broadcast_div(&(variance + EPSILON)?.sqrt()?)?.to_dtype(dtype)
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;

    #[test]
    fn features_are_normalised_then_scaled_then_shifted() {
        let tensor = |values: &[f32]| Tensor::new(values, &Device::Cpu).and_then(|t| t.reshape((1, 1, ())));
        let features = tensor(&[1.0, 3.0, 5.0, 7.0]).expect("features");
        let (shift, scale) = (tensor(&[0.5, 0.0, 0.0, 0.0]), tensor(&[0.0, 1.0, 0.0, 0.0]));
        let out = modulate(&features, &shift.expect("shift"), &scale.expect("scale"));
        let out: Vec<f32> = out.and_then(|out| out.flatten_all()?.to_vec1()).expect("modulated");
        // Mean 4, deviation √5.
        let wanted = [-3.0 / 5f32.sqrt() + 0.5, -2.0 / 5f32.sqrt(), 1.0 / 5f32.sqrt(), 3.0 / 5f32.sqrt()];
        assert!(out.iter().zip(wanted).all(|(found, wanted)| (found - wanted).abs() < 1e-5), "{out:?}");
    }
}
