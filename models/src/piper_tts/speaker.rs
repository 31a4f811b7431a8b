//! [`Speaker`]: a voice, ready to speak.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use super::SpeechError;
use super::phonemes::Phonemiser;
use super::recording::Recording;
use super::sentences::sentences;
use super::vits::{self, Scales, Vits};
use super::voice::Voice;
use crate::axis::Threads;
use crate::weights;

/// The voice that `models/weights/fetch` gets: Joe, American English.
const NETWORK: &str = "en_US-joe-medium.onnx";

/// A voice with everything that it needs to speak. One sentence is spoken at a time, by all cores.
pub struct Speaker {
    voice: Voice,
    phonemiser: Phonemiser,
    network: Mutex<Box<dyn Vits>>,
}

impl Speaker {
    /// Loads the fetched voice, to be computed on `threads`.
    ///
    /// # Errors
    /// If the voice, espeak-ng or ONNX Runtime is missing or damaged.
    pub fn load(threads: Threads) -> Result<Self, SpeechError> {
        Self::read(weights::file(NETWORK).map_err(Box::new)?, "espeak-ng", threads)
    }

    /// Loads the voice `network`, whose description is in the file next to it; `espeak` is a name in `$PATH` or a path.
    ///
    /// # Errors
    /// Same as [`load`](Self::load).
    pub fn read(network: PathBuf, espeak: &str, threads: Threads) -> Result<Self, SpeechError> {
        let voice = Voice::beside(&network)?;
        let phonemiser = Phonemiser::new(espeak, voice.espeak_voice());
        // A missing espeak-ng is an error now, not at the first sentence.
        phonemiser.phonemes("a")?;
        let network = Mutex::new(vits::load(&network, threads)?);
        Ok(Speaker { voice, phonemiser, network })
    }

    /// Returns the voice's description.
    pub fn voice(&self) -> &Voice {
        &self.voice
    }

    /// Returns the scales with which the voice was published; with them, speech varies from run to run.
    pub fn usual(&self) -> Scales {
        self.voice.inference().into()
    }

    /// Speaks `text`, and passes each sentence to `hear` as soon as it is spoken.
    ///
    /// # Errors
    /// If there is nothing to say, or espeak-ng or the network reports an error.
    pub fn stream(
        &self,
        text: &str,
        scales: Scales,
        mut hear: impl FnMut(Recording),
    ) -> Result<(), SpeechError> {
        let mut silent = true;
        for sentence in sentences(text) {
            let Some(ids) = self.voice.ids(&self.phonemiser.phonemes(sentence)?) else { continue };
            silent = false;
            hear(self.speak(&ids, scales)?);
        }
        if silent { Err(SpeechError::Nothing(text.to_owned())) } else { Ok(()) }
    }

    /// Speaks all of `text`.
    ///
    /// # Errors
    /// Same as [`stream`](Self::stream).
    pub fn say(&self, text: &str, scales: Scales) -> Result<Recording, SpeechError> {
        let mut all = Recording { samples: Vec::new(), sample_rate: self.voice.sample_rate() };
        self.stream(text, scales, |sentence| all.samples.extend(sentence.samples))?;
        Ok(all)
    }

    /// Speaks the sounds with these numbers.
    ///
    /// # Errors
    /// If the network reports an error.
    pub fn speak(&self, ids: &[i64], scales: Scales) -> Result<Recording, SpeechError> {
        self.speak_batch(ids, 1, scales)
    }

    /// Speaks the same sounds `batch` times at once; the recordings follow one another in the result.
    ///
    /// # Errors
    /// If the network reports an error.
    pub fn speak_batch(&self, ids: &[i64], batch: usize, scales: Scales) -> Result<Recording, SpeechError> {
        // A panic leaves no half-spoken sentence behind: the network keeps nothing between sentences.
        let mut network = self.network.lock().unwrap_or_else(PoisonError::into_inner);
        let samples = network.speak(&ids.repeat(batch), batch, scales)?;
        Ok(Recording { samples, sample_rate: self.voice.sample_rate() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_is_spoken_and_comes_before_the_next() {
        let speaker = match Speaker::load(Threads::All) {
            Ok(speaker) => speaker,
            Err(error) => {
                let absent = error.or_skip();
                let reason = absent.skip_reason().map(str::to_owned);
                return println!("not tested: {}", reason.unwrap_or_else(|| panic!("{absent}")));
            }
        };
        let text = "The quick brown fox jumps over the lazy dog. It does so every day.";
        let mut sentences = Vec::new();
        speaker
            .stream(text, speaker.usual(), |sentence| sentences.push(sentence.samples.len()))
            .expect("spoken");
        assert_eq!(sentences.len(), 2);
        let steady = || speaker.say(text, Scales::STEADY).expect("spoken");
        steady().expect_speech(text).expect("speech");
        steady().expect_same(&steady()).expect("the same twice");
        let ids = speaker.voice().ids("həlˈoʊ").expect("sounds");
        let once = speaker.speak(&ids, Scales::STEADY).expect("spoken");
        let twice = speaker.speak_batch(&ids, 2, Scales::STEADY).expect("spoken");
        assert_eq!(twice.samples.len(), 2 * once.samples.len());
        let apart = once.samples.iter().zip(&twice.samples[once.samples.len()..]);
        let most = apart.map(|(a, b)| (a - b).abs()).fold(0f32, f32::max);
        assert!(most < 1e-3, "{most}");
        assert!(matches!(speaker.say(" ... ", Scales::STEADY), Err(SpeechError::Nothing(_))));
    }
}
