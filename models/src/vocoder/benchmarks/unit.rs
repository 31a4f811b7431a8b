//! The layers of the decoder, one at a time, at their published widths.

use bench_core::prelude::*;
use candle_core::{Device, Module, Tensor};
use candle_nn::{Conv1dConfig, ConvTranspose1dConfig};

use crate::seeded::Seeded;
use crate::vocoder::FRAME_SAMPLES;
use crate::wav;

const INPUTS: Seeded = Seeded::new(1);
const WEIGHTS: Seeded = Seeded::new(2);

fn signal(channels: usize, length: usize) -> Result<Tensor> {
    Ok(INPUTS.uniform("signal", (1, channels, length), -1.0, 1.0, &Device::Cpu)?)
}

/// The first upsampling of ten frames: 1024 channels to 512, eight times as long.
#[benchmark]
fn transposed_convolution(b: &mut Bencher) -> Result<()> {
    let config = ConvTranspose1dConfig { stride: 8, ..Default::default() };
    let layer = candle_nn::conv_transpose1d(1024, 512, 16, config, WEIGHTS.weights(&Device::Cpu))?;
    let signal = signal(1024, 20)?;
    b.try_iter(|| layer.forward(&signal))
}

/// The last convolution of ten frames: 64 channels to sound.
#[benchmark]
fn convolution(b: &mut Bencher) -> Result<()> {
    let layer = candle_nn::conv1d(64, 1, 3, Conv1dConfig::default(), WEIGHTS.weights(&Device::Cpu))?;
    let signal = signal(64, 10 * FRAME_SAMPLES)?;
    b.try_iter(|| layer.forward(&signal))
}

/// Measures the activation between convolutions, over 64 channels of ten frames.
#[benchmark]
fn elu(b: &mut Bencher) -> Result<()> {
    let signal = signal(64, 10 * FRAME_SAMPLES)?;
    b.try_iter(|| signal.elu(1.0))
}

/// A second of samples to a WAV file.
#[benchmark]
fn encode_wav(b: &mut Bencher) -> Result<()> {
    let samples: Vec<f32> = signal(1, 24_000)?.flatten_all()?.to_vec1()?;
    b.bytes(wav::HEADER_BYTES + 2 * samples.len()).iter(|| wav::encode(&samples, 24_000));
    Ok(())
}
