//! The pieces of the model: its vocabulary, and the layers of a block at their published widths.

use bench_core::prelude::*;
use candle_core::quantized::{GgmlDType, QMatMul, QTensor};
use candle_core::{Device, Module, Tensor};

use crate::generation::likeliest;
use crate::seeded::Seeded;
use crate::smollm2::{Precision, Size, SmolLm2};
use crate::weights::WeightsError;

const INPUTS: Seeded = Seeded::new(1);
const WEIGHTS: Seeded = Seeded::new(2);
const SIZE: Size = Size::SMOLLM2_135M;

/// Some 700 characters of English with digits and punctuation.
const TEXT: &str = "The first programs that could play chess were written in the 1950s, for machines with a few \
thousand words of memory. They looked at most two moves ahead, and lost to beginners. By 1970 programs searched \
some 10,000 positions a second; what had changed was less the rules by which a position was judged than the \
number of them. Today's programs read each position with a neural network, search fewer of them, and are stronger \
than any player who has ever lived. None of this was foreseen: in 1957 it was thought that a champion would be \
beaten within 10 years, in 1997, when it happened, that nothing was left to learn, and in 2017 a program that had \
been told only the rules learnt the rest in 4 hours.";

fn states(tokens: usize, width: usize) -> Result<Tensor> {
    Ok(INPUTS.uniform("states", (1, tokens, width), -1.0, 1.0, &Device::Cpu)?)
}

/// Text to tokens; bytes are those of the text.
#[benchmark]
fn encode(b: &mut Bencher) -> Result<()> {
    let model = b.load(|| SmolLm2::load(Precision::Q4_1, &Device::Cpu)).map_err(WeightsError::or_skip)?;
    b.bytes(TEXT.len()).try_iter(|| model.vocabulary().encode(TEXT))
}

/// Tokens to text, one at a time as they would be generated.
#[benchmark]
fn decode_streamed(b: &mut Bencher) -> Result<()> {
    let model = b.load(|| SmolLm2::load(Precision::Q4_1, &Device::Cpu)).map_err(WeightsError::or_skip)?;
    let tokens = model.vocabulary().encode(TEXT)?;
    b.count("tokens", tokens.len()).try_iter(|| {
        let mut streamed = model.vocabulary().streamed();
        let mut length = 0;
        for &token in &tokens {
            length += streamed(token)?.map_or(0, |piece| piece.len());
        }
        Ok::<_, Error>(length)
    })
}

/// The widest matrix of a block, 576 to 1536 in four bits, for one token as in decoding and for many as in prefill.
#[benchmark(args(tokens = [1, 64]))]
fn quantised_linear(b: &mut Bencher, tokens: usize) -> Result<()> {
    let shape = (SIZE.feed_forward, SIZE.hidden);
    let weight = WEIGHTS.uniform("weight", shape, -0.1, 0.1, &Device::Cpu)?;
    let layer = QMatMul::from_qtensor(QTensor::quantize(&weight, GgmlDType::Q4_1)?)?;
    let states = states(tokens, SIZE.hidden)?;
    b.count("tokens", tokens).try_iter(|| layer.forward(&states))
}

/// The last layer, 576 to 49 152 logits in eight bits, for one token.
#[benchmark]
fn logits(b: &mut Bencher) -> Result<()> {
    let weight = WEIGHTS.uniform("weight", (SIZE.vocabulary, SIZE.hidden), -0.1, 0.1, &Device::Cpu)?;
    let layer = QMatMul::from_qtensor(QTensor::quantize(&weight, GgmlDType::Q8_0)?)?;
    let states = states(1, SIZE.hidden)?;
    b.try_iter(|| layer.forward(&states))
}

/// The normalization before each half of a block.
#[benchmark(args(tokens = [1, 64]))]
fn rms_norm(b: &mut Bencher, tokens: usize) -> Result<()> {
    let layer = candle_nn::rms_norm(SIZE.hidden, 1e-5, WEIGHTS.weights(&Device::Cpu))?;
    let states = states(tokens, SIZE.hidden)?;
    b.count("tokens", tokens).try_iter(|| layer.forward(&states))
}

/// The choice of the likeliest of 49 152 tokens, and the check that all logits are finite.
#[benchmark]
fn choose(b: &mut Bencher) -> Result<()> {
    let logits = INPUTS.uniform("logits", (1, SIZE.vocabulary), -10.0, 10.0, &Device::Cpu)?;
    b.try_iter(|| likeliest(&logits))
}
