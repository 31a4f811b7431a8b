//! Throughput of the whole network.

use bench_core::prelude::*;
use candle_core::{DType, Device};

use crate::axis::{DTYPES, DTYPES_ON_REQUEST, Place, Threads, expect_convolutions};
use crate::classification;
use crate::engine::{self, Engine, EngineError};
use crate::kept::Kept;
use crate::load::LoadError;
use crate::resnet::{Depth, INPUT_SIDE, ResNet};
use crate::seeded::Seeded;

/// Images to logits. The logits have to be finite for their time to count.
#[benchmark(
    args(depth = [18, 50], batch = [1, 4, 8, 32], dtype = DTYPES, device = Place::ALL, threads = Threads::ALL),
    ignore(batch = [32], dtype = DTYPES_ON_REQUEST, device = Place::ON_REQUEST, threads = Threads::ON_REQUEST),
    max_time = "6s"
)]
fn forward(
    b: &mut Bencher,
    depth: usize,
    batch: usize,
    dtype: DType,
    device: Place,
    threads: Threads,
) -> Result<()> {
    threads.take()?;
    let device = device.open(b)?;
    expect_convolutions(dtype, &device)?;
    let depth = Depth::try_from(depth)?;
    let model = b.load(|| ResNet::load(depth, dtype, &device)).map_err(LoadError::or_skip)?;
    let images = Seeded::new(1).images(batch, INPUT_SIDE, &device)?.to_dtype(dtype)?;
    let forward = || model.forward(&images);
    let mut kept = Kept::default();
    b.count("images", batch).try_iter(|| forward().map(|logits| kept.keep(logits)))?;
    // An error fails the case, figures and all.
    Ok(classification::check_finite(&kept.last(forward)?)?)
}

/// Measures the same network on several engines, with the same weights and images. An engine's result must equal
/// candle's, except for rounding, for its time to count.
///
/// Each reads the images from a slice and leaves the logits in one. Engines have their default settings: tract computes
/// on one thread, candle and ONNX Runtime on as many as there are cores. `load` makes the weights for candle; for the
/// others, it parses the file, which is in memory, and optimizes the network.
#[benchmark(
    args(engine = [Engine::Candle, Engine::Tract, Engine::OnnxRuntime], batch = [1, 8]),
    ignore(batch = [8]),
    max_time = "6s"
)]
fn engines(b: &mut Bencher, engine: Engine, batch: usize) -> Result<()> {
    engine.expect_built().map_err(EngineError::or_skip)?;
    let images = Seeded::new(1).images(batch, INPUT_SIDE, &Device::Cpu)?.flatten_all()?.to_vec1::<f32>()?;
    let file = engine.model_file(Depth::Fifty, batch)?;
    let mut network = b.load(|| engine.load(Depth::Fifty, batch, &file)).map_err(EngineError::or_skip)?;
    drop(file);
    b.count("images", batch).try_iter(|| network.run(&images))?;
    // After measuring, so that the first call is a first call; an error fails the case, figures and all.
    let reference = Engine::Candle.load(Depth::Fifty, batch, &[])?.run(&images)?;
    Ok(engine::expect_agreement(&reference, &network.run(&images)?)?)
}
