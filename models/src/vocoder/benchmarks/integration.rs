//! Measures decoding from codes to a file that can be played.

use bench_core::prelude::*;
use candle_core::{DType, Device};

use super::frames;
use crate::kept::Kept;
use crate::load::LoadError;
use crate::vocoder::{SAMPLE_RATE_HZ, Vocoder, VocoderError};
use crate::wav;

/// 0.8 s of sound, as a WAV file. The weights are generated, so there is no right sound; it has to be the same twice
/// for its time to count.
#[benchmark(max_time = "3s")]
fn codes_to_wav(b: &mut Bencher) -> Result<()> {
    let vocoder = b.load(|| Vocoder::load(DType::F32, &Device::Cpu)).map_err(LoadError::or_skip)?;
    let frames = frames(10);
    let file = || Ok::<_, VocoderError>(wav::encode(&vocoder.decode(&frames)?, SAMPLE_RATE_HZ));
    let mut kept = Kept::default();
    b.count("frames", frames.len()).try_iter(|| file().map(|sound| kept.keep(sound)))?;
    // An error fails the case, figures and all.
    let (sound, again) = kept.both(file)?;
    if sound != again {
        return Err(VocoderError::Unstable.into());
    }
    b.artifact("sound.wav", sound)
}
