//! [`Voice`]: the description next to a network of the Piper project.

use std::collections::HashMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::SpeechError;

/// The description of a voice: the numbers of sounds, and its settings.
#[derive(Clone, Debug, Deserialize)]
pub struct Voice {
    audio: Audio,
    espeak: Espeak,
    inference: Inference,
    phoneme_id_map: HashMap<String, Vec<i64>>,
}

#[derive(Clone, Debug, Deserialize)]
struct Audio {
    sample_rate: u32,
}

#[derive(Clone, Debug, Deserialize)]
struct Espeak {
    voice: String,
}

#[derive(Clone, Copy, Debug, Deserialize)]
pub(super) struct Inference {
    pub(super) noise_scale: f32,
    pub(super) length_scale: f32,
    pub(super) noise_w: f32,
}

/// The marks before the first sound, after the last one, and between any two.
const MARKS: [&str; 3] = ["^", "$", "_"];

impl Voice {
    /// Reads the description next to `network`: its path with `.json` at the end.
    ///
    /// # Errors
    /// If there is no network or no description, or if the description is not that of a voice.
    pub fn beside(network: &Path) -> Result<Self, SpeechError> {
        if !network.is_file() {
            return Err(SpeechError::NoVoice { path: network.into() });
        }
        let path = PathBuf::from(format!("{}.json", network.display()));
        let text = fs::read(&path).map_err(|source| match source.kind() {
            ErrorKind::NotFound => SpeechError::NoDescription { network: network.into(), path: path.clone() },
            _ => SpeechError::Unreadable { path: path.clone(), source },
        })?;
        let bad = |reason: String| SpeechError::BadDescription { path: path.clone(), reason };
        let voice: Voice = serde_json::from_slice(&text).map_err(|error| bad(error.to_string()))?;
        if let Some(mark) = MARKS.iter().find(|mark| !voice.phoneme_id_map.contains_key(**mark)) {
            return Err(bad(format!("its `phoneme_id_map` has no number for `{mark}`")));
        }
        if voice.audio.sample_rate == 0 {
            return Err(bad("its sample rate is 0".to_owned()));
        }
        Ok(voice)
    }

    /// Returns the sample rate of its audio.
    pub fn sample_rate(&self) -> u32 {
        self.audio.sample_rate
    }

    /// Returns the name of the voice in espeak-ng.
    pub fn espeak_voice(&self) -> &str {
        &self.espeak.voice
    }

    pub(super) fn inference(&self) -> Inference {
        self.inference
    }

    /// Returns the numbers of `phonemes`, with marks at the beginning, at the end and between any two. Sounds that the
    /// voice does not have are left out; `None` if it has none of them.
    pub fn ids(&self, phonemes: &str) -> Option<Vec<i64>> {
        let number = |sound: &str| self.phoneme_id_map.get(sound).into_iter().flatten().copied();
        let mut ids: Vec<i64> = number("^").chain(number("_")).collect();
        let before = ids.len();
        let mut buffer = [0; 4];
        for sound in phonemes.chars() {
            let sound: &str = sound.encode_utf8(&mut buffer);
            if self.phoneme_id_map.contains_key(sound) {
                ids.extend(number(sound).chain(number("_")));
            }
        }
        let known = ids.len() > before;
        ids.extend(number("$"));
        known.then_some(ids)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DESCRIPTION: &str = r#"{
        "audio": {"sample_rate": 22050}, "espeak": {"voice": "en-us"},
        "inference": {"noise_scale": 0.667, "length_scale": 1, "noise_w": 0.8},
        "phoneme_id_map": {"_": [0], "^": [1], "$": [2], "a": [14], "ˈ": [120]}
    }"#;

    fn beside(description: Option<&str>) -> Result<Voice, SpeechError> {
        let folder = tempfile::tempdir().expect("temporary folder");
        let network = folder.path().join("voice.onnx");
        fs::write(&network, "a network").expect("written");
        if let Some(description) = description {
            fs::write(folder.path().join("voice.onnx.json"), description).expect("written");
        }
        Voice::beside(&network)
    }

    #[test]
    fn sounds_become_numbers_between_marks() {
        let voice = beside(Some(DESCRIPTION)).expect("voice");
        assert_eq!(voice.ids("ˈa"), Some(vec![1, 0, 120, 0, 14, 0, 2]));
        assert_eq!(voice.ids("aχa"), Some(vec![1, 0, 14, 0, 14, 0, 2]), "an unknown sound is left out");
        assert_eq!(voice.ids("χ"), None);
    }

    #[test]
    fn a_voice_without_its_description_names_the_file() {
        let said = beside(None).expect_err("no description").to_string();
        assert!(
            said.contains("voice.onnx lacks its description") && said.contains("voice.onnx.json"),
            "{said}"
        );
        let error = Voice::beside(Path::new("/nowhere/voice.onnx")).expect_err("no voice");
        assert!(error.or_skip().skip_reason().is_some_and(|reason| reason.contains("--only piper_tts")));
    }

    #[test]
    fn what_describes_no_voice_says_why() {
        for (description, reason) in [
            ("no JSON", "expected"),
            ("{}", "missing field `audio`"),
            (&DESCRIPTION[..120], "EOF"),
            (&DESCRIPTION.replace("\"^\": [1], ", ""), "no number for `^`"),
            (&DESCRIPTION.replace("22050", "0"), "sample rate is 0"),
        ] {
            let said = beside(Some(description)).expect_err(reason).to_string();
            assert!(said.contains("voice.onnx.json does not describe") && said.contains(reason), "{said}");
        }
    }
}
