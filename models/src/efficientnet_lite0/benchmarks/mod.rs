//! Benchmarks of EfficientNet-Lite0, by category. Those that need its weights or a photograph are
//! skipped until `models/weights/fetch` has been run.

pub mod integration;
pub mod performance;
pub mod unit;
