//! Reads answers of speech.

use std::time::Instant;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::whole::{json, unwrapped};
use super::{Answer, Head, Marks, Told};
use crate::failure::{Class, Failure};
use crate::reader::{Pcm, PcmFormat, WavStream};

/// Reads a WAV file or raw samples, which it recognizes by the head and the first bytes.
pub(super) struct Audio {
    /// Whether the body is sent as it is generated. Otherwise there is no first output before all of it has arrived.
    streamed: bool,
    /// The rate of raw samples, in Hz; `None` if it is not known.
    sample_rate: Option<u32>,
    content_type: String,
    first: Vec<u8>,
    form: Option<Form>,
    last_output: Option<Instant>,
}

enum Form {
    Wav(WavStream),
    Raw(Pcm),
}

impl Audio {
    pub(super) fn new(head: &Head, sample_rate: Option<u32>) -> Self {
        Audio {
            streamed: head.streamed,
            sample_rate: head.sample_rate.or(sample_rate),
            content_type: head.content_type.clone(),
            first: Vec::new(),
            form: None,
            last_output: None,
        }
    }

    /// Recognizes the form by the first four bytes.
    fn form(&self) -> Result<Form, Failure> {
        if self.first.starts_with(b"RIFF") {
            return Ok(Form::Wav(WavStream::default()));
        }
        let is_raw = ["", "audio/pcm", "audio/l16", "audio/raw", "application/octet-stream"]
            .contains(&self.content_type.as_str());
        match self.sample_rate {
            _ if !is_raw => Err(Failure::new(
                Class::Malformed,
                format!(
                    "expected WAV or raw samples, whose duration is known, found {}: ask for `wav` or `pcm`",
                    self.content_type
                ),
            )),
            None => Err(Failure::new(
                Class::Malformed,
                "raw samples of an unknown rate: the answer has no X-Sample-Rate; give the rate (`--sample-rate`)",
            )),
            Some(rate) => Ok(Form::Raw(Pcm::new(PcmFormat::s16le(rate)))),
        }
    }

    fn take(&mut self, piece: &[u8], at: Instant, marks: &mut dyn Marks) -> Result<(), Failure> {
        let samples = match &mut self.form {
            Some(Form::Wav(wav)) => wav.bytes(piece)?,
            Some(Form::Raw(pcm)) => pcm.bytes(piece),
            None => 0,
        };
        if samples > 0 {
            self.last_output = Some(at);
            if self.streamed {
                marks.output(at, Some(u32::try_from(samples).unwrap_or(u32::MAX)));
            }
        }
        Ok(())
    }
}

impl Answer for Audio {
    fn bytes(&mut self, piece: &[u8], at: Instant, marks: &mut dyn Marks) -> Result<(), Failure> {
        if self.form.is_some() {
            return self.take(piece, at, marks);
        }
        self.first.extend_from_slice(piece);
        if self.first.len() < 4 {
            return Ok(());
        }
        self.form = Some(self.form()?);
        let first = std::mem::take(&mut self.first);
        self.take(&first, at, marks)
    }

    fn end(&mut self, _at: Instant, marks: &mut dyn Marks) -> Result<Told, Failure> {
        let (format, samples, sounds, container) = match &self.form {
            None => return Err(Failure::new(Class::Empty, "the answer contains no audio")),
            Some(Form::Wav(wav)) => {
                wav.end()?;
                match wav.body() {
                    Some((head, pcm)) => (head.format, pcm.samples(), pcm.sounds(), "wav"),
                    None => return Err(Failure::new(Class::Empty, "the answer contains no audio")),
                }
            }
            Some(Form::Raw(pcm)) => {
                if pcm.left_over() > 0 {
                    return Err(Failure::new(Class::Cut, "the audio ends within a sample"));
                }
                (pcm.format(), pcm.samples(), pcm.sounds(), "pcm")
            }
        };
        let last =
            self.last_output.ok_or_else(|| Failure::new(Class::Empty, "the answer contains no sample"))?;
        marks.end(last);
        let warning = (!sounds).then(|| "all samples are silent".to_owned());
        Ok(Told::Speech { samples, format, container, warning })
    }
}

/// Reads a WAV file as base64 in JSON, the answer of `POST /tts/synthesize`.
#[derive(Debug, Default)]
pub(super) struct InJson {
    body: Vec<u8>,
}

impl Answer for InJson {
    fn bytes(&mut self, piece: &[u8], _at: Instant, _marks: &mut dyn Marks) -> Result<(), Failure> {
        self.body.extend_from_slice(piece);
        Ok(())
    }

    fn end(&mut self, at: Instant, marks: &mut dyn Marks) -> Result<Told, Failure> {
        let value = json(&self.body)?;
        let audio = unwrapped(&value).get("audio_base64").and_then(Value::as_str).ok_or_else(|| {
            Failure::new(Class::Malformed, "expected `audio_base64` in the answer, found none")
        })?;
        let bytes = STANDARD.decode(audio).map_err(|error| {
            Failure::new(Class::Malformed, format!("`audio_base64` is not base64: {error}"))
        })?;
        let head = Head { content_type: "audio/wav".to_owned(), ..Head::default() };
        let mut audio = Audio::new(&head, None);
        audio.bytes(&bytes, at, marks)?;
        audio.end(at, marks)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::read;
    use super::super::{Kind, Settings};
    use super::*;

    fn head(content_type: &str, streamed: bool, sample_rate: Option<u32>) -> Head {
        Head { content_type: content_type.to_owned(), streamed, sample_rate }
    }

    fn class(told: Result<Told, Failure>) -> Class {
        told.expect_err("a failure").class
    }

    #[test]
    fn raw_samples_are_marked_as_they_become_whole() {
        let settings = Settings { sample_rate: Some(8_000), ..Settings::default() };
        let pieces: [&[u8]; 3] = [&[1], &[2, 3, 4, 5], &[6, 7, 8]];
        let (told, outputs, _, end) =
            read(Kind::TtsStream, &settings, &head("audio/pcm", true, Some(16_000)), &pieces);
        // Four bytes are needed to know that it is not a WAV file.
        assert_eq!((outputs, end), (vec![(1, Some(2)), (2, Some(2))], Some(2)));
        let format = PcmFormat::s16le(16_000);
        assert_eq!(told, Ok(Told::Speech { samples: 4, format, container: "pcm", warning: None }));
    }

    #[test]
    fn a_rate_is_never_guessed() {
        let (told, ..) =
            read(Kind::TtsStream, &Settings::default(), &head("audio/pcm", true, None), &[&[0; 8]]);
        assert!(told.expect_err("a failure").message.contains("--sample-rate"));
        let (told, ..) =
            read(Kind::Speech, &Settings::default(), &head("audio/mpeg", true, None), &[b"ID3\x04"]);
        assert_eq!(class(told), Class::Malformed);
    }

    #[test]
    fn silence_is_told_and_half_a_sample_is_cut() {
        let settings = Settings { sample_rate: Some(8_000), ..Settings::default() };
        let raw = |bytes: &[u8]| read(Kind::Speech, &settings, &head("audio/pcm", false, None), &[bytes]);
        let (told, outputs, ..) = raw(&[0; 8]);
        assert!(matches!(told, Ok(Told::Speech { warning: Some(_), samples: 4, .. })), "{told:?}");
        assert_eq!(outputs, []);
        assert_eq!(class(raw(&[0; 9]).0), Class::Cut);
        assert_eq!(class(raw(&[]).0), Class::Empty);
    }

    #[test]
    fn wav_in_json_is_found_with_and_without_an_envelope() {
        let mut wav = b"RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0\x01\0\x01\0".to_vec();
        wav.extend_from_slice(&24_000u32.to_le_bytes());
        wav.extend_from_slice(&48_000u32.to_le_bytes());
        wav.extend_from_slice(b"\x02\0\x10\0data\x04\0\0\0\x01\x02\x03\x04");
        let audio = STANDARD.encode(&wav);
        let json = head("application/json", false, None);
        for body in [
            format!(r#"{{"audio_base64":"{audio}","sample_rate":24000}}"#),
            format!(r#"{{"data":{{"audio_base64":"{audio}"}}}}"#),
        ] {
            let (told, ..) = read(Kind::TtsSynthesize, &Settings::default(), &json, &[body.as_bytes()]);
            assert!(matches!(told, Ok(Told::Speech { samples: 2, .. })), "{told:?}");
        }
        let (told, ..) =
            read(Kind::TtsSynthesize, &Settings::default(), &json, &[b"{\"error\":\"no voice\"}"]);
        assert_eq!(class(told), Class::InAnswer);
    }
}
