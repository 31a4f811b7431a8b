//! Measures drawing from a prompt and a seed to the file of a picture.

use bench_core::prelude::*;
use candle_core::{DType, Device};

use crate::diffusion::{Config, Pipeline, measure};
use crate::load::LoadError;
use crate::stable_diffusion_unet::Unet;

/// Conditioning, noise, four guided steps, decoding, PNG.
#[benchmark(args(config = [Config::Reduced, Config::Full], side = [128, 512]), ignore(config = [Config::Full], side = [512]), max_time = "8s")]
fn draw(b: &mut Bencher, config: Config, side: u32) -> Result<()> {
    let pipeline =
        b.load(|| Pipeline::<Unet>::load(config, DType::F32, &Device::Cpu)).map_err(LoadError::or_skip)?;
    let png = measure::draw(b, &pipeline, side, 4)?;
    b.artifact("picture.png", png)
}
