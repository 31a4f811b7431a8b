//! Benchmarks of the Piper voice, by category. They are skipped if the voice, espeak-ng or ONNX Runtime is missing,
//! with a reason that names it.

pub mod integration;
pub mod performance;
pub mod unit;
