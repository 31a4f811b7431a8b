//! The multimodal diffusion transformer of Stable Diffusion 3, with generated weights: it measures the work
//! of a denoising step, and its pictures show nothing.

mod attention;
pub mod benchmarks;
mod block;
mod embedding;
mod modulation;
mod network;
mod patches;

pub use attention::JointAttention;
pub use block::{FeedForward, JointBlock};
pub use embedding::TimestepEmbedder;
pub use modulation::{Modulation, modulate};
pub use network::{Conditioning, Mmdit};
pub use patches::{PatchEmbedder, Unpatchifier};
