//! Benchmarks of ResNet-18 and ResNet-50, by category.

pub mod integration;
pub mod performance;
pub mod unit;
