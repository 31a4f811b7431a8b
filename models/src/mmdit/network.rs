//! The network and its sizes.

use std::fmt;

use candle_core::{D, DType, Device, Module, Tensor};
use candle_nn::{Linear, VarBuilder};

use super::block::JointBlock;
use super::embedding::{TimestepEmbedder, TwoLayers};
use super::modulation::{Modulation, modulate};
use super::patches::{PatchEmbedder, PositionEmbedder, Unpatchifier};
use crate::diffusion::{Config, Denoiser, LATENT_SCALE, PROMPT_TOKENS, Step, embedding, rectified_flow};
use crate::load::{LoadError, generated};
use crate::seeded::Seeded;

/// The seed of the weights. Another one would make figures incomparable with earlier ones.
const SEED: u64 = 0x0033_d175;

/// Channels of the latents, in and out.
const CHANNELS: usize = 16;

/// Latents of a patch, along each side.
const PATCH: usize = 2;

/// Features of a head of attention.
const HEAD_WIDTH: usize = 64;

/// The numbers that set the size of the network.
struct Layout {
    /// The number of blocks, and of heads in each; there are 64 features for each head.
    depth: usize,
    /// Patches along each side of the largest picture.
    most_patches: usize,
    /// Width of a prompt's embedding, for each token.
    prompt_width: usize,
    /// Width of a prompt's embedding as a whole.
    pooled_width: usize,
}

/// Returns the layout; the full one is that of Stable Diffusion 3 medium.
fn layout(config: Config) -> Layout {
    match config {
        Config::Reduced => Layout { depth: 6, most_patches: 64, prompt_width: 512, pooled_width: 256 },
        Config::Full => Layout { depth: 24, most_patches: 192, prompt_width: 4096, pooled_width: 2048 },
    }
}

/// A transformer over patches of the latents and tokens of the prompt (Esser et al., 2024, arXiv:2403.03206).
///
/// Its parts are not those of candle-transformers, whose blocks cannot be shared between threads and whose timestep
/// embedding returns f16.
pub struct Mmdit {
    patches: PatchEmbedder,
    positions: PositionEmbedder,
    time: TimestepEmbedder,
    pooled: TwoLayers,
    prompt: Linear,
    blocks: Vec<JointBlock>,
    last_modulation: Modulation,
    last: Linear,
    unpatchify: Unpatchifier,
    config: Config,
    dtype: DType,
    device: Device,
}

/// The output of text encoders for prompts.
#[derive(Clone, Debug)]
pub struct Conditioning {
    /// A row of tokens for each prompt: `(batch, 154, width)`, those of CLIP and those of T5.
    pub tokens: Tensor,
    /// A vector for each prompt: `(batch, width)`.
    pub pooled: Tensor,
}

impl Mmdit {
    fn new(config: Config, weights: &VarBuilder<'static>) -> candle_core::Result<Self> {
        let Layout { depth, most_patches, prompt_width, pooled_width } = layout(config);
        let width = depth * HEAD_WIDTH;
        let block = |number: usize| {
            JointBlock::new(width, depth, number + 1 == depth, &weights.pp("joint_blocks").pp(number))
        };
        let last = weights.pp("final_layer");
        Ok(Mmdit {
            patches: PatchEmbedder::new(PATCH, CHANNELS, width, &weights.pp("x_embedder"))?,
            positions: PositionEmbedder::new(width, PATCH, most_patches, weights)?,
            time: TimestepEmbedder::new(width, &weights.pp("t_embedder"))?,
            pooled: TwoLayers::new(pooled_width, width, &weights.pp("y_embedder"))?,
            prompt: candle_nn::linear(prompt_width, width, weights.pp("context_embedder"))?,
            blocks: (0..depth).map(block).collect::<candle_core::Result<_>>()?,
            last_modulation: Modulation::new(width, 2, &last)?,
            last: candle_nn::linear(width, PATCH * PATCH * CHANNELS, last.pp("linear"))?,
            unpatchify: Unpatchifier { side: PATCH, channels: CHANNELS },
            config,
            dtype: weights.dtype(),
            device: weights.device().clone(),
        })
    }
}

impl Denoiser for Mmdit {
    const LATENT_CHANNELS: usize = CHANNELS;

    type Conditioning = Conditioning;

    fn load(config: Config, dtype: DType, device: &Device) -> Result<Self, LoadError> {
        let name = format!("mmdit ({config})");
        generated(&name, Seeded::new(SEED), dtype, device, |weights| Mmdit::new(config, &weights))
    }

    fn dtype(&self) -> DType {
        self.dtype
    }

    fn device(&self) -> &Device {
        &self.device
    }

    fn condition(&self, prompts: &[&str]) -> candle_core::Result<Conditioning> {
        let Layout { prompt_width, pooled_width, .. } = layout(self.config);
        let embed = |kind, rows, width| embedding(kind, prompts, rows, width, self.dtype, &self.device);
        Ok(Conditioning {
            tokens: embed("clip and t5", 2 * PROMPT_TOKENS, prompt_width)?,
            pooled: embed("pooled clip", 1, pooled_width)?.squeeze(1)?,
        })
    }

    fn schedule(steps: usize) -> Vec<Step> {
        rectified_flow(steps)
    }

    /// Counts the scores of a block's attention, before and after the softmax, in f32; and the features of a block,
    /// those of its feed-forward network being four times as wide.
    fn working_bytes(&self, batch: usize, height: usize, width: usize) -> u64 {
        let Layout { depth: heads, .. } = layout(self.config);
        let patches = height * width / (LATENT_SCALE * LATENT_SCALE * PATCH * PATCH);
        let tokens = patches + 2 * PROMPT_TOKENS;
        (batch * heads * (2 * tokens + 12 * HEAD_WIDTH) * tokens * size_of::<f32>()) as u64
    }

    fn predict(
        &self,
        latents: &Tensor,
        time: f64,
        conditioning: &Conditioning,
    ) -> candle_core::Result<Tensor> {
        let (batch, _, height, width) = latents.dims4()?;
        let positions = self.positions.of(height, width)?;
        let mut picture = self.patches.forward(latents)?.broadcast_add(&positions)?;
        let time = Tensor::full(time as f32, batch, &self.device)?;
        let time = self.time.forward(&time, self.dtype)?;
        let embedding = (time + self.pooled.forward(&conditioning.pooled)?)?;
        let mut prompt = Some(self.prompt.forward(&conditioning.tokens)?);
        for block in &self.blocks {
            let Some(tokens) = prompt else { break };
            (prompt, picture) = block.forward(&tokens, &picture, &embedding)?;
        }
        let parts = self.last_modulation.forward(&embedding)?;
        let [shift, scale] = &parts[..] else {
            return Err(candle_core::Error::Msg(format!("a modulation came in {} parts", parts.len())));
        };
        let patches = self.last.forward(&modulate(&picture, shift, scale)?)?;
        let latents = self.unpatchify.unpatchify(&patches, height, width)?;
        latents.narrow(D::Minus2, 0, height)?.narrow(D::Minus1, 0, width)
    }
}

impl fmt::Debug for Mmdit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mmdit")
            .field("config", &self.config)
            .field("dtype", &self.dtype)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diffusion::check::expect_sound;
    use crate::memory::parameters;

    #[test]
    fn the_full_size_is_that_of_candle() {
        use candle_transformers::models::mmdit::model;
        let ours = parameters(|weights| Mmdit::new(Config::Full, &weights)).expect("counted");
        // Without version 3.5's second attention and normalized keys, which counting cannot leave out: 23 blocks of 4 ·
        // 1536² + 4 · 1536 + 3 · (1536² + 1536), and norms of 64 features in all attentions but the last prompt's.
        let theirs = parameters(|weights| model::MMDiT::new(&model::Config::sd3_medium(), false, weights));
        let width = 1536;
        let second = 23 * (4 * width * width + 4 * width + 3 * (width * width + width));
        let norms = 2 * 64 * (24 + 23 + 23);
        assert_eq!(ours, theirs.expect("counted") - second - norms);
        assert!((2_000_000_000..2_200_000_000).contains(&ours), "{ours}");
        let reduced = parameters(|weights| Mmdit::new(Config::Reduced, &weights)).expect("counted");
        assert!((20_000_000..50_000_000).contains(&reduced), "{reduced}");
    }

    #[test]
    fn a_seeded_network_is_sound_and_sees_noise_time_and_prompt() {
        let model = Mmdit::load(Config::Reduced, DType::F32, &Device::Cpu).expect("model");
        let latents = |seed| {
            Seeded::new(seed)
                .uniform("latents", (1, CHANNELS, 8, 8), -1.7, 1.7, &Device::Cpu)
                .expect("latents")
        };
        let predict = |seed, time, prompt| {
            let conditioning = model.condition(&[prompt]).expect("conditioning");
            model.predict(&latents(seed), time, &conditioning).expect("prediction")
        };
        let first = predict(1, 501.0, "a cat");
        expect_sound(&latents(1), &first, &predict(1, 501.0, "a cat")).expect("sound");
        for other in [predict(2, 501.0, "a cat"), predict(1, 21.0, "a cat"), predict(1, 501.0, "a dog")] {
            let most =
                (&first - other).and_then(|d| d.abs()?.max_all()?.to_scalar::<f32>()).expect("difference");
            assert!(most > 1e-4, "{most}");
        }
    }
}
