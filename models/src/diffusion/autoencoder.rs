//! [`Autoencoder`]: turns latents into pixels.

use std::fmt;

use candle_core::{DType, Device, Module, Tensor};
use candle_nn::VarBuilder;

use super::config::Config;
use super::decoder::{Decoder, DecoderConfig};
use crate::load::{LoadError, generated};
use crate::seeded::Seeded;

/// Pixels of a picture for one latent, along each side.
pub const LATENT_SCALE: usize = 8;

/// The seed of the weights.
const SEED: u64 = 0x0ae0_dec0;

/// The decoding half of the variational autoencoder of latent diffusion (Rombach et al., 2022, arXiv:2112.10752), with
/// generated weights.
pub struct Autoencoder {
    network: Decoder,
    latent_channels: usize,
    /// Channels of the widest layer that works on whole pixels.
    widest: usize,
}

impl Autoencoder {
    /// Generates the weights, for latents of `latent_channels` channels: 4 in Stable Diffusion 1, 16 in 3.
    ///
    /// # Errors
    /// When they do not fit into memory, or the device cannot hold them.
    pub fn load(
        config: Config,
        latent_channels: usize,
        dtype: DType,
        device: &Device,
    ) -> Result<Self, LoadError> {
        let layout = DecoderConfig {
            latents: latent_channels,
            channels: match config {
                Config::Reduced => [32, 32, 64, 64],
                Config::Full => [128, 256, 512, 512],
            },
            blocks: if config == Config::Full { 2 } else { 1 },
            // Stable Diffusion 3 has dropped this 1 × 1 convolution.
            mixes_latents: latent_channels == 4,
        };
        let build = |weights: VarBuilder<'static>| Decoder::new(&layout, &weights);
        let widest = layout.channels[1];
        let name = format!("autoencoder ({config})");
        let network = generated(&name, Seeded::new(SEED), dtype, device, build)?;
        Ok(Autoencoder { network, latent_channels, widest })
    }

    /// Returns about how much memory decoding takes in addition to the weights, in bytes: four copies of the widest
    /// layer's input, and the scores of the attention between all latents, before and after the softmax.
    pub fn working_bytes(&self, batch: usize, height: usize, width: usize) -> u64 {
        let (pixels, latents) = (height * width, height * width / (LATENT_SCALE * LATENT_SCALE));
        (batch * (4 * self.widest * pixels + 2 * latents * latents) * size_of::<f32>()) as u64
    }

    /// Returns pictures of shape `(batch, 3, 8 · height, 8 · width)`, about from −1 to 1, from latents of shape
    /// `(batch, channels, height, width)`.
    ///
    /// # Errors
    /// On other shapes or types.
    pub fn decode(&self, latents: &Tensor) -> candle_core::Result<Tensor> {
        // In training, the shift was subtracted from latents and the result multiplied by the scale, for a deviation of
        // one.
        let (scale, shift) = if self.latent_channels == 4 { (0.18215, 0.0) } else { (1.5305, 0.0609) };
        self.network.forward(&((latents / scale)? + shift)?)
    }
}

impl fmt::Debug for Autoencoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Autoencoder").field("latent_channels", &self.latent_channels).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_latent_becomes_eight_by_eight_pixels() {
        for channels in [4, 16] {
            let model =
                Autoencoder::load(Config::Reduced, channels, DType::F32, &Device::Cpu).expect("loaded");
            let latents = Seeded::new(1)
                .uniform("latents", (2, channels, 2, 3), -1.7, 1.7, &Device::Cpu)
                .expect("latents");
            let pictures = model.decode(&latents).expect("decoded");
            assert_eq!(pictures.dims(), [2, 3, 16, 24]);
        }
    }
}
