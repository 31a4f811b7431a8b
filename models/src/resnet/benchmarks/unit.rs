//! The layers of a residual network and the steps of its pre-processing, one at a time.

use bench_core::prelude::*;
use candle_core::{Device, Module, ModuleT, Tensor};
use candle_nn::{BatchNormConfig, Conv2dConfig};

use crate::classification;
use crate::normalisation::Normalisation;
use crate::photograph::{Interpolation, Photograph};
use crate::resnet::INPUT_SIDE;
use crate::seeded::Seeded;

const INPUTS: Seeded = Seeded::new(1);
const WEIGHTS: Seeded = Seeded::new(2);

/// Width and height of the picture that the pre-processing starts from: those of a small photograph.
const PICTURE: (u32, u32) = (640, 427);

fn feature_maps(channels: usize, side: usize) -> Result<Tensor> {
    Ok(INPUTS.uniform("features", (1, channels, side, side), -1.0, 1.0, &Device::Cpu)?)
}

/// The first layer: 7 × 7 with a stride of 2, 3 to 64 channels at 224 × 224.
#[benchmark]
fn stem_convolution(b: &mut Bencher) -> Result<()> {
    let config = Conv2dConfig { padding: 3, stride: 2, ..Default::default() };
    let layer = candle_nn::conv2d_no_bias(3, 64, 7, config, WEIGHTS.weights(&Device::Cpu))?;
    let images = INPUTS.images(1, INPUT_SIDE, &Device::Cpu)?;
    b.try_iter(|| layer.forward(&images))
}

/// The middle of the network: 256 to 256 channels at 14 × 14.
#[benchmark(args(kernel = [1, 3]))]
fn convolution(b: &mut Bencher, kernel: usize) -> Result<()> {
    let config = Conv2dConfig { padding: kernel / 2, ..Default::default() };
    let layer = candle_nn::conv2d_no_bias(256, 256, kernel, config, WEIGHTS.weights(&Device::Cpu))?;
    let features = feature_maps(256, 14)?;
    b.try_iter(|| layer.forward(&features))
}

/// 64 channels at 56 × 56, with running statistics.
#[benchmark]
fn batch_norm(b: &mut Bencher) -> Result<()> {
    let layer = candle_nn::batch_norm(64, BatchNormConfig::default(), WEIGHTS.weights(&Device::Cpu))?;
    let features = feature_maps(64, 56)?;
    b.try_iter(|| layer.forward_t(&features, false))
}

/// 64 channels at 56 × 56: one activation of a block.
#[benchmark]
fn relu(b: &mut Bencher) -> Result<()> {
    let features = feature_maps(64, 56)?;
    b.try_iter(|| features.relu())
}

/// The classifier: 2048 features to 1000 logits.
#[benchmark]
fn linear(b: &mut Bencher) -> Result<()> {
    let layer = candle_nn::linear(2048, classification::IMAGENET_CLASSES, WEIGHTS.weights(&Device::Cpu))?;
    let features = INPUTS.uniform("features", (1, 2048), 0.0, 1.0, &Device::Cpu)?;
    b.try_iter(|| layer.forward(&features))
}

/// 1000 logits to probabilities.
#[benchmark]
fn softmax(b: &mut Bencher) -> Result<()> {
    let logits =
        INPUTS.uniform("logits", (1, classification::IMAGENET_CLASSES), -10.0, 10.0, &Device::Cpu)?;
    b.try_iter(|| classification::softmax(&logits))
}

/// A JPEG of 640 × 427 pixels; bytes are those of the file.
#[benchmark]
fn decode_jpeg(b: &mut Bencher) -> Result<()> {
    let jpeg = Photograph::synthetic(PICTURE.0, PICTURE.1).to_jpeg()?;
    b.bytes(jpeg.len()).try_iter(|| Photograph::decode("synthetic", &jpeg))
}

/// 640 × 427 pixels to a shorter side of 256.
#[benchmark]
fn resize(b: &mut Bencher) -> Result<()> {
    let picture = Photograph::synthetic(PICTURE.0, PICTURE.1);
    b.try_iter(|| picture.with_short_side(256, Interpolation::Bilinear))
}

/// 224 × 224 pixels to a tensor with ImageNet's means and deviations.
#[benchmark]
fn normalise(b: &mut Bencher) -> Result<()> {
    let picture = Photograph::synthetic(INPUT_SIDE as u32, INPUT_SIDE as u32);
    b.try_iter(|| Normalisation::IMAGENET.apply(&picture, &Device::Cpu))
}
