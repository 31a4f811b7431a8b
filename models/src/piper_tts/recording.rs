//! [`Recording`]: the generated speech.

use crate::wav;

/// Mono audio of floating-point samples.
#[derive(Clone, Debug, PartialEq)]
pub struct Recording {
    /// The samples, from −1 to 1.
    pub samples: Vec<f32>,
    /// The number of samples per second.
    pub sample_rate: u32,
}

/// The reasons why a recording is unlikely to be speech of a text.
#[derive(Debug, thiserror::Error)]
pub enum UnlikelySpeech {
    /// A sample that is not a number.
    #[error("sample {place} is {value}: the network has overflowed")]
    NotFinite {
        /// The index of the sample.
        place: usize,
        /// NaN or an infinity.
        value: f32,
    },
    /// The recording is silent.
    #[error("the recording is silent: its samples have a root mean square of {0:.5}")]
    Silent(f32),
    /// The speech is too fast, or too slow.
    #[error("{characters} characters in {seconds:.2} s: English is spoken at 5 to 35 characters a second")]
    Pace {
        /// Characters of the text.
        characters: usize,
        /// Length of the recording, in seconds.
        seconds: f32,
    },
    /// Two runs without anything random gave different results.
    #[error("two runs without noise differ: {first} samples, then {second}; by up to {most}")]
    Unstable {
        /// The number of samples of the first run.
        first: usize,
        /// The number of samples of the second run.
        second: usize,
        /// The largest difference.
        most: f32,
    },
}

impl Recording {
    /// Returns its length, in seconds.
    pub fn seconds(&self) -> f32 {
        self.samples.len() as f32 / self.sample_rate as f32
    }

    /// Returns the bytes of a WAV file of 16-bit samples, as loud as possible without clipping.
    pub fn to_wav(&self) -> Vec<u8> {
        /// The lowest peak that is scaled to full loudness: quieter recordings are silence.
        const LEAST_PEAK: f32 = 0.01;
        let peak = self.samples.iter().fold(LEAST_PEAK, |peak, sample| peak.max(sample.abs()));
        let loud: Vec<f32> = self.samples.iter().map(|sample| sample / peak).collect();
        wav::encode(&loud, self.sample_rate)
    }

    /// Checks that this can be speech with the text `text`.
    ///
    /// # Errors
    /// The reason why that is unlikely.
    pub fn expect_speech(&self, text: &str) -> Result<(), UnlikelySpeech> {
        if let Some(place) = self.samples.iter().position(|sample| !sample.is_finite()) {
            return Err(UnlikelySpeech::NotFinite { place, value: self.samples[place] });
        }
        let (characters, seconds) = (text.chars().count(), self.seconds());
        if !(5.0..=35.0).contains(&(characters as f32 / seconds)) {
            return Err(UnlikelySpeech::Pace { characters, seconds });
        }
        let power =
            self.samples.iter().map(|sample| sample * sample).sum::<f32>() / self.samples.len() as f32;
        if power.sqrt() < 0.01 { Err(UnlikelySpeech::Silent(power.sqrt())) } else { Ok(()) }
    }

    /// Checks that another run without noise gave the same speech, except for rounding: sums may be taken in another
    /// order.
    ///
    /// # Errors
    /// [`Unstable`](UnlikelySpeech::Unstable).
    pub fn expect_same(&self, other: &Recording) -> Result<(), UnlikelySpeech> {
        let (first, second) = (self.samples.len(), other.samples.len());
        let pairs = self.samples.iter().zip(&other.samples);
        let most = pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        if first == second && most <= 1e-3 {
            return Ok(());
        }
        Err(UnlikelySpeech::Unstable { first, second, most })
    }
}

#[cfg(test)]
mod tests {
    use bench_load::media::Wav;

    use super::*;

    /// A second of a tone.
    fn tone(loudness: f32) -> Recording {
        let samples = (0..22_050).map(|n| loudness * (n as f32 * 0.05).sin()).collect();
        Recording { samples, sample_rate: 22_050 }
    }

    #[test]
    fn a_wav_says_how_long_it_is() {
        let wav = tone(0.5).to_wav();
        let read = Wav::read(&wav).expect("a WAV file");
        assert_eq!((read.samples, read.sample_rate, read.channels), (22_050, 22_050, 1));
        let loudest = wav[44..].chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).max();
        assert!(loudest.is_some_and(|loudest| loudest > 32_700), "{loudest:?}");
    }

    #[test]
    fn what_is_no_speech_is_refused() {
        let text = "Fifteen letters";
        tone(0.5).expect_speech(text).expect("it could be");
        assert!(matches!(tone(0.001).expect_speech(text), Err(UnlikelySpeech::Silent(_))));
        assert!(matches!(tone(0.5).expect_speech("Hm"), Err(UnlikelySpeech::Pace { .. })));
        assert!(matches!(tone(f32::NAN).expect_speech(text), Err(UnlikelySpeech::NotFinite { .. })));
        tone(0.5).expect_same(&tone(0.5)).expect("the same");
        assert!(tone(0.5).expect_same(&tone(0.6)).is_err());
    }
}
