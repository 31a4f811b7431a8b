//! Parts that image generators in latent space share, whichever network removes the noise.
//!
//! A [`Denoiser`] is a network; a [`Pipeline`] drives it along a [schedule](Step), with classifier-free guidance, and
//! lets an [`Autoencoder`] draw the result. The weights are generated, so the pictures show nothing; they are the same
//! every time.

mod autoencoder;
pub mod check;
mod config;
mod decoder;
mod denoiser;
pub mod measure;
mod pipeline;
mod prompt;
pub(crate) mod residual_block;
mod schedule;

pub use autoencoder::{Autoencoder, LATENT_SCALE};
pub use config::Config;
pub use denoiser::Denoiser;
pub use pipeline::{Drawn, GenerationError, Pipeline};
pub use prompt::{PROMPT_TOKENS, embedding};
pub use residual_block::{ResidualBlock, ResidualConfig};
pub use schedule::{Step, ddim, rectified_flow};
