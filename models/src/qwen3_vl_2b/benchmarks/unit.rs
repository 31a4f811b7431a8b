//! The pieces of the model, one at a time, at the published widths; weights are generated.

use bench_core::prelude::*;
use candle_core::{DType, Device, Module, Tensor};

use crate::photograph::Photograph;
use crate::qwen3_vl_2b::{Config, Patches};
use crate::seeded::Seeded;

const INPUTS: Seeded = Seeded::new(1);
const WEIGHTS: Seeded = Seeded::new(2);
const CONFIG: Config = Config::FULL;

fn states(tokens: usize, width: usize, dtype: DType) -> Result<Tensor> {
    Ok(INPUTS.uniform("states", (tokens, width), -1.0, 1.0, &Device::Cpu)?.to_dtype(dtype)?)
}

/// 640 × 427 pixels to 1040 patches of 16 × 16: scaling, normalizing, cutting.
#[benchmark]
fn patches(b: &mut Bencher) -> Result<()> {
    let photograph = Photograph::synthetic(640, 427);
    b.try_iter(|| Patches::of(&photograph, &CONFIG, &Device::Cpu))
}

/// 256 patches to states of the vision tower.
#[benchmark(args(dtype = [DType::F32, DType::F16]))]
fn patch_embedding(b: &mut Bencher, dtype: DType) -> Result<()> {
    let (values, hidden) = (CONFIG.vision.patch_values(), CONFIG.vision.hidden);
    let layer = candle_nn::linear(values, hidden, WEIGHTS.weights_as(dtype, &Device::Cpu))?;
    let patches = states(256, values, dtype)?;
    b.try_iter(|| layer.forward(&patches))
}

/// The widest matrix of the language model, 2048 to 6144, for one token as in decoding and for many as in prefill.
#[benchmark(args(tokens = [1, 64], dtype = [DType::F32, DType::F16]))]
fn linear(b: &mut Bencher, tokens: usize, dtype: DType) -> Result<()> {
    let (hidden, feed_forward) = (CONFIG.language.hidden, CONFIG.language.feed_forward);
    let layer = candle_nn::linear_no_bias(hidden, feed_forward, WEIGHTS.weights_as(dtype, &Device::Cpu))?;
    let states = states(tokens, hidden, dtype)?;
    b.count("tokens", tokens).try_iter(|| layer.forward(&states))
}

/// Rotary positions of the queries of 64 tokens: 16 heads, 128 wide.
#[benchmark]
fn rotate(b: &mut Bencher) -> Result<()> {
    let (heads, head) = (CONFIG.language.heads, CONFIG.language.head);
    let queries = INPUTS.uniform("queries", (1, heads, 64, head), -1.0, 1.0, &Device::Cpu)?;
    let angles = |name| INPUTS.uniform(name, (64, head / 2), -1.0, 1.0, &Device::Cpu);
    let (cosines, sines) = (angles("cosines")?, angles("sines")?);
    b.try_iter(|| candle_nn::rotary_emb::rope(&queries, &cosines, &sines))
}

/// Normalization over 2048 values of each of 64 tokens.
#[benchmark]
fn rms_norm(b: &mut Bencher) -> Result<()> {
    let layer = candle_nn::rms_norm(CONFIG.language.hidden, 1e-6, WEIGHTS.weights(&Device::Cpu))?;
    let states = states(64, CONFIG.language.hidden, DType::F32)?;
    b.try_iter(|| layer.forward(&states))
}
