//! The layers of this network and the steps of its pre-processing, one at a time. Weights are
//! generated: the time of a layer does not depend on them.

use bench_core::prelude::*;
use candle_core::{Device, Module, Tensor};

use crate::efficientnet_lite0::{Activation, Convolution, INPUT_SIDE, InvertedBottleneck, Shape, depthwise};
use crate::normalisation::Normalisation;
use crate::photograph::{self, Interpolation, Photograph};
use crate::seeded::Seeded;

const INPUTS: Seeded = Seeded::new(1);
const WEIGHTS: Seeded = Seeded::new(2);

fn feature_maps(channels: usize, side: usize) -> Result<Tensor> {
    Ok(INPUTS.uniform("features", (1, channels, side, side), 0.0, 6.0, &Device::Cpu)?)
}

fn layer(shape: Shape) -> Result<Convolution> {
    let weights = WEIGHTS.weights(&Device::Cpu);
    Ok(Convolution::new(shape, Activation::Relu6, weights.pp("conv"), weights.pp("bn"))?)
}

/// 480 channels, each on its own, at 14 × 14.
#[benchmark(args(kernel = [3, 5], stride = [1, 2]))]
fn depthwise_convolution(b: &mut Bencher, kernel: usize, stride: usize) -> Result<()> {
    let features = feature_maps(480, 14)?;
    let weight = INPUTS.uniform("kernel", (480, 1, kernel, kernel), -1.0, 1.0, &Device::Cpu)?;
    let bias = INPUTS.uniform("bias", 480, -1.0, 1.0, &Device::Cpu)?;
    b.try_iter(|| depthwise(&features, &weight, &bias, stride))
}

/// 80 channels widened to 480 at 14 × 14, with ReLU6.
#[benchmark]
fn pointwise_convolution(b: &mut Bencher) -> Result<()> {
    let (layer, features) = (layer(Shape::pointwise(80, 480))?, feature_maps(80, 14)?);
    b.try_iter(|| layer.forward(&features))
}

/// The first layer: 3 × 3 with a stride of 2, 3 to 32 channels at 224 × 224, with ReLU6.
#[benchmark]
fn stem_convolution(b: &mut Bencher) -> Result<()> {
    let layer = layer(Shape { inputs: 3, outputs: 32, kernel: 3, stride: 2, depthwise: false })?;
    let images = INPUTS.images(1, INPUT_SIDE, &Device::Cpu)?;
    b.try_iter(|| layer.forward(&images))
}

/// A whole block: 80 channels at 14 × 14, widened sixfold, with the input added.
#[benchmark]
fn inverted_bottleneck(b: &mut Bencher) -> Result<()> {
    let block = InvertedBottleneck::new(80, 80, 6, 3, 1, &WEIGHTS.weights(&Device::Cpu))?;
    let features = feature_maps(80, 14)?;
    b.try_iter(|| block.forward(&features))
}

/// A photograph of 640 × 427 pixels; bytes are those of the file.
#[benchmark]
fn decode_jpeg(b: &mut Bencher) -> Result<()> {
    let jpeg = photograph::read_file("china.jpg").map_err(|error| error.or_skip())?;
    b.bytes(jpeg.len()).try_iter(|| Photograph::decode("china.jpg", &jpeg))
}

/// 373 × 373 pixels, the middle of a small photograph, to 224 × 224.
#[benchmark]
fn resize(b: &mut Bencher) -> Result<()> {
    let picture = Photograph::synthetic(373, 373);
    b.try_iter(|| picture.resized(INPUT_SIDE as u32, Interpolation::Bicubic))
}

/// 224 × 224 pixels to a tensor of (byte − 127) / 128.
#[benchmark]
fn normalise(b: &mut Bencher) -> Result<()> {
    let picture = Photograph::synthetic(INPUT_SIDE as u32, INPUT_SIDE as u32);
    b.try_iter(|| Normalisation::LITE.apply(&picture, &Device::Cpu))
}
