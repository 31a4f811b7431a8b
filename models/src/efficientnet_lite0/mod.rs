//! EfficientNet-Lite0 with the weights that were trained on ImageNet: a small network that really
//! classifies, so that a benchmark can tell a fast answer from a fast wrong one.

pub mod benchmarks;
mod block;
mod convolution;
mod depthwise;
mod network;
mod padding;

pub use block::InvertedBottleneck;
pub use convolution::{Activation, Convolution, Shape};
pub use depthwise::depthwise;
pub use network::{EfficientNetLite0, INPUT_SIDE, prepare};
pub use padding::{Padding, pad};
