//! The layers of the generator, one at a time. Weights are generated: the time of a layer does not depend on
//! them.

use bench_core::prelude::*;
use candle_core::{Device, Module, ModuleT, Tensor};
use candle_nn::{BatchNormConfig, ConvTranspose2dConfig};

use crate::eye_generator::{Colour, EyeGenerator, FEATURES, SIDE};
use crate::seeded::Seeded;

const INPUTS: Seeded = Seeded::new(1);
const WEIGHTS: Seeded = Seeded::new(2);

fn features(channels: usize, side: usize) -> Result<Tensor> {
    Ok(INPUTS.uniform("features", (1, channels, side, side), 0.0, 1.0, &Device::Cpu)?)
}

/// A layer that doubles width and height and halves the channels, by the side that it starts from.
#[benchmark(args(side = [4, 8, 16, 32]))]
fn transposed_convolution(b: &mut Bencher, side: usize) -> Result<()> {
    let inputs = FEATURES[0] * 4 / side;
    let config = ConvTranspose2dConfig { padding: 1, stride: 2, ..Default::default() };
    let weights = WEIGHTS.weights(&Device::Cpu);
    let layer = candle_nn::conv_transpose2d_no_bias(inputs, inputs / 2, 4, config, weights)?;
    let features = features(inputs, side)?;
    b.try_iter(|| layer.forward(&features))
}

/// 64 channels at 64 × 64, with running statistics.
#[benchmark]
fn batch_norm(b: &mut Bencher) -> Result<()> {
    let layer = candle_nn::batch_norm(64, BatchNormConfig::default(), WEIGHTS.weights(&Device::Cpu))?;
    let features = features(64, SIDE / 2)?;
    b.try_iter(|| layer.forward_t(&features, false))
}

/// Three colours at 128 × 128.
#[benchmark]
fn tanh(b: &mut Bencher) -> Result<()> {
    let features = features(3, SIDE)?;
    b.try_iter(|| features.tanh())
}

/// 128 × 128 pixels to a file; bytes are those of the pixels.
#[benchmark]
fn encode_png(b: &mut Bencher) -> Result<()> {
    let model = EyeGenerator::new(&WEIGHTS.weights(&Device::Cpu))?;
    let mut pictures = model.draw(&[Colour::Blue], 1, &Device::Cpu)?;
    let picture = pictures.pop().ok_or_else(|| Error::failure("no picture was drawn"))?;
    b.bytes(picture.bytes().len()).try_iter(|| picture.to_png())
}
