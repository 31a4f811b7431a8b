//! Qwen3-VL-2B (Bai et al., 2025, arXiv:2511.21631) with generated weights: it measures the work of a vision-language
//! model, and its answers have no meaning.
//!
//! The network is written out here, with candle's layers, and checked against the one of `candle-transformers`, whose
//! tensors have the same names. That one cannot be measured: its prompt attends to later tokens, its positions are
//! those of text alone, its cache cannot be emptied, and its vision tower cannot be called.

pub mod benchmarks;
mod cache;
mod config;
mod language_model;
mod model;
mod patches;
mod positions;
mod session;
mod vision;

pub use config::{Config, Language, Vision};
pub use model::{Image, Qwen3Vl};
pub use patches::Patches;
pub use session::{Mark, Session};
