//! ResNet-18 and ResNet-50 of torchvision's shape, with generated weights: they measure the work of a
//! residual network, and classify nothing.

pub mod benchmarks;
mod layers;
mod network;
mod onnx;

pub use network::{Depth, INPUT_SIDE, ResNet, UnknownDepth};
pub use onnx::{onnx, weights};
