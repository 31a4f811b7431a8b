//! SmolLM2-135M-Instruct (Allal et al., 2025, arXiv:2502.02737) in four bits: a language model with its real
//! weights and vocabulary, small enough for any machine.

pub mod benchmarks;
#[cfg(test)]
mod fixture;
mod language_model;
mod network;
mod session;
mod size;
mod vocabulary;

pub use language_model::{Completion, Precision, SmolLm2};
pub use session::Session;
pub use size::Size;
pub use vocabulary::Vocabulary;
