//! [`Decoder`]: the half of a variational autoencoder that turns latents into pixels.
//!
//! The computation is that of `candle_transformers::models::stable_diffusion::vae` (candle-transformers 0.11, MIT or
//! Apache-2.0): a test expects the same pixels to the last bit. The half that encodes pictures as latents is left out.

use candle_core::{D, DType, Module, Tensor};
use candle_nn::{Conv2d, Conv2dConfig, GroupNorm, Linear, VarBuilder};

use super::residual_block::{GROUPS, ResidualBlock, ResidualConfig, Upsampling, convolution};

/// The constant that normalization adds to variances.
const EPSILON: f64 = 1e-6;

/// The size of a decoder.
#[derive(Clone, Copy, Debug)]
pub(super) struct DecoderConfig {
    /// Channels of the latents.
    pub(super) latents: usize,
    /// Channels of each level; the level of the pixels comes first.
    pub(super) channels: [usize; 4],
    /// The number of residual blocks in each level, less one.
    pub(super) blocks: usize,
    /// Whether the latents are first convolved by 1 × 1.
    pub(super) mixes_latents: bool,
}

/// Decodes latents to pixels.
#[derive(Debug)]
pub(super) struct Decoder {
    mix: Option<Conv2d>,
    first: Conv2d,
    before: ResidualBlock,
    attention: Attention,
    after: ResidualBlock,
    levels: Vec<Level>,
    norm: GroupNorm,
    last: Conv2d,
}

impl Decoder {
    pub(super) fn new(config: &DecoderConfig, weights: &VarBuilder<'_>) -> candle_core::Result<Self> {
        let DecoderConfig { latents, channels, blocks, mixes_latents } = *config;
        let [pixels, .., widest] = channels;
        let mix = mixes_latents.then(|| {
            candle_nn::conv2d(latents, latents, 1, Conv2dConfig::default(), weights.pp("post_quant_conv"))
        });
        let weights = weights.pp("decoder");
        let middle = weights.pp("mid_block");
        let same = ResidualConfig { from: widest, to: widest, time: None, epsilon: EPSILON };
        let mut levels = Vec::new();
        let mut from = widest;
        for (number, to) in channels.into_iter().rev().enumerate() {
            let last = number + 1 == channels.len();
            levels.push(Level::new(from, to, blocks + 1, last, &weights.pp("up_blocks").pp(number))?);
            from = to;
        }
        Ok(Decoder {
            mix: mix.transpose()?,
            first: convolution(latents, widest, weights.pp("conv_in"))?,
            before: ResidualBlock::new(same, &middle.pp("resnets").pp(0))?,
            attention: Attention::new(widest, &middle.pp("attentions").pp(0))?,
            after: ResidualBlock::new(same, &middle.pp("resnets").pp(1))?,
            levels,
            norm: candle_nn::group_norm(GROUPS, pixels, EPSILON, weights.pp("conv_norm_out"))?,
            last: convolution(pixels, 3, weights.pp("conv_out"))?,
        })
    }
}

impl Module for Decoder {
    fn forward(&self, latents: &Tensor) -> candle_core::Result<Tensor> {
        let mixed = match &self.mix {
            Some(mix) => mix.forward(latents)?,
            None => latents.clone(),
        };
        let mut features = self.before.forward(&self.first.forward(&mixed)?, None)?;
        features = self.after.forward(&self.attention.forward(&features)?, None)?;
        for level in &self.levels {
            for block in &level.blocks {
                features = block.forward(&features, None)?;
            }
            if let Some(upsampling) = &level.upsampling {
                features = upsampling.forward(&features, None)?;
            }
        }
        self.last.forward(&self.norm.forward(&features)?.silu()?)
    }
}

/// Residual blocks of one size, and the step to the next.
#[derive(Debug)]
struct Level {
    blocks: Vec<ResidualBlock>,
    upsampling: Option<Upsampling>,
}

impl Level {
    fn new(
        from: usize,
        to: usize,
        blocks: usize,
        last: bool,
        weights: &VarBuilder<'_>,
    ) -> candle_core::Result<Self> {
        let block = |number: usize| {
            let from = if number == 0 { from } else { to };
            let config = ResidualConfig { from, to, time: None, epsilon: EPSILON };
            ResidualBlock::new(config, &weights.pp("resnets").pp(number))
        };
        let upsampling = (!last).then(|| Upsampling::new(to, &weights.pp("upsamplers").pp(0)));
        Ok(Level {
            blocks: (0..blocks).map(block).collect::<candle_core::Result<_>>()?,
            upsampling: upsampling.transpose()?,
        })
    }
}

/// Attention of each place to every other one, with a single head.
#[derive(Debug)]
struct Attention {
    norm: GroupNorm,
    query: Linear,
    key: Linear,
    value: Linear,
    output: Linear,
    channels: usize,
}

impl Attention {
    fn new(channels: usize, weights: &VarBuilder<'_>) -> candle_core::Result<Self> {
        let linear = |name: &str| candle_nn::linear(channels, channels, weights.pp(name));
        Ok(Attention {
            norm: candle_nn::group_norm(GROUPS, channels, EPSILON, weights.pp("group_norm"))?,
            query: linear("to_q")?,
            key: linear("to_k")?,
            value: linear("to_v")?,
            output: linear("to_out.0")?,
            channels,
        })
    }
}

impl Module for Attention {
    fn forward(&self, features: &Tensor) -> candle_core::Result<Tensor> {
        let (batch, channels, height, width) = features.dims4()?;
        let places =
            self.norm.forward(features)?.reshape((batch, channels, height * width))?.transpose(1, 2)?;
        // To shape (batch, 1, places, channels).
        let head = |projection: &Linear| projection.forward(&places)?.unsqueeze(1)?.to_dtype(DType::F32);
        let (query, key, value) = (head(&self.query)?, head(&self.key)?, head(&self.value)?);
        // The square root of the scale for queries and for keys, as in candle-transformers.
        let scale = (self.channels as f64).powf(-0.25);
        let scores = (query * scale)?.matmul(&(key.t()? * scale)?)?;
        let shares = candle_nn::ops::softmax(&scores, D::Minus1)?;
        let attended = shares.matmul(&value)?.to_dtype(features.dtype())?.squeeze(1)?;
        let output = self.output.forward(&attended)?.t()?.reshape((batch, channels, height, width))?;
        // Divided by one, as in the residual blocks.
        (output + features)? / 1.0
    }
}

#[cfg(test)]
mod tests {
    use candle_core::Device;
    use candle_transformers::models::stable_diffusion::vae::{AutoEncoderKL, AutoEncoderKLConfig};

    use super::*;
    use crate::seeded::Seeded;

    #[test]
    fn the_pixels_are_those_of_candle_transformers() {
        for (latents, mixes_latents) in [(4, true), (16, false)] {
            let weights = || Seeded::new(2).weights(&Device::Cpu);
            let theirs = AutoEncoderKLConfig {
                block_out_channels: vec![32, 32, 64, 64],
                layers_per_block: 1,
                latent_channels: latents,
                norm_num_groups: 32,
                use_quant_conv: mixes_latents,
                use_post_quant_conv: mixes_latents,
            };
            let theirs = AutoEncoderKL::new(weights(), 3, 3, theirs).expect("theirs");
            let config = DecoderConfig { latents, channels: [32, 32, 64, 64], blocks: 1, mixes_latents };
            let ours = Decoder::new(&config, &weights()).expect("ours");
            let latents = Seeded::new(1).uniform("latents", (2, latents, 2, 3), -1.7, 1.7, &Device::Cpu);
            let latents = latents.expect("latents");
            let values = |pixels: candle_core::Result<Tensor>| -> Vec<f32> {
                pixels.and_then(|pixels| pixels.flatten_all()?.to_vec1()).expect("pixels")
            };
            assert_eq!(values(ours.forward(&latents)), values(theirs.decode(&latents)));
        }
    }
}
