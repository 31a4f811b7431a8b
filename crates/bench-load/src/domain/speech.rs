//! Text to speech.

use bench_protocol::Better;
use bench_syntax::quantity::Seconds;

use super::streaming::{first_output_s, outputs, since};
use super::{Answer, Derived, Domain, Figure, Quantity, Rate, Ratio, Response, Seen, nothing_missing};
use crate::media::Wav;
use crate::request::MarkKind;

/// Text to speech: audio per second, and how soon and how steadily it arrives.
///
/// | metric | formula |
/// |---|---|
/// | ASPS | Σ audio duration / W |
/// | RTF | service latency / audio duration, of each request |
/// | RTF aggregate | Σ service latency / Σ audio duration |
/// | CPS | Σ characters of the text / W |
/// | TTFA | first output − sent |
/// | underrun | seconds in which a player that starts at the first output would have run dry |
/// | continuity | share of requests without underrun |
///
/// `W` is the wall time of the window. The audio duration is samples / sample rate; audio without a length or a rate
/// has no duration, and does not count in metrics that need one. TTFA, underrun and continuity need marks
/// ([`Request::output`](crate::Request::output)), the last two at least two marks for each request. Outputs without a
/// number of samples ([`Request::output_of`](crate::Request::output_of)) are assumed to be equal parts of the whole.
pub const SPEECH: Domain = Domain {
    name: "speech",
    primary: "ASPS",
    columns: &[
        "samples",
        "sample_rate_hz",
        "channels",
        "bit_depth",
        "audio_duration_s",
        "audio_bytes",
        "text_characters",
    ],
    derived: &[
        Derived { column: "ttfa_s", of: first_output_s },
        Derived { column: "rtf", of: rtf },
        Derived { column: "underrun_s", of: underrun_s },
    ],
    rates: &[
        Rate { name: "ASPS", unit: "audio s/s", of: audio_duration_s },
        Rate { name: "CPS", unit: "chars/s", of: |seen| seen.value(TEXT_CHARACTERS) },
    ],
    ratios: &[Ratio {
        name: "RTF aggregate",
        unit: "ratio",
        over: |seen| Some(seen.times.service_latency_s()),
        under: audio_duration_s,
        better: Better::Lower,
    }],
    quantities: &[
        Quantity {
            name: "RTF",
            unit: "ratio",
            of: |seen, each| rtf(seen).into_iter().for_each(each),
            better: Better::Lower,
            figures: &[Figure::Mean, Figure::P50, Figure::P95, Figure::P99],
        },
        Quantity {
            name: "TTFA",
            unit: "s",
            of: |seen, each| first_output_s(seen).into_iter().for_each(each),
            better: Better::Lower,
            figures: Figure::LATENCY,
        },
        Quantity {
            name: "underrun",
            unit: "s",
            of: |seen, each| underrun_s(seen).into_iter().for_each(each),
            better: Better::Lower,
            figures: &[Figure::Mean, Figure::P95],
        },
        Quantity {
            name: "continuity",
            unit: "ratio",
            of: |seen, each| {
                underrun_s(seen).map(|dry| f64::from(u8::from(dry == 0.0))).into_iter().for_each(each);
            },
            better: Better::Higher,
            figures: &[Figure::Share],
        },
    ],
    plots: &["ASPS", "RTF p95", "TTFA p95", "continuity"],
    missing: nothing_missing,
};

// Places in the columns of `SPEECH`.
const SAMPLES: usize = 0;
const SAMPLE_RATE: usize = 1;
const CHANNELS: usize = 2;
const BIT_DEPTH: usize = 3;
const AUDIO_DURATION: usize = 4;
const AUDIO_BYTES: usize = 5;
const TEXT_CHARACTERS: usize = 6;

fn audio_duration_s(seen: &Seen<'_>) -> Option<f64> {
    seen.value(AUDIO_DURATION)
}

/// `service latency / audio duration`.
fn rtf(seen: &Seen<'_>) -> Option<f64> {
    audio_duration_s(seen).map(|duration| seen.times.service_latency_s() / duration)
}

/// Returns the seconds in which a player that starts at the first output has nothing to play; `None` without a
/// duration, or with fewer than two usable outputs.
///
/// Each of n outputs without a number of samples is taken to contain d = duration / n of audio. Had the player waited x
/// seconds before it started, output k (from 0) would have been needed at `first + x + k·d`; it never runs dry if x is
/// the largest of `arrival(k) − first − k·d`. The pauses of a player that does not wait add up to exactly this time.
///
/// Less than a nanosecond comes from rounding d, and counts as 0.
fn underrun_s(seen: &Seen<'_>) -> Option<f64> {
    let duration = audio_duration_s(seen)?;
    let count = outputs(seen)?.count();
    let first = outputs(seen)?.next().filter(|_| count >= 2)?;
    let part = duration / count as f64;
    let marks = || seen.times.marks.iter().filter(|mark| mark.kind == MarkKind::Output);
    let rate = seen.value(SAMPLE_RATE).filter(|_| marks().all(|mark| mark.holds.is_some()));
    let mut held = 0u64;
    let late = marks().enumerate().map(|(k, mark)| {
        let before_s = rate.map_or(k as f64 * part, |rate| held as f64 / rate);
        held += u64::from(mark.holds.unwrap_or_default());
        since(first, mark.at_ns) - before_s
    });
    Some(late.fold(0.0, f64::max)).map(|dry| if dry < 1e-9 { 0.0 } else { dry })
}

/// The longest plausible audio, in seconds: a constant, and a time for each character. A slow reader takes 0.1 s per
/// character.
const LONGEST_S: (f64, f64) = (10.0, 2.0);

/// The highest plausible number of characters per second: a fast reader reaches 25.
const FASTEST: f64 = 500.0;

/// Returns the reason to doubt a duration, if there is one.
fn implausible(duration_s: f64, characters: u64) -> Option<String> {
    let characters = characters as f64;
    let slow = duration_s > LONGEST_S.0 + LONGEST_S.1 * characters;
    (slow || characters > FASTEST * duration_s).then(|| {
        format!(
            "{} of audio for {characters} characters: are the samples those of one channel, and is the rate right?",
            Seconds(duration_s)
        )
    })
}

/// Speech that was synthesized from a text.
///
/// ```
/// # use bench_load::domain::Speech;
/// # let (text, samples) = ("Hello.", vec![0.0f32; 24_000]);
/// let speech = Speech::new(text, samples.len(), 24_000).channels(1).bit_depth(32);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Speech {
    text_characters: u64,
    samples: Option<u64>,
    sample_rate: Option<u32>,
    channels: Option<u16>,
    bit_depth: Option<u16>,
    audio_bytes: Option<u64>,
    format: &'static str,
    warnings: Vec<String>,
}

impl Speech {
    /// Creates a response of `samples` samples **per channel**, at `sample_rate` samples per second, for `text`.
    /// Without a sample, or at a rate of 0, it has no duration, and its row contains a warning.
    pub fn new(text: &str, samples: usize, sample_rate: u32) -> Self {
        Speech {
            samples: Some(samples as u64),
            sample_rate: Some(sample_rate),
            ..Speech::without_audio(text)
        }
    }

    /// Creates a response from a WAV file, complete or as a server streamed it. Only headers are read, so that this
    /// takes almost no time within the request. If it is not WAV, or is damaged, the response has no audio, and its
    /// row contains the reason.
    pub fn wav(text: &str, bytes: &[u8]) -> Self {
        match Wav::read(bytes) {
            Ok(wav) => Speech {
                samples: Some(wav.samples),
                sample_rate: Some(wav.sample_rate),
                channels: Some(wav.channels),
                bit_depth: Some(wav.bit_depth),
                audio_bytes: Some(wav.bytes),
                format: "wav",
                warnings: wav.oddity.iter().map(ToString::to_string).collect(),
                ..Speech::without_audio(text)
            },
            Err(error) => Speech { warnings: vec![error.to_string()], ..Speech::without_audio(text) },
        }
    }

    fn without_audio(text: &str) -> Self {
        Speech {
            text_characters: text.chars().count() as u64,
            samples: None,
            sample_rate: None,
            channels: None,
            bit_depth: None,
            audio_bytes: None,
            format: "",
            warnings: Vec::new(),
        }
    }

    /// Sets the number of channels.
    #[must_use]
    pub fn channels(self, channels: u16) -> Self {
        Speech { channels: Some(channels), ..self }
    }

    /// Sets the number of bits per sample of one channel. Together with the channels, it gives the bytes of audio.
    #[must_use]
    pub fn bit_depth(self, bits: u16) -> Self {
        Speech { bit_depth: Some(bits), ..self }
    }

    /// Returns samples / sample rate, in seconds; `None` if one of them is 0 or not known.
    fn duration_s(&self) -> Option<f64> {
        let (samples, rate) = (self.samples?, self.sample_rate?);
        (samples > 0 && rate > 0).then(|| samples as f64 / f64::from(rate))
    }

    fn bytes(&self) -> Option<f64> {
        let counted = || {
            let sample = f64::from(self.channels?) * f64::from(self.bit_depth?) / 8.0;
            Some(self.samples? as f64 * sample)
        };
        self.audio_bytes.map(|bytes| bytes as f64).or_else(counted)
    }
}

impl Response for Speech {
    const DOMAIN: &'static Domain = &SPEECH;

    fn tell(&self, answer: &mut Answer) {
        answer.number_if(SAMPLES, self.samples.map(|samples| samples as f64));
        answer.number_if(SAMPLE_RATE, self.sample_rate.map(f64::from));
        answer.number_if(CHANNELS, self.channels.map(f64::from));
        answer.number_if(BIT_DEPTH, self.bit_depth.map(f64::from));
        answer.number_if(AUDIO_DURATION, self.duration_s());
        answer.number_if(AUDIO_BYTES, self.bytes());
        answer.number(TEXT_CHARACTERS, self.text_characters as f64);
        answer.format(self.format);
        let mut warnings = self.warnings.clone();
        if self.samples == Some(0) {
            warnings.push("audio without a sample".to_owned());
        }
        if self.sample_rate == Some(0) {
            warnings.push("audio of sample rate 0".to_owned());
        }
        warnings.extend(self.duration_s().and_then(|duration| implausible(duration, self.text_characters)));
        answer.warn_all(&warnings);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::fixture::{Served, check, metrics};
    use crate::media::wav::tests::Written;

    #[test]
    fn the_domain_holds_together() {
        check(&SPEECH);
        assert_eq!(
            metrics(&SPEECH),
            [
                "ASPS",
                "CPS",
                "RTF aggregate",
                "RTF mean",
                "RTF p50",
                "RTF p95",
                "RTF p99",
                "TTFA p50",
                "TTFA p95",
                "TTFA p99",
                "underrun mean",
                "underrun p95",
                "continuity",
            ]
        );
    }

    #[test]
    fn audio_is_samples_by_rate_and_characters_are_scalar_values() {
        // 96 000 samples at 24 kHz are 4 s, made in 3 s − 1 s = 2 s. "Grüße" has 5 characters, 7 bytes.
        let served = Served::with(Speech::new("Grüße", 96_000, 24_000).channels(2).bit_depth(24));
        assert_eq!(served.rate("ASPS"), Some(4.0));
        assert_eq!(served.rate("CPS"), Some(5.0));
        assert_eq!(served.quantity("RTF"), [0.5]);
        assert_eq!(served.derived("rtf"), Some(0.5));
        assert_eq!(served.ratio("RTF aggregate"), (Some(2.0), Some(4.0)));
        assert_eq!(served.column("audio_bytes"), Some(96_000.0 * 2.0 * 3.0));
        assert_eq!(served.answer.warning, None);
    }

    #[test]
    fn a_duration_that_cannot_be_that_of_the_text_is_told() {
        let warning = |samples, rate| Served::with(Speech::new("twelve chars", samples, rate)).answer.warning;
        assert_eq!((warning(24_000, 24_000), warning(24_000 * 30, 24_000)), (None, None));
        let told = warning(usize::MAX, 1).expect("a warning");
        assert!(told.contains("of audio for 12 characters"), "{told}");
        assert!(warning(24_000 * 35, 24_000).is_some() && warning(24, 24_000).is_some());
    }

    #[test]
    fn audio_of_no_length_or_rate_has_no_duration() {
        for (samples, rate, warning) in
            [(0, 24_000, "audio without a sample"), (10, 0, "audio of sample rate 0")]
        {
            let served = Served::with(Speech::new("a", samples, rate)).outputs(&[1_500, 2_000]);
            assert_eq!((served.rate("ASPS"), served.derived("rtf")), (None, None));
            assert_eq!(served.ratio("RTF aggregate").1, None);
            for name in ["RTF", "underrun", "continuity"] {
                assert!(served.quantity(name).is_empty(), "{name}");
            }
            assert!(served.answer.values[AUDIO_DURATION].is_nan(), "not infinite either");
            assert_eq!(served.rate("CPS"), Some(1.0));
            assert_eq!(served.quantity("TTFA"), [0.5]);
            assert_eq!(served.answer.warning.as_deref(), Some(warning));
        }
    }

    #[test]
    fn the_first_output_makes_ttfa() {
        let speech = Speech::new("a", 24_000, 24_000);
        assert_eq!(Served::with(speech.clone()).outputs(&[1_250, 2_000]).quantity("TTFA"), [0.25]);
        assert!(Served::with(speech.clone()).quantity("TTFA").is_empty());
        assert!(
            Served::with(speech.clone()).outputs(&[999, 2_000]).quantity("TTFA").is_empty(),
            "before sent"
        );
        assert!(Served::with(speech).outputs(&[3_001]).quantity("TTFA").is_empty(), "after end");
    }

    #[test]
    fn underrun_is_what_the_player_waits() {
        let underrun = |outputs: &[u64]| {
            // 1.2 s of audio.
            let served = Served::with(Speech::new("a", 28_800, 24_000)).outputs(outputs);
            (served.quantity("underrun"), served.quantity("continuity"))
        };
        // Three parts of 0.4 s, each in time to the millisecond; 3 · 0.4 is not exactly 1.2.
        assert_eq!(underrun(&[1_100, 1_500, 1_900]), (vec![0.0], vec![1.0]));
        // The second comes 0.1 s late, and the third, as the player has waited, 0.2 s late after that.
        let (dry, steady) = underrun(&[1_100, 1_600, 2_200]);
        assert!((dry[0] - 0.3).abs() < 1e-12, "{dry:?}");
        assert_eq!(steady, [0.0]);
        // The second is early, the third late by 0.1 s.
        assert!((underrun(&[1_100, 1_200, 2_000]).0[0] - 0.1).abs() < 1e-12);
        // Two outputs at once give the player enough audio until the third.
        assert_eq!(underrun(&[1_100, 1_100, 1_900]), (vec![0.0], vec![1.0]));
        // A pause that was waited out once does not count again.
        assert!((underrun(&[1_100, 1_600, 2_000]).0[0] - 0.1).abs() < 1e-12);
        assert_eq!(underrun(&[1_100]), (vec![], vec![]));
        assert_eq!(underrun(&[]), (vec![], vec![]));
        assert_eq!(underrun(&[1_100, 3_100]), (vec![], vec![]), "after end");
    }

    #[test]
    fn an_output_that_says_how_much_it_holds_is_played_for_so_long() {
        // 0.9 s of audio, then 0.3 s more: the player has enough until 2 s.
        let held = |second_ms| {
            let speech = Speech::new("a", 28_800, 24_000);
            let served = Served::with(speech).outputs_of(&[(1_100, 21_600), (second_ms, 7_200)]);
            served.quantity("underrun")[0]
        };
        assert!(held(2_000).abs() < 1e-12 && (held(2_100) - 0.1).abs() < 1e-12);
    }

    #[test]
    fn a_wav_tells_all_of_itself() {
        let file = Written { channels: 2, ..Written::default() };
        let served = Served::with(Speech::wav("a", &file.bytes()));
        let columns = SPEECH.columns.iter().map(|column| served.column(column).expect(column));
        assert_eq!(
            columns.collect::<Vec<_>>(),
            [6_000.0, 24_000.0, 2.0, 16.0, 0.25, 24_000.0, 1.0],
            "{:?}",
            SPEECH.columns
        );
        assert_eq!((served.answer.format, served.answer.warning), ("wav", None));
    }

    #[test]
    fn a_wav_that_cannot_be_read_is_a_warning() {
        let served = Served::with(Speech::wav("abc", b"<html>sorry</html>"));
        assert_eq!((served.rate("ASPS"), served.rate("CPS")), (None, Some(3.0)));
        let warning = served.answer.warning.expect("a warning");
        assert!(warning.starts_with("not a WAV file"), "{warning}");

        let mut truncated = Written::default().bytes();
        truncated.truncate(44 + 12_000);
        let served = Served::with(Speech::wav("abc", &truncated));
        assert_eq!(served.rate("ASPS"), Some(0.25));
        assert!(served.answer.warning.expect("a warning").contains("12000 of 24000 bytes"));
    }
}
