//! Throughput of the whole network, and pictures served one by one.

use bench_core::prelude::*;
use bench_load::Load;
use bench_load::domain::Images;
use bench_load::input::{ImageRequest, ImageRequests};
use candle_core::{DType, Device};

use crate::axis::{DTYPES, DTYPES_ON_REQUEST, Place, Threads, expect_convolutions};
use crate::eye_generator::{Colour, EyeGenerator, SIDE, noise};
use crate::weights::WeightsError;

const DEVICE: Device = Device::Cpu;

/// Noise to pixels. The network has to draw the same eye as the published one for its time to count.
#[benchmark(
    args(batch = [1, 2, 4, 8, 32], dtype = DTYPES, device = Place::ALL, threads = Threads::ALL),
    ignore(batch = [8, 32], dtype = DTYPES_ON_REQUEST, device = Place::ON_REQUEST, threads = Threads::ON_REQUEST),
    max_time = "4s"
)]
fn generate(b: &mut Bencher, batch: usize, dtype: DType, device: Place, threads: Threads) -> Result<()> {
    threads.take()?;
    let device = device.open(b)?;
    expect_convolutions(dtype, &device)?;
    let model = b.load(|| EyeGenerator::load(dtype, &device)).map_err(WeightsError::or_skip)?;
    let colours: Vec<Colour> = Colour::ALL.into_iter().cycle().take(batch).collect();
    let noise = noise(1, batch, &device)?;
    b.count("images", batch).try_iter(|| model.forward(&noise, &colours))?;
    // After measuring, so that the first call is a first call; an error fails the case, figures and all.
    Ok(model.expect_known_eye(&device)?)
}

/// Serves requests for one eye each, as PNG.
#[benchmark(args(concurrency = [1, 2]), rounds = 2, max_time = "4s")]
fn serve(b: &mut Bencher, concurrency: usize) -> Result<()> {
    let model = b.load(|| EyeGenerator::load(DType::F32, &DEVICE)).map_err(WeightsError::or_skip)?;
    let side = SIDE as u32;
    let wanted = ImageRequests::new(Colour::ALL.map(Colour::name)).size(side, side).steps(1);
    Load::closed(concurrency).requests(8).run(b, wanted, |wanted: &ImageRequest, request| {
        let mut pngs = Vec::new();
        for picture in model.draw(&[wanted.prompt.parse()?], wanted.seed, &DEVICE)? {
            pngs.push(picture.to_png()?);
            request.output();
        }
        Ok::<_, Error>(Images::all_encoded(&pngs).seed(wanted.seed))
    })?;
    Ok(model.expect_known_eye(&DEVICE)?)
}
