//! Denoising steps, and whole pictures.

use bench_core::prelude::*;
use candle_core::{DType, Device};

use crate::diffusion::{Config, LoadError, expect_convolutions, measure};
use crate::mmdit::{Mmdit, pipeline};

const DEVICE: Device = Device::Cpu;

/// One evaluation of the network, without guidance, by resolution and batch.
#[benchmark(
    args(config = [Config::Reduced, Config::Full], side = [64, 128, 256, 512], batch = [1, 2, 4]),
    ignore(config = [Config::Full], side = [512], batch = [4]),
    max_time = "3s",
    timeout = "10m"
)]
fn step(b: &mut Bencher, config: Config, side: usize, batch: usize) -> Result<()> {
    let model = b.load(|| Mmdit::load(config, DType::F32, &DEVICE)).map_err(LoadError::or_skip)?;
    measure::step(b, &model, side, batch)
}

/// The same step in each element type. A type that the device cannot convolve is skipped.
#[benchmark(
    args(config = [Config::Reduced, Config::Full], dtype = [DType::F32, DType::F16, DType::BF16]),
    ignore(config = [Config::Full]),
    max_time = "2s",
    timeout = "10m"
)]
fn step_by_dtype(b: &mut Bencher, config: Config, dtype: DType) -> Result<()> {
    expect_convolutions(dtype, &DEVICE)?;
    let model = b.load(|| Mmdit::load(config, dtype, &DEVICE)).map_err(LoadError::or_skip)?;
    measure::step(b, &model, 128, 1)
}

/// Whole pictures, one request after another: with guidance, so two evaluations a step.
#[benchmark(
    args(config = [Config::Reduced, Config::Full], side = [128, 512], steps = [4, 30]),
    ignore(config = [Config::Full], side = [512], steps = [30]),
    rounds = 2,
    max_time = "5s",
    timeout = "60m"
)]
fn denoise(b: &mut Bencher, config: Config, side: u32, steps: u32) -> Result<()> {
    let pipeline = b.load(|| pipeline(config, DType::F32, &DEVICE)).map_err(LoadError::or_skip)?;
    measure::serve(b, &pipeline, side, steps, 3)
}
