//! [`Denoiser`]: a network that separates noise from picture.

use candle_core::{DType, Device, Tensor};

use super::config::Config;
use super::schedule::Step;
use crate::load::LoadError;

/// A network that removes noise from latents, whatever its architecture.
pub trait Denoiser: Sized {
    /// Channels of the latents.
    const LATENT_CHANNELS: usize;

    /// The output of a text encoder for prompts.
    type Conditioning;

    /// Generates the weights as `dtype` on `device`; the same values everywhere and every time.
    ///
    /// # Errors
    /// When they do not fit into memory, or the device cannot hold them.
    fn load(config: Config, dtype: DType, device: &Device) -> Result<Self, LoadError>;

    /// Returns the type of the weights, of latents and of conditioning.
    fn dtype(&self) -> DType;

    /// Returns the device of the weights.
    fn device(&self) -> &Device;

    /// Returns the conditioning on `prompts`, with one row for each.
    ///
    /// # Errors
    /// When the device cannot hold it.
    fn condition(&self, prompts: &[&str]) -> candle_core::Result<Self::Conditioning>;

    /// Returns the steps of the sampler that the network is meant for.
    fn schedule(steps: usize) -> Vec<Step>;

    /// Returns about how much memory [`predict`](Self::predict) takes in addition to the weights for a batch of
    /// pictures of this height and width in pixels, in bytes.
    fn working_bytes(&self, batch: usize, height: usize, width: usize) -> u64;

    /// Predicts the network's output for latents of shape `(batch, channels, height, width)` at a `time` from 1000 to
    /// 0, in the same shape. `conditioning` has a row for each member of the batch.
    ///
    /// # Errors
    /// On other shapes or types.
    fn predict(
        &self,
        latents: &Tensor,
        time: f64,
        conditioning: &Self::Conditioning,
    ) -> candle_core::Result<Tensor>;
}
