//! Measures speech from a text to a WAV file.

use bench_core::prelude::*;

use crate::axis::Threads;
use crate::piper_tts::{Scales, Speaker, SpeechError};

/// The text to be spoken.
const TEXT: &str = "Hello, and welcome. This voice is made by a small network, one sentence after another. \
                    Can you hear where one ends, and the next begins?";

/// Measures phonemes, network and WAV, for three sentences. The result must be speech, and without noise the same
/// twice, for its time to count.
#[benchmark(max_time = "6s")]
fn speak(b: &mut Bencher) -> Result<()> {
    let speaker = b.load(|| Speaker::load(Threads::All)).map_err(SpeechError::or_skip)?;
    let speak = || speaker.say(TEXT, speaker.usual()).map(|recording| recording.to_wav());
    b.items(TEXT.chars().count()).try_iter(speak)?;
    // After measuring, so that the first call is a first call; an error fails the case, figures and all.
    let steady = speaker.say(TEXT, Scales::STEADY)?;
    steady.expect_speech(TEXT)?;
    steady.expect_same(&speaker.say(TEXT, Scales::STEADY)?)?;
    b.artifact("speech.wav", speak()?)
}
