//! [`ResidualBlock`] and [`Upsampling`]: the parts of UNets and autoencoders.
//!
//! The computation is that of `candle_transformers::models::stable_diffusion` (candle-transformers 0.11, MIT or
//! Apache-2.0); tests of the networks expect the same values to the last bit.

use candle_core::{D, Module, Tensor};
use candle_nn::{Conv2d, Conv2dConfig, GroupNorm, Linear, VarBuilder};

/// Groups of every normalization.
pub(crate) const GROUPS: usize = 32;

/// Creates a convolution of 3 × 3 that keeps the height and width.
pub(crate) fn convolution(from: usize, to: usize, weights: VarBuilder<'_>) -> candle_core::Result<Conv2d> {
    candle_nn::conv2d(from, to, 3, Conv2dConfig { padding: 1, ..Default::default() }, weights)
}

/// The sizes of a [`ResidualBlock`].
#[derive(Clone, Copy, Debug)]
pub struct ResidualConfig {
    /// Channels of the input.
    pub from: usize,
    /// Channels of the result.
    pub to: usize,
    /// Features of the time that is added; `None` if no time is added.
    pub time: Option<usize>,
    /// The constant that normalization adds to variances.
    pub epsilon: f64,
}

/// Two convolutions of 3 × 3, each after group normalization and SiLU, with the time added between them; the input is
/// added to the result.
#[derive(Debug)]
pub struct ResidualBlock {
    first_norm: GroupNorm,
    first: Conv2d,
    time: Option<Linear>,
    second_norm: GroupNorm,
    second: Conv2d,
    /// Converts the input to the channels of the result; `None` if it has them already.
    shortcut: Option<Conv2d>,
}

impl ResidualBlock {
    /// Creates a block with these weights.
    ///
    /// # Errors
    /// When a tensor cannot be obtained.
    pub fn new(config: ResidualConfig, weights: &VarBuilder<'_>) -> candle_core::Result<Self> {
        let ResidualConfig { from, to, time, epsilon } = config;
        let time = time.map(|width| candle_nn::linear(width, to, weights.pp("time_emb_proj"))).transpose()?;
        let shortcut = (from != to)
            .then(|| candle_nn::conv2d(from, to, 1, Conv2dConfig::default(), weights.pp("conv_shortcut")));
        Ok(ResidualBlock {
            first_norm: candle_nn::group_norm(GROUPS, from, epsilon, weights.pp("norm1"))?,
            first: convolution(from, to, weights.pp("conv1"))?,
            time,
            second_norm: candle_nn::group_norm(GROUPS, to, epsilon, weights.pp("norm2"))?,
            second: convolution(to, to, weights.pp("conv2"))?,
            shortcut: shortcut.transpose()?,
        })
    }

    /// Computes the block from features of shape `(batch, channels, height, width)`, and the time, of shape `(batch,
    /// features)`.
    ///
    /// # Errors
    /// On other shapes or types.
    pub fn forward(&self, features: &Tensor, time: Option<&Tensor>) -> candle_core::Result<Tensor> {
        let shortcut = match &self.shortcut {
            Some(shortcut) => shortcut.forward(features)?,
            None => features.clone(),
        };
        let mut features = self.first.forward(&self.first_norm.forward(features)?.silu()?)?;
        if let (Some(layer), Some(time)) = (&self.time, time) {
            let time = layer.forward(&time.silu()?)?.unsqueeze(D::Minus1)?.unsqueeze(D::Minus1)?;
            features = time.broadcast_add(&features)?;
        }
        let features = self.second.forward(&self.second_norm.forward(&features)?.silu()?)?;
        // candle-transformers divides by a factor that is one everywhere: a pass over the features, kept so that figures
        // stay comparable with earlier ones.
        (shortcut + features)? / 1.0
    }
}

/// Repeats each value four times, and applies a convolution of 3 × 3.
#[derive(Debug)]
pub(crate) struct Upsampling {
    layer: Conv2d,
}

impl Upsampling {
    pub(crate) fn new(channels: usize, weights: &VarBuilder<'_>) -> candle_core::Result<Self> {
        Ok(Upsampling { layer: convolution(channels, channels, weights.pp("conv"))? })
    }

    /// Returns features of height and width `size`; twice those of `features` if it is `None`.
    pub(crate) fn forward(
        &self,
        features: &Tensor,
        size: Option<(usize, usize)>,
    ) -> candle_core::Result<Tensor> {
        let (_, _, height, width) = features.dims4()?;
        let (height, width) = size.unwrap_or((2 * height, 2 * width));
        self.layer.forward(&features.upsample_nearest2d(height, width)?)
    }
}
