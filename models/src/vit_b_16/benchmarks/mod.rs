//! Benchmarks of ViT-B/16, by category.

pub mod integration;
pub mod performance;
pub mod unit;
