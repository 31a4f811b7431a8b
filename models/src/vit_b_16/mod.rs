//! ViT-B/16 (Dosovitskiy et al., 2020, arXiv:2010.11929) at its published size, with generated weights: it measures
//! the work of a vision transformer, and classifies nothing.

pub mod benchmarks;
mod layers;
mod network;

pub use network::{INPUT_SIDE, PATCH_SIDE, VitB16};
