//! Benchmarks of the generator of eyes, by category. Those that need its weights are skipped until
//! `models/weights/fetch` has been run.

pub mod integration;
pub mod performance;
pub mod unit;
