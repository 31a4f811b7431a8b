//! A generator of eyes with trained weights: a conditional DCGAN by Rogier Knoester, trained on eyes of
//! paintings (OmniArt), that draws 128 × 128 pixels from noise and a colour.

pub mod benchmarks;
mod colour;
mod network;

pub use colour::Colour;
pub use network::{EyeGenerator, FEATURES, NOISE, SIDE, UnknownEye, noise};
