//! [`Layers`]: four levels, each half as wide and high as the one before, down and up again.
//!
//! The computation is that of `candle_transformers::models::stable_diffusion::unet_2d` (candle-transformers 0.11, MIT
//! or Apache-2.0): a test expects the same prediction to the last bit.

use candle_core::{Error, Module, Tensor};
use candle_nn::{Conv2d, Conv2dConfig, GroupNorm, VarBuilder};

use super::attention::SpatialTransformer;
use super::time::TimeEmbedding;
use crate::diffusion::residual_block::{GROUPS, ResidualBlock, ResidualConfig, Upsampling, convolution};

/// The constant that normalization adds to variances.
const EPSILON: f64 = 1e-5;

/// Residual blocks of a level on the way down; there is one more on the way up.
const BLOCKS: usize = 2;

/// The size of a network.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    /// Channels of the latents.
    pub(super) latents: usize,
    /// Channels of each level. The last has no attention.
    pub(super) widths: [usize; 4],
    /// Heads of every attention.
    pub(super) heads: usize,
    /// Features of a prompt's token.
    pub(super) prompt_width: usize,
}

/// The whole network.
pub(super) struct Layers {
    time: TimeEmbedding,
    first: Conv2d,
    down: Vec<Down>,
    before: ResidualBlock,
    attention: SpatialTransformer,
    after: ResidualBlock,
    up: Vec<Up>,
    norm: GroupNorm,
    last: Conv2d,
}

/// A residual block, and attention after it on all levels but the last.
struct Step {
    block: ResidualBlock,
    attention: Option<SpatialTransformer>,
}

struct Down {
    steps: Vec<Step>,
    /// Halves the height and width; `None` on the last level.
    halving: Option<Conv2d>,
}

struct Up {
    steps: Vec<Step>,
    /// Doubles the height and width; `None` on the first level.
    doubling: Option<Upsampling>,
}

impl Layers {
    pub(super) fn new(layout: &Layout, weights: &VarBuilder<'_>) -> candle_core::Result<Self> {
        let Layout { latents, widths, heads, prompt_width } = *layout;
        let [narrowest, .., widest] = widths;
        let time_width = 4 * narrowest;
        let residual = |from, to, weights: &VarBuilder<'_>| {
            ResidualBlock::new(ResidualConfig { from, to, time: Some(time_width), epsilon: EPSILON }, weights)
        };
        let step = |level: usize, from, number: usize, weights: &VarBuilder<'_>| {
            let to = widths[level];
            let attends = level + 1 < widths.len();
            let attention = attends.then(|| {
                SpatialTransformer::new(to, prompt_width, heads, &weights.pp("attentions").pp(number))
            });
            let block = residual(from, to, &weights.pp("resnets").pp(number))?;
            candle_core::Result::Ok(Step { block, attention: attention.transpose()? })
        };

        let mut down = Vec::new();
        let mut from = narrowest;
        for (level, to) in widths.into_iter().enumerate() {
            let weights = weights.pp("down_blocks").pp(level);
            let steps =
                (0..BLOCKS).map(|number| step(level, if number == 0 { from } else { to }, number, &weights));
            let steps = steps.collect::<candle_core::Result<_>>()?;
            let halving = (level + 1 < widths.len()).then(|| {
                let config = Conv2dConfig { stride: 2, padding: 1, ..Default::default() };
                candle_nn::conv2d(to, to, 3, config, weights.pp("downsamplers").pp(0).pp("conv"))
            });
            down.push(Down { steps, halving: halving.transpose()? });
            from = to;
        }

        let mut up = Vec::new();
        for level in (0..widths.len()).rev() {
            let to = widths[level];
            // Features from the way down have the channels of this level; in the last step, those of the level above.
            let above = widths[level.saturating_sub(1)];
            let weights = weights.pp("up_blocks").pp(widths.len() - 1 - level);
            let steps = (0..=BLOCKS).map(|number| {
                let skipped = if number == BLOCKS { above } else { to };
                step(level, if number == 0 { from } else { to } + skipped, number, &weights)
            });
            let steps = steps.collect::<candle_core::Result<_>>()?;
            let doubling = (level > 0).then(|| Upsampling::new(to, &weights.pp("upsamplers").pp(0)));
            up.push(Up { steps, doubling: doubling.transpose()? });
            from = to;
        }

        let middle = weights.pp("mid_block");
        let attention = middle.pp("attentions").pp(0);
        Ok(Layers {
            time: TimeEmbedding::new(narrowest, time_width, &weights.pp("time_embedding"))?,
            first: convolution(latents, narrowest, weights.pp("conv_in"))?,
            down,
            before: residual(widest, widest, &middle.pp("resnets").pp(0))?,
            attention: SpatialTransformer::new(widest, prompt_width, heads, &attention)?,
            after: residual(widest, widest, &middle.pp("resnets").pp(1))?,
            up,
            norm: candle_nn::group_norm(GROUPS, narrowest, EPSILON, weights.pp("conv_norm_out"))?,
            last: convolution(narrowest, latents, weights.pp("conv_out"))?,
        })
    }

    /// Predicts the noise in latents of shape `(batch, channels, height, width)`, given a prompt of shape `(batch,
    /// tokens, features)`.
    pub(super) fn forward(
        &self,
        latents: &Tensor,
        time: f64,
        prompt: &Tensor,
    ) -> candle_core::Result<Tensor> {
        let (batch, _, height, width) = latents.dims4()?;
        let most = 1 << (self.down.len() - 1);
        // Halved sizes are rounded up, so doubling them need not give the original size.
        let uneven = height % most != 0 || width % most != 0;
        let time = (Tensor::ones(batch, latents.dtype(), latents.device())? * time)?;
        let time = self.time.forward(&time)?;

        let mut features = self.first.forward(latents)?;
        let mut skipped = vec![features.clone()];
        for Down { steps, halving } in &self.down {
            for step in steps {
                features = step.forward(&features, &time, prompt)?;
                skipped.push(features.clone());
            }
            if let Some(halving) = halving {
                features = halving.forward(&features)?;
                skipped.push(features.clone());
            }
        }

        features = self.before.forward(&features, Some(&time))?;
        features = self.after.forward(&self.attention.forward(&features, prompt)?, Some(&time))?;

        for Up { steps, doubling } in &self.up {
            for step in steps {
                let with =
                    skipped.pop().ok_or_else(|| Error::Msg("nothing is left of the way down".to_owned()))?;
                features = step.forward(&Tensor::cat(&[features, with], 1)?.contiguous()?, &time, prompt)?;
            }
            if let Some(doubling) = doubling {
                let size = match skipped.last().filter(|_| uneven) {
                    Some(next) => Some((next.dim(2)?, next.dim(3)?)),
                    None => None,
                };
                features = doubling.forward(&features, size)?;
            }
        }
        self.last.forward(&self.norm.forward(&features)?.silu()?)
    }
}

impl Step {
    fn forward(&self, features: &Tensor, time: &Tensor, prompt: &Tensor) -> candle_core::Result<Tensor> {
        let features = self.block.forward(features, Some(time))?;
        match &self.attention {
            Some(attention) => attention.forward(&features, prompt),
            None => Ok(features),
        }
    }
}

#[cfg(test)]
mod tests {
    use candle_core::Device;
    use candle_transformers::models::stable_diffusion::unet_2d::{
        BlockConfig, UNet2DConditionModel, UNet2DConditionModelConfig,
    };

    use super::*;
    use crate::seeded::Seeded;

    #[test]
    fn the_prediction_is_that_of_candle_transformers() {
        let widths = [32, 64, 96, 96];
        let weights = || Seeded::new(2).weights(&Device::Cpu);
        let level = |(level, out_channels): (usize, usize)| BlockConfig {
            out_channels,
            use_cross_attn: (level < 3).then_some(1),
            attention_head_dim: 4,
        };
        let config = UNet2DConditionModelConfig {
            blocks: widths.into_iter().enumerate().map(level).collect(),
            cross_attention_dim: 24,
            ..UNet2DConditionModelConfig::default()
        };
        let theirs = UNet2DConditionModel::new(weights(), 4, 4, false, config).expect("theirs");
        let layout = Layout { latents: 4, widths, heads: 4, prompt_width: 24 };
        let ours = Layers::new(&layout, &weights()).expect("ours");
        let input = |name, shape: &[usize]| {
            Seeded::new(1).uniform(name, shape, -1.7, 1.7, &Device::Cpu).expect("input")
        };
        let values = |prediction: candle_core::Result<Tensor>| -> Vec<f32> {
            prediction.and_then(|prediction| prediction.flatten_all()?.to_vec1()).expect("prediction")
        };
        let prompt = input("prompt", &[2, 5, 24]);
        // The second size can be halved three times only by rounding.
        for (height, width) in [(16, 8), (10, 12)] {
            let latents = input("latents", &[2, 4, height, width]);
            let expected = values(theirs.forward(&latents, 501.0, &prompt));
            assert_eq!(values(ours.forward(&latents, 501.0, &prompt)), expected, "{height} × {width}");
        }
    }
}
