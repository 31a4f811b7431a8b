//! The steps from a text to audio, one at a time.

use bench_core::prelude::*;

use super::performance::SOUNDS;
use crate::axis::Threads;
use crate::piper_tts::{Recording, Scales, Speaker, SpeechError, clauses, sentences};

const SENTENCE: &str = "Every morning, the old sailor counts his boats.";

/// A text of twenty sentences to sentences, and those to clauses.
#[benchmark]
fn split(b: &mut Bencher) {
    let text = [SENTENCE; 20].join(" ");
    b.bytes(text.len()).iter(|| sentences(&text).map(|sentence| clauses(sentence).len()).sum::<usize>());
}

/// A sentence of two clauses to phonemes: two processes of espeak-ng.
#[benchmark]
fn phonemes(b: &mut Bencher) -> Result<()> {
    let phonemiser = crate::piper_tts::Phonemiser::new("espeak-ng", "en-us");
    phonemiser.phonemes(SENTENCE).map_err(SpeechError::or_skip)?;
    b.try_iter(|| phonemiser.phonemes(SENTENCE))
}

/// The network alone, on the sounds of a sentence.
#[benchmark]
fn network(b: &mut Bencher) -> Result<()> {
    let speaker = b.load(|| Speaker::load(Threads::All)).map_err(SpeechError::or_skip)?;
    let ids = speaker.voice().ids(SOUNDS);
    let ids = ids.ok_or_else(|| Error::failure("the voice has none of these sounds"))?;
    b.items(ids.len()).try_iter(|| speaker.speak(&ids, Scales::STEADY))
}

/// A second of audio to a WAV file; bytes are those of the file.
#[benchmark]
fn encode_wav(b: &mut Bencher) {
    let samples = (0..22_050).map(|n| 0.5 * (n as f32 * 0.05).sin()).collect();
    let recording = Recording { samples, sample_rate: 22_050 };
    b.bytes(recording.to_wav().len()).iter(|| recording.to_wav());
}
