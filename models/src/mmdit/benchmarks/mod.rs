//! Benchmarks of MMDiT, by category. Those of Stable Diffusion's UNet have the same names and arguments.

pub mod integration;
pub mod performance;
pub mod unit;
