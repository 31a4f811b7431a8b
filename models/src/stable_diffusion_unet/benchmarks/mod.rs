//! Benchmarks of Stable Diffusion's UNet, by category. Those of MMDiT have the same names and arguments.

pub mod integration;
pub mod performance;
pub mod unit;
