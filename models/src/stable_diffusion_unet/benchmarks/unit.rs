//! The layers of a UNet, one at a time, at the sizes of the widest level of the reduced configuration: 64 channels at
//! 32 × 32.

use bench_core::prelude::*;
use candle_core::{Device, Module, Tensor};

use crate::diffusion::{Autoencoder, Config, PROMPT_TOKENS, ResidualBlock, ResidualConfig, ddim};
use crate::seeded::Seeded;
use crate::stable_diffusion_unet::{CrossAttention, SpatialTransformer, TimeEmbedding};

const INPUTS: Seeded = Seeded::new(1);
const WEIGHTS: Seeded = Seeded::new(2);

/// Channels of the first level.
const CHANNELS: usize = 64;
/// Width and height of the latents of a picture of 256 × 256.
const SIDE: usize = 32;
/// Heads of every attention.
const HEADS: usize = 8;
/// Width of a prompt's embedding.
const PROMPT_WIDTH: usize = 256;
/// Width of the embedding of a time.
const TIME_WIDTH: usize = 4 * CHANNELS;

fn features() -> Result<Tensor> {
    Ok(INPUTS.uniform("features", (1, CHANNELS, SIDE, SIDE), -1.7, 1.7, &Device::Cpu)?)
}

fn prompt() -> Result<Tensor> {
    Ok(INPUTS.uniform("prompt", (1, PROMPT_TOKENS, PROMPT_WIDTH), -1.7, 1.7, &Device::Cpu)?)
}

/// Two convolutions of 3 × 3, each after group normalization and SiLU, the time added between them.
#[benchmark]
fn residual_block(b: &mut Bencher) -> Result<()> {
    let config = ResidualConfig { from: CHANNELS, to: CHANNELS, time: Some(TIME_WIDTH), epsilon: 1e-6 };
    let block = ResidualBlock::new(config, &WEIGHTS.weights(&Device::Cpu))?;
    let (features, time) = (features()?, INPUTS.uniform("time", (1, TIME_WIDTH), -1.0, 1.0, &Device::Cpu)?);
    b.try_iter(|| block.forward(&features, Some(&time)))
}

/// Self-attention and attention to the prompt with the feed-forward layer after them.
#[benchmark]
fn spatial_transformer(b: &mut Bencher) -> Result<()> {
    let block = SpatialTransformer::new(CHANNELS, PROMPT_WIDTH, HEADS, &WEIGHTS.weights(&Device::Cpu))?;
    let (features, prompt) = (features()?, prompt()?);
    b.try_iter(|| block.forward(&features, &prompt))
}

/// Attention of each place to every other one.
#[benchmark(args(side = [16, 32, 64]))]
fn self_attention(b: &mut Bencher, side: usize) -> Result<()> {
    let layer = attention(CHANNELS)?;
    let places = INPUTS.uniform("places", (1, side * side, CHANNELS), -1.7, 1.7, &Device::Cpu)?;
    b.items(side * side).try_iter(|| layer.forward(&places, None))
}

/// Attention of each place to the prompt.
#[benchmark]
fn cross_attention(b: &mut Bencher) -> Result<()> {
    let layer = attention(PROMPT_WIDTH)?;
    let places = INPUTS.uniform("places", (1, SIDE * SIDE, CHANNELS), -1.7, 1.7, &Device::Cpu)?;
    let prompt = prompt()?;
    b.items(SIDE * SIDE).try_iter(|| layer.forward(&places, Some(&prompt)))
}

fn attention(context: usize) -> Result<CrossAttention> {
    Ok(CrossAttention::new(CHANNELS, context, HEADS, &WEIGHTS.weights(&Device::Cpu))?)
}

/// Group normalization in 32 groups.
#[benchmark]
fn group_norm(b: &mut Bencher) -> Result<()> {
    let layer = candle_nn::group_norm(32, CHANNELS, 1e-5, WEIGHTS.weights(&Device::Cpu))?;
    let features = features()?;
    b.try_iter(|| layer.forward(&features))
}

/// A time as sines and cosines, and two linear layers.
#[benchmark]
fn timestep_embedding(b: &mut Bencher) -> Result<()> {
    let layer = TimeEmbedding::new(CHANNELS, TIME_WIDTH, &WEIGHTS.weights(&Device::Cpu))?;
    let time = Tensor::new(&[501f32], &Device::Cpu)?;
    b.try_iter(|| layer.forward(&time))
}

/// A schedule of thirty steps.
#[benchmark]
fn schedule() -> Vec<crate::diffusion::Step> {
    ddim(black_box(30))
}

/// Latents of 16 × 16 to 128 × 128 pixels, by the reduced autoencoder.
#[benchmark]
fn decode(b: &mut Bencher) -> Result<()> {
    let autoencoder = Autoencoder::load(Config::Reduced, 4, candle_core::DType::F32, &Device::Cpu)?;
    let latents = INPUTS.uniform("latents", (1, 4, 16, 16), -1.7, 1.7, &Device::Cpu)?;
    b.count("images", 1).try_iter(|| autoencoder.decode(&latents))
}
