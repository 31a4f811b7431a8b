//! Decoding of whole sounds, and as a stream.

use bench_core::prelude::*;
use bench_load::Load;
use bench_load::domain::Speech;
use bench_load::input::Texts;
use candle_core::{DType, Device};

use super::frames;
use crate::axis::{DTYPES, DTYPES_ON_REQUEST, Place, Threads, expect_convolutions};
use crate::load::LoadError;
use crate::vocoder::{SAMPLE_RATE_HZ, Vocoder, expect_batches};

/// All frames at once, 80 ms of sound each: how the time depends on `frames` shows how decoding scales.
#[benchmark(args(frames = [1, 5, 25, 125]), ignore(frames = [125]), max_time = "3s")]
fn decode(b: &mut Bencher, frames: usize) -> Result<()> {
    let vocoder = b.load(|| Vocoder::load(DType::F32, &Device::Cpu)).map_err(LoadError::or_skip)?;
    let codes = super::frames(frames);
    // Samples that are not finite are an error.
    b.count("frames", frames).try_iter(|| vocoder.decode(&codes))
}

/// Several sounds at once, of five frames each. Skipped if candle computes batches wrongly.
#[benchmark(
    args(batch = [1, 2, 4, 8], dtype = DTYPES, device = Place::ALL, threads = Threads::ALL),
    ignore(batch = [8], dtype = DTYPES_ON_REQUEST, device = Place::ON_REQUEST, threads = Threads::ON_REQUEST),
    max_time = "3s"
)]
fn decode_batch(b: &mut Bencher, batch: usize, dtype: DType, device: Place, threads: Threads) -> Result<()> {
    threads.take()?;
    let device = device.open(b)?;
    expect_convolutions(dtype, &device)?;
    if batch > 1 {
        expect_batches(&device)?;
    }
    let vocoder = b.load(|| Vocoder::load(dtype, &device)).map_err(LoadError::or_skip)?;
    let codes = frames(5 * batch);
    // Samples that are not finite are an error.
    b.count("frames", codes.len()).count("sounds", batch).try_iter(|| vocoder.decode_batch(&codes, batch))
}

/// Streams 1.2 s of sound, in parts of three frames as a speech model writes them: TTFA, RTF, and whether playback
/// would stall. There is no text; the names of the requests replace it.
#[benchmark(rounds = 2)]
fn stream(b: &mut Bencher) -> Result<()> {
    let vocoder = b.load(|| Vocoder::load(DType::F32, &Device::Cpu)).map_err(LoadError::or_skip)?;
    let frames = frames(15);
    Load::single_stream().requests(4).run(b, Texts::list(["a", "b", "c", "d"]), |_name, request| {
        let mut stream = vocoder.stream();
        let mut samples = 0;
        for part in frames.chunks(3) {
            let heard = stream.push(part)?.len();
            if heard > 0 {
                request.output();
            }
            samples += heard;
        }
        Ok::<_, Error>(Speech::new("", samples, SAMPLE_RATE_HZ))
    })
}
