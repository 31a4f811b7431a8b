//! [`Pipeline`]: turns a request into pictures.

use std::time::{Duration, Instant};

use bench_load::input::ImageRequest;
use candle_core::{DType, Device, Tensor};

use super::autoencoder::{Autoencoder, LATENT_SCALE};
use super::config::Config;
use super::denoiser::Denoiser;
use crate::load::LoadError;
use crate::memory::{MemoryError, expect_bytes};
use crate::picture::{Picture, PictureError};
use crate::seeded::Seeded;

/// Both sides of a picture must be multiples of this, in pixels: a network halves the latents three times.
const SIDE_MULTIPLE: u32 = LATENT_SCALE as u32 * 8;

/// The reasons why a request has no picture.
#[derive(Debug, thiserror::Error)]
pub enum GenerationError {
    /// A size that the layers cannot halve and double again.
    #[error("cannot draw {width} × {height} pixels: both must be multiples of {SIDE_MULTIPLE}, and not 0")]
    Size {
        /// The width asked for, in pixels.
        width: u32,
        /// The height asked for, in pixels.
        height: u32,
    },
    /// No step, or more than the maximum.
    #[error("cannot draw in {0} steps: from 1 to 1000 are possible")]
    Steps(u32),
    /// The request would not fit into memory.
    #[error(transparent)]
    Memory(#[from] MemoryError),
    /// The output is not a picture.
    #[error(transparent)]
    Picture(#[from] PictureError),
    /// The error of candle.
    #[error(transparent)]
    Tensor(#[from] candle_core::Error),
}

impl GenerationError {
    /// Converts the error for benchmarks: a machine that is too small skips the case, everything else fails it.
    pub fn or_skip(self) -> bench_core::Error {
        match self {
            GenerationError::Memory(error) => error.or_skip(),
            other => other.into(),
        }
    }
}

/// The result of a request.
#[derive(Debug)]
pub struct Drawn {
    /// The pictures.
    pub pictures: Vec<Picture>,
    /// The time of the conditioning and the noise.
    pub setup: Duration,
    /// The time to turn latents into pictures.
    pub decode: Duration,
}

/// A network with everything around it that a request needs.
#[derive(Debug)]
pub struct Pipeline<D> {
    /// Removes the noise.
    pub denoiser: D,
    /// Turns the latents into pictures.
    pub autoencoder: Autoencoder,
}

impl<D: Denoiser> Pipeline<D> {
    /// Loads the network with the autoencoder that draws its result.
    ///
    /// # Errors
    /// Same as [`Denoiser::load`].
    pub fn load(config: Config, dtype: DType, device: &Device) -> Result<Self, LoadError> {
        Ok(Pipeline {
            denoiser: D::load(config, dtype, device)?,
            autoencoder: Autoencoder::load(config, D::LATENT_CHANNELS, dtype, device)?,
        })
    }

    /// Draws the pictures of `request`; calls `on_step` after each denoising step.
    ///
    /// # Errors
    /// When the request is impossible or needs more memory than there is, or the output is not finite.
    pub fn draw(&self, request: &ImageRequest, on_step: impl FnMut()) -> Result<Drawn, GenerationError> {
        self.expect_room(request)?;
        let began = Instant::now();
        let noise = self.noise(request)?;
        let conditioning = self.condition(request)?;
        let setup = began.elapsed();
        let latents = self.denoise(request, noise, &conditioning, on_step)?;
        let began = Instant::now();
        let pictures = Picture::from_batch(&self.autoencoder.decode(&latents)?)?;
        Ok(Drawn { pictures, setup, decode: began.elapsed() })
    }

    /// Checks that there is memory for `request`: for denoising, which is guided and therefore has twice the batch, or
    /// for decoding, whichever takes more.
    ///
    /// # Errors
    /// [`Memory`](GenerationError::Memory).
    pub fn expect_room(&self, request: &ImageRequest) -> Result<(), GenerationError> {
        let &ImageRequest { width, height, number, .. } = request;
        let (rows, columns) = (height as usize, width as usize);
        let denoising = self.denoiser.working_bytes(2 * number, rows, columns);
        let needed = denoising.max(self.autoencoder.working_bytes(number, rows, columns));
        let what = || format!("{number} pictures of {width} × {height} pixels");
        Ok(expect_bytes(self.denoiser.device(), needed, what)?)
    }

    /// Returns latents of noise with a standard deviation of one, from the request's seed.
    ///
    /// # Errors
    /// When the request is impossible.
    pub fn noise(&self, request: &ImageRequest) -> Result<Tensor, GenerationError> {
        let &ImageRequest { width, height, number, seed, .. } = request;
        if [width, height].iter().any(|side| *side == 0 || side % SIDE_MULTIPLE != 0) {
            return Err(GenerationError::Size { width, height });
        }
        let latents = |pixels: u32| pixels as usize / LATENT_SCALE;
        let shape = (number, D::LATENT_CHANNELS, latents(height), latents(width));
        let half = 3f32.sqrt();
        let noise = Seeded::new(seed).uniform("noise", shape, -half, half, self.denoiser.device())?;
        Ok(noise.to_dtype(self.denoiser.dtype())?)
    }

    /// Returns the conditioning: for each picture one row without a prompt, then for each one with it.
    fn condition(&self, request: &ImageRequest) -> Result<D::Conditioning, GenerationError> {
        let without = vec![""; request.number];
        let with = vec![request.prompt.as_str(); request.number];
        Ok(self.denoiser.condition(&[without, with].concat())?)
    }

    /// Runs the steps. Each evaluates the network with and without the prompt at once, and enlarges the difference
    /// (classifier-free guidance; Ho and Salimans, 2022, arXiv:2207.12598).
    fn denoise(
        &self,
        request: &ImageRequest,
        mut latents: Tensor,
        conditioning: &D::Conditioning,
        mut on_step: impl FnMut(),
    ) -> Result<Tensor, GenerationError> {
        let steps = D::schedule(request.steps as usize);
        if steps.is_empty() || steps.len() != request.steps as usize {
            return Err(GenerationError::Steps(request.steps));
        }
        for step in steps {
            let twice = Tensor::cat(&[&latents, &latents], 0)?;
            let predictions = self.denoiser.predict(&twice, step.time, conditioning)?;
            let without = predictions.narrow(0, 0, request.number)?;
            let with = predictions.narrow(0, request.number, request.number)?;
            let guided = (&without + ((with - &without)? * request.guidance_scale)?)?;
            latents = ((latents * step.keep)? + (guided * step.add)?)?;
            on_step();
        }
        Ok(latents)
    }
}
