//! Benchmarks of Qwen3-VL-2B, by category. The full configuration runs on request (`--include-ignored`), and is
//! skipped if it does not fit into the available memory.

use bench_core::prelude::*;
use candle_core::{DType, Device};

use crate::load::LoadError;
use crate::qwen3_vl_2b::{Config, Qwen3Vl};

pub mod integration;
pub mod performance;
pub mod unit;

/// Loads the model, timed separately; skips the case if it does not fit.
fn load(b: &mut Bencher, config: Config, dtype: DType) -> Result<Qwen3Vl> {
    load_on(b, config, dtype, &Device::Cpu)
}

/// Loads the model on `device`, timed separately; skips the case if it does not fit.
fn load_on(b: &mut Bencher, config: Config, dtype: DType, device: &Device) -> Result<Qwen3Vl> {
    b.load(|| Qwen3Vl::load(config, dtype, device)).map_err(LoadError::or_skip)
}

/// Returns arbitrary tokens: their values do not affect the time.
fn tokens(count: usize, config: &Config) -> Vec<u32> {
    (0..count).map(|at| (at * 977 % config.language.vocabulary) as u32).collect()
}
