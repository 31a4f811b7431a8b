//! The network and its sizes.

use std::fmt;

use candle_core::{DType, Device, Tensor};
use candle_nn::VarBuilder;

use super::layers::{Layers, Layout};
use crate::diffusion::{Config, Denoiser, LATENT_SCALE, PROMPT_TOKENS, Step, ddim, embedding};
use crate::load::{LoadError, generated};
use crate::seeded::Seeded;

/// The seed of the weights. Another one would make figures incomparable with earlier ones.
const SEED: u64 = 0x05d1_5e17;

/// Channels of the latents, in and out.
const CHANNELS: usize = 4;

/// Heads of attention on every level.
const HEADS: usize = 8;

/// A convolutional network with attention to a prompt (Rombach et al., 2022, arXiv:2112.10752), of the
/// layout of Stable Diffusion 1.5.
pub struct Unet {
    network: Layers,
    config: Config,
    dtype: DType,
    device: Device,
}

/// Returns the width of a prompt's embedding, for each token.
fn prompt_width(config: Config) -> usize {
    match config {
        Config::Reduced => 256,
        Config::Full => 768,
    }
}

fn layout(config: Config) -> Layout {
    let widths = match config {
        Config::Reduced => [64, 128, 256, 256],
        Config::Full => [320, 640, 1280, 1280],
    };
    Layout { latents: CHANNELS, widths, heads: HEADS, prompt_width: prompt_width(config) }
}

fn build(config: Config, weights: VarBuilder<'static>) -> candle_core::Result<Layers> {
    Layers::new(&layout(config), &weights)
}

impl Denoiser for Unet {
    const LATENT_CHANNELS: usize = CHANNELS;

    /// Tokens of shape `(batch, 77, width)`.
    type Conditioning = Tensor;

    fn load(config: Config, dtype: DType, device: &Device) -> Result<Self, LoadError> {
        let name = format!("stable_diffusion_unet ({config})");
        let network = generated(&name, Seeded::new(SEED), dtype, device, |weights| build(config, weights))?;
        Ok(Unet { network, config, dtype, device: device.clone() })
    }

    fn dtype(&self) -> DType {
        self.dtype
    }

    fn device(&self) -> &Device {
        &self.device
    }

    fn condition(&self, prompts: &[&str]) -> candle_core::Result<Tensor> {
        embedding("clip", prompts, PROMPT_TOKENS, prompt_width(self.config), self.dtype, &self.device)
    }

    fn schedule(steps: usize) -> Vec<Step> {
        ddim(steps)
    }

    /// Counts the scores of attention on the highest level, before and after the softmax, in f32; and the features that
    /// are kept there for the way up.
    fn working_bytes(&self, batch: usize, height: usize, width: usize) -> u64 {
        let places = height * width / (LATENT_SCALE * LATENT_SCALE);
        let [widest, ..] = layout(self.config).widths;
        (batch * (2 * HEADS * places + 12 * widest) * places * size_of::<f32>()) as u64
    }

    fn predict(&self, latents: &Tensor, time: f64, conditioning: &Tensor) -> candle_core::Result<Tensor> {
        self.network.forward(latents, time, conditioning)
    }
}

impl fmt::Debug for Unet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unet")
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
    fn the_full_size_is_the_published_one() {
        let count = parameters(|weights| build(Config::Full, weights)).expect("counted");
        // As published for stable-diffusion-v1-5: 859.52 million.
        assert_eq!(count, 859_520_964);
        let reduced = parameters(|weights| build(Config::Reduced, weights)).expect("counted");
        assert!((20_000_000..50_000_000).contains(&reduced), "{reduced}");
    }

    #[test]
    fn a_seeded_network_is_sound_and_sees_noise_time_and_prompt() {
        let model = Unet::load(Config::Reduced, DType::F32, &Device::Cpu).expect("model");
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
