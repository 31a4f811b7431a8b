//! The parts of the transformer, one at a time, at the sizes of the reduced configuration: 384 features, and 256
//! patches of a picture of 256 × 256 pixels together with 154 tokens of a prompt.

use bench_core::prelude::*;
use candle_core::{DType, Device, Module, Tensor};

use crate::diffusion::{PROMPT_TOKENS, Step, rectified_flow};
use crate::mmdit::{
    FeedForward, JointAttention, JointBlock, Modulation, PatchEmbedder, TimestepEmbedder, Unpatchifier,
    modulate,
};
use crate::seeded::Seeded;

const INPUTS: Seeded = Seeded::new(1);
const WEIGHTS: Seeded = Seeded::new(2);

const WIDTH: usize = 384;
const HEADS: usize = 6;
const PATCHES: usize = 256;

fn tokens(name: &str, tokens: usize, width: usize) -> Result<Tensor> {
    Ok(INPUTS.uniform(name, (1, tokens, width), -1.7, 1.7, &Device::Cpu)?)
}

fn embedding() -> Result<Tensor> {
    Ok(INPUTS.uniform("embedding", (1, WIDTH), -1.0, 1.0, &Device::Cpu)?)
}

/// A whole layer, both streams.
#[benchmark]
fn joint_block(b: &mut Bencher) -> Result<()> {
    let block = JointBlock::new(WIDTH, HEADS, false, &WEIGHTS.weights(&Device::Cpu))?;
    let (prompt, picture) = (tokens("prompt", 2 * PROMPT_TOKENS, WIDTH)?, tokens("picture", PATCHES, WIDTH)?);
    let embedding = embedding()?;
    b.try_iter(|| block.forward(&prompt, &picture, &embedding))
}

/// The attention alone, by patches of the picture.
#[benchmark(args(patches = [64, 256, 1024]))]
fn joint_attention(b: &mut Bencher, patches: usize) -> Result<()> {
    let attention = JointAttention { heads: HEADS };
    let (prompt, picture) =
        (tokens("prompt", 2 * PROMPT_TOKENS, 3 * WIDTH)?, tokens("picture", patches, 3 * WIDTH)?);
    b.items(patches + 2 * PROMPT_TOKENS).try_iter(|| attention.forward(&prompt, &picture))
}

/// 384 features to 1536 and back, for each patch.
#[benchmark]
fn feed_forward(b: &mut Bencher) -> Result<()> {
    let layer = FeedForward::new(WIDTH, &WEIGHTS.weights(&Device::Cpu))?;
    let picture = tokens("picture", PATCHES, WIDTH)?;
    b.items(PATCHES).try_iter(|| layer.forward(&picture))
}

/// Shift, scale and gate from time and prompt, and the patches modulated by them.
#[benchmark]
fn modulation(b: &mut Bencher) -> Result<()> {
    let layer = Modulation::new(WIDTH, 6, &WEIGHTS.weights(&Device::Cpu))?;
    let (picture, embedding) = (tokens("picture", PATCHES, WIDTH)?, embedding()?);
    b.try_iter(|| {
        let parts = layer.forward(&embedding)?;
        modulate(&picture, &parts[0], &parts[1])
    })
}

/// Latents of 32 × 32 to 256 patches.
#[benchmark]
fn patch_embedding(b: &mut Bencher) -> Result<()> {
    let layer = PatchEmbedder::new(2, 16, WIDTH, &WEIGHTS.weights(&Device::Cpu))?;
    let latents = INPUTS.uniform("latents", (1, 16, 32, 32), -1.7, 1.7, &Device::Cpu)?;
    b.try_iter(|| layer.forward(&latents))
}

/// 256 patches to latents of 32 × 32.
#[benchmark]
fn unpatchify(b: &mut Bencher) -> Result<()> {
    let (layer, patches) = (Unpatchifier { side: 2, channels: 16 }, tokens("patches", PATCHES, 64)?);
    b.try_iter(|| layer.unpatchify(&patches, 32, 32))
}

/// A time as sines and cosines, and two linear layers.
#[benchmark]
fn timestep_embedding(b: &mut Bencher) -> Result<()> {
    let layer = TimestepEmbedder::new(WIDTH, &WEIGHTS.weights(&Device::Cpu))?;
    let time = Tensor::new(&[501f32], &Device::Cpu)?;
    b.try_iter(|| layer.forward(&time, DType::F32))
}

/// A schedule of thirty steps.
#[benchmark]
fn schedule() -> Vec<Step> {
    rectified_flow(black_box(30))
}
