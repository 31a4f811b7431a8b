//! Benchmarks of the Piper voice, by category. They are skipped where the voice, espeak-ng or ONNX Runtime is
//! missing, and say what is.

pub mod integration;
pub mod performance;
pub mod unit;
