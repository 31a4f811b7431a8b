//! [`Autoencoder`]: from latents to pixels.

use std::fmt;

use candle_core::{DType, Device, Tensor};
use candle_nn::VarBuilder;
use candle_transformers::models::stable_diffusion::vae::{AutoEncoderKL, AutoEncoderKLConfig};

use super::config::Config;
use super::load::LoadError;
use crate::memory::expect_room_for;
use crate::seeded::Seeded;

/// Pixels of a picture for one latent, along each side.
pub const LATENT_SCALE: usize = 8;

/// The seed of the weights.
const SEED: u64 = 0x0ae0_dec0;

/// The variational autoencoder of latent diffusion (Rombach et al., 2022, arXiv:2112.10752), with
/// generated weights.
pub struct Autoencoder {
    network: AutoEncoderKL,
    latent_channels: usize,
}

impl Autoencoder {
    /// Generates the weights, for latents of `latent_channels`: 4 in Stable Diffusion 1, 16 in 3.
    ///
    /// # Errors
    /// When they do not fit into memory, or the device cannot hold them.
    pub fn load(
        config: Config,
        latent_channels: usize,
        dtype: DType,
        device: &Device,
    ) -> Result<Self, LoadError> {
        let block_out_channels = match config {
            Config::Reduced => vec![32, 32, 64, 64],
            Config::Full => vec![128, 256, 512, 512],
        };
        let layout = AutoEncoderKLConfig {
            block_out_channels,
            layers_per_block: if config == Config::Full { 2 } else { 1 },
            latent_channels,
            norm_num_groups: 32,
            // Stable Diffusion 3 has dropped these two 1 × 1 convolutions.
            use_quant_conv: latent_channels == 4,
            use_post_quant_conv: latent_channels == 4,
        };
        let build = |weights: VarBuilder<'static>| AutoEncoderKL::new(weights, 3, 3, layout.clone());
        expect_room_for(&format!("autoencoder ({})", config.name()), dtype, build)?;
        let network = build(Seeded::new(SEED).weights_as(dtype, device))?;
        Ok(Autoencoder { network, latent_channels })
    }

    /// Pictures of shape `(batch, 3, 8 · height, 8 · width)`, about from −1 to 1, from latents of shape
    /// `(batch, channels, height, width)`.
    ///
    /// # Errors
    /// On other shapes or types.
    pub fn decode(&self, latents: &Tensor) -> candle_core::Result<Tensor> {
        // What latents were divided by in training, to have a standard deviation of one.
        let (scale, shift) = if self.latent_channels == 4 { (0.18215, 0.0) } else { (1.5305, 0.0609) };
        self.network.decode(&((latents / scale)? + shift)?)
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
