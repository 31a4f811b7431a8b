//! Sound at once, and as a stream.

use bench_core::prelude::*;
use bench_load::Load;
use bench_load::domain::Speech;
use bench_load::input::Texts;
use candle_core::Device;

use super::frames;
use crate::vocoder::{SAMPLE_RATE_HZ, Vocoder};

/// All frames at once, 80 ms of sound each: its time against their number is how it scales.
#[benchmark(args(frames = [1, 5, 25, 125]), ignore(frames = [125]), max_time = "3s")]
fn decode(b: &mut Bencher, frames: usize) -> Result<()> {
    let vocoder = b.load(|| Vocoder::load(&Device::Cpu))?;
    let codes = super::frames(frames);
    // Samples that are no numbers are an error.
    b.count("frames", frames).try_iter(|| vocoder.decode(&codes))
}

/// 1.2 s of sound, streamed in parts of three frames as a speech model writes them: TTFA, RTF, and whether a player
/// would run dry. There is no text; the names of the requests stand for it.
#[benchmark(rounds = 2)]
fn stream(b: &mut Bencher) -> Result<()> {
    let vocoder = b.load(|| Vocoder::load(&Device::Cpu))?;
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
