//! Denoising steps, and whole pictures.

use bench_core::prelude::*;
use candle_core::{DType, Device};

use crate::axis::{DTYPES, DTYPES_ON_REQUEST, Place, Threads};
use crate::diffusion::{Config, Denoiser, Pipeline, measure};
use crate::load::LoadError;
use crate::stable_diffusion_unet::Unet;

const DEVICE: Device = Device::Cpu;

/// One evaluation of the network, without guidance, by resolution.
#[benchmark(
    args(config = [Config::Reduced, Config::Full], side = [64, 128, 256, 512]),
    ignore(config = [Config::Full], side = [512]),
    max_time = "3s",
    timeout = "10m"
)]
fn step(b: &mut Bencher, config: Config, side: usize) -> Result<()> {
    let model = b.load(|| Unet::load(config, DType::F32, &DEVICE)).map_err(LoadError::or_skip)?;
    measure::step(b, &model, side, 1)
}

/// The same at 128 × 128 pixels, by batch, element type, device and threads. A type that the device cannot convolve is
/// skipped.
#[benchmark(
    args(config = [Config::Reduced, Config::Full], batch = [1, 2, 4, 8], dtype = DTYPES, device = Place::ALL, threads = Threads::ALL),
    ignore(config = [Config::Full], batch = [8], dtype = DTYPES_ON_REQUEST, device = Place::ON_REQUEST, threads = Threads::ON_REQUEST),
    max_time = "3s",
    timeout = "10m"
)]
fn step_batch(
    b: &mut Bencher,
    config: Config,
    batch: usize,
    dtype: DType,
    device: Place,
    threads: Threads,
) -> Result<()> {
    measure::step_on::<Unet>(b, config, batch, dtype, device, threads)
}

/// Whole pictures, one request after another, with guidance: two evaluations for each step.
#[benchmark(
    args(config = [Config::Reduced, Config::Full], side = [128, 512], steps = [4, 30]),
    ignore(config = [Config::Full], side = [512], steps = [30]),
    rounds = 2,
    max_time = "5s",
    timeout = "60m"
)]
fn denoise(b: &mut Bencher, config: Config, side: u32, steps: u32) -> Result<()> {
    let pipeline =
        b.load(|| Pipeline::<Unet>::load(config, DType::F32, &DEVICE)).map_err(LoadError::or_skip)?;
    measure::serve(b, &pipeline, side, steps, 3)
}
