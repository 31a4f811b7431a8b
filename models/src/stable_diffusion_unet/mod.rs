//! The UNet of Stable Diffusion 1.5, with generated weights: it measures the work of a denoising step, and
//! its pictures show nothing.

pub mod benchmarks;
mod network;

pub use network::Unet;
