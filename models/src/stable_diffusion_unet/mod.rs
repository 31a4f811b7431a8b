//! The UNet of Stable Diffusion 1.5, with generated weights: it measures the work of a denoising step, and
//! its pictures show nothing.

mod attention;
pub mod benchmarks;
mod layers;
mod network;
mod time;

pub use attention::{CrossAttention, SpatialTransformer};
pub use network::Unet;
pub use time::TimeEmbedding;
