//! Speech under load, and by the length of the text.

use bench_core::prelude::*;
use bench_load::Load;
use bench_load::domain::Speech;
use bench_load::input::Texts;
use candle_core::DType;

use crate::axis::{DTYPES, DTYPES_ON_REQUEST, Place, Threads, expect_type};
use crate::kept::Kept;
use crate::piper_tts::{Scales, Speaker, SpeechError};

/// The sounds of "Every morning, the old sailor counts his boats."
pub(super) const SOUNDS: &str = "ˈɛvɹi mˈɔːɹnɪŋ, ðɪ ˈoʊld sˈeɪlɚ kˈaʊnts hɪz bˈoʊts.";

/// Requests for texts of 50 to 200 characters, heard sentence by sentence.
#[benchmark(args(concurrency = [1, 2]), rounds = 2, max_time = "8s")]
fn synthesize(b: &mut Bencher, concurrency: usize) -> Result<()> {
    let speaker = b.load(|| Speaker::load(Threads::All)).map_err(SpeechError::or_skip)?;
    let rate = speaker.voice().sample_rate();
    Load::closed(concurrency).requests(8).run(b, Texts::seeded(20, 50..=200), |text: &String, request| {
        let mut samples = 0;
        speaker.stream(text, speaker.usual(), |sentence| {
            samples += sentence.samples.len();
            request.output();
        })?;
        Ok::<_, SpeechError>(Speech::new(text, samples, rate))
    })
}

/// The network alone, on the sounds of a sentence, several times at once. The voice is f32 and runs on the processor.
#[benchmark(
    args(batch = [1, 2, 4], dtype = DTYPES, device = Place::ALL, threads = Threads::ALL),
    ignore(dtype = DTYPES_ON_REQUEST, device = Place::ON_REQUEST, threads = Threads::ON_REQUEST),
    max_time = "3s"
)]
fn speak_batch(b: &mut Bencher, batch: usize, dtype: DType, device: Place, threads: Threads) -> Result<()> {
    expect_type(dtype, DType::F32, "the voice")?;
    device.expect_processor("the voice")?;
    threads.take()?;
    let speaker = b.load(|| Speaker::load(threads)).map_err(SpeechError::or_skip)?;
    let ids =
        speaker.voice().ids(SOUNDS).ok_or_else(|| Error::failure("the voice has none of these sounds"))?;
    let speak = || speaker.speak_batch(&ids, batch, Scales::STEADY);
    let mut kept = Kept::default();
    b.count("sentences", batch).try_iter(|| speak().map(|spoken| kept.keep(spoken)))?;
    // An error fails the case, figures and all.
    let (one, other) = kept.both(speak)?;
    Ok(one.expect_same(&other)?)
}

/// One sentence, by its length in words.
#[benchmark(args(words = [4, 8, 16, 32]), max_time = "3s")]
fn sentence(b: &mut Bencher, words: usize) -> Result<()> {
    const WORDS: [&str; 8] = ["every", "morning", "the", "old", "sailor", "counts", "his", "boats"];
    let speaker = b.load(|| Speaker::load(Threads::All)).map_err(SpeechError::or_skip)?;
    let text = WORDS.into_iter().cycle().take(words).collect::<Vec<_>>().join(" ");
    let say = || speaker.say(&text, Scales::STEADY);
    let mut kept = Kept::default();
    b.items(text.chars().count()).try_iter(|| say().map(|spoken| kept.keep(spoken)))?;
    // An error fails the case, figures and all.
    let (one, other) = kept.both(say)?;
    one.expect_speech(&text)?;
    Ok(one.expect_same(&other)?)
}
