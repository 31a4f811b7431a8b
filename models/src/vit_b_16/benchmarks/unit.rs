//! The layers of a vision transformer, one at a time, at the widths of ViT-B.

use bench_core::prelude::*;
use candle_core::{Device, Module, Tensor};
use candle_nn::Conv2dConfig;

use crate::seeded::Seeded;
use crate::vit_b_16::layers::Block;
use crate::vit_b_16::{INPUT_SIDE, PATCH_SIDE};

const INPUTS: Seeded = Seeded::new(1);
const WEIGHTS: Seeded = Seeded::new(2);

const WIDTH: usize = 768;
const HEADS: usize = 12;
/// Patches, and the token for the class.
const TOKENS: usize = (INPUT_SIDE / PATCH_SIDE) * (INPUT_SIDE / PATCH_SIDE) + 1;

fn tokens(width: usize) -> Result<Tensor> {
    Ok(INPUTS.uniform("tokens", (1, TOKENS, width), -1.0, 1.0, &Device::Cpu)?)
}

/// One f32 matrix of 197 × 64 for each of 12 heads.
fn heads(name: &str) -> Result<Tensor> {
    Ok(INPUTS.uniform(name, (1, HEADS, TOKENS, WIDTH / HEADS), -1.0, 1.0, &Device::Cpu)?)
}

/// 224 × 224 pixels to 196 tokens: a convolution of 16 × 16 with a stride of 16.
#[benchmark]
fn patch_embedding(b: &mut Bencher) -> Result<()> {
    let config = Conv2dConfig { stride: PATCH_SIDE, ..Default::default() };
    let layer = candle_nn::conv2d(3, WIDTH, PATCH_SIDE, config, WEIGHTS.weights(&Device::Cpu))?;
    let images = INPUTS.images(1, INPUT_SIDE, &Device::Cpu)?;
    b.try_iter(|| layer.forward(&images))
}

/// A whole block: normalization, attention, normalization, feed-forward.
#[benchmark]
fn block(b: &mut Bencher) -> Result<()> {
    let block = Block::new(&WEIGHTS.weights(&Device::Cpu).pp("layer").pp(0))?;
    let tokens = tokens(WIDTH)?;
    b.try_iter(|| block.forward(&tokens))
}

/// The attention of each token to all tokens: 12 products of 197 × 64 by 64 × 197.
#[benchmark]
fn attention_scores(b: &mut Bencher) -> Result<()> {
    let (queries, keys) = (heads("queries")?, heads("keys")?);
    b.try_iter(|| queries.matmul(&keys.t()?))
}

/// 12 × 197 rows of 197 scores to shares.
#[benchmark]
fn attention_softmax(b: &mut Bencher) -> Result<()> {
    let scores = INPUTS.uniform("scores", (1, HEADS, TOKENS, TOKENS), -5.0, 5.0, &Device::Cpu)?;
    b.try_iter(|| candle_nn::ops::softmax_last_dim(&scores))
}

/// The first half of the feed-forward network, 768 to 3072.
#[benchmark]
fn linear(b: &mut Bencher) -> Result<()> {
    let layer = candle_nn::linear(WIDTH, 4 * WIDTH, WEIGHTS.weights(&Device::Cpu))?;
    let tokens = tokens(WIDTH)?;
    b.try_iter(|| layer.forward(&tokens))
}

/// The activation between the halves of the feed-forward network.
#[benchmark]
fn gelu(b: &mut Bencher) -> Result<()> {
    let tokens = tokens(4 * WIDTH)?;
    b.try_iter(|| tokens.gelu_erf())
}

/// Normalization over 768 values of each token.
#[benchmark]
fn layer_norm(b: &mut Bencher) -> Result<()> {
    let layer = candle_nn::layer_norm(WIDTH, 1e-12, WEIGHTS.weights(&Device::Cpu))?;
    let tokens = tokens(WIDTH)?;
    b.try_iter(|| layer.forward(&tokens))
}
