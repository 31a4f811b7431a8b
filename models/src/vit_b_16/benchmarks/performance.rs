//! Throughput of the whole network.

use bench_core::prelude::*;
use candle_core::DType;

use crate::axis::{DTYPES, DTYPES_ON_REQUEST, Place, Threads, expect_convolutions};
use crate::classification;
use crate::kept::Kept;
use crate::load::LoadError;
use crate::seeded::Seeded;
use crate::vit_b_16::{INPUT_SIDE, VitB16};

/// Images to logits: how the time depends on `batch` shows how the network scales. The logits have to be finite for
/// their time to count.
#[benchmark(
    args(batch = [1, 2, 4, 8, 32], dtype = DTYPES, device = Place::ALL, threads = Threads::ALL),
    ignore(batch = [8, 32], dtype = DTYPES_ON_REQUEST, device = Place::ON_REQUEST, threads = Threads::ON_REQUEST),
    max_time = "5s"
)]
fn forward(b: &mut Bencher, batch: usize, dtype: DType, device: Place, threads: Threads) -> Result<()> {
    threads.take()?;
    let device = device.open(b)?;
    expect_convolutions(dtype, &device)?;
    let model = b.load(|| VitB16::load(dtype, &device)).map_err(LoadError::or_skip)?;
    let images = Seeded::new(1).images(batch, INPUT_SIDE, &device)?.to_dtype(dtype)?;
    let forward = || model.forward(&images);
    let mut kept = Kept::default();
    b.count("images", batch).try_iter(|| forward().map(|logits| kept.keep(logits)))?;
    // An error fails the case, figures and all.
    Ok(classification::check_finite(&kept.last(forward)?)?)
}
