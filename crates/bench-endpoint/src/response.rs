//! The values from which `bench-load` computes its figures: the response of each field, and the times of connecting.

use std::sync::Arc;
use std::time::Instant;

use bench_core::protocol::Better;
use bench_load::Request;
use bench_load::domain::{
    Answer, CLASSIFICATION, Classified, Derived, Domain, Figure, Generation, IMAGES, Images, Quantity,
    REQUESTS, Rate, Ratio, Response, SPEECH, Seen, Speech, TEXT,
};
use bench_load::request::MarkKind;

use crate::api::{Marks, TextTold, TokenSource, Told};
use crate::client::Served;

/// A function that counts the tokens of a text; it returns `None` if it cannot split the text.
pub type CountTokens = Arc<dyn Fn(&str) -> Option<u64> + Send + Sync>;

/// The columns of the connection, which follow the columns of each field.
const OF_CONNECTION: [&str; 3] = ["connect_s", "tls_s", "head_s"];

/// Concatenates `one` and `other`, whose lengths add up to `N`.
const fn joined<const N: usize>(one: &[&'static str], other: &[&'static str]) -> [&'static str; N] {
    let mut all = [""; N];
    let mut at = 0;
    while at < N {
        all[at] = if at < one.len() { one[at] } else { other[at - one.len()] };
        at += 1;
    }
    all
}

/// Concatenates the quantities of a field and those of the connection.
const fn with_connection<const N: usize>(one: &[Quantity], other: &[Quantity]) -> [Quantity; N] {
    let mut all = [other[0]; N];
    let mut at = 0;
    while at < N {
        all[at] = if at < one.len() { one[at] } else { other[at - one.len()] };
        at += 1;
    }
    all
}

macro_rules! over_http {
    ($(#[$doc:meta])* $name:ident, $field:ident) => {
        $(#[$doc])*
        pub const $name: Domain = {
            const FIRST: usize = $field.columns.len();
            const COLUMNS: [&str; FIRST + 3] = joined($field.columns, &OF_CONNECTION);
            const TIMES: [Quantity; 2] = [
                Quantity {
                    name: "connect time",
                    unit: "s",
                    of: |seen, each| {
                        let tls = seen.value(FIRST + 1).unwrap_or_default();
                        seen.value(FIRST).map(|tcp| tcp + tls).into_iter().for_each(each);
                    },
                    better: Better::Lower,
                    figures: &[Figure::P50, Figure::P95],
                },
                Quantity {
                    name: "time to head",
                    unit: "s",
                    of: |seen, each| seen.value(FIRST + 2).into_iter().for_each(each),
                    better: Better::Lower,
                    figures: &[Figure::P50, Figure::P95],
                },
            ];
            const QUANTITIES: [Quantity; $field.quantities.len() + 2] = with_connection($field.quantities, &TIMES);
            Domain { columns: &COLUMNS, quantities: &QUANTITIES, ..$field }
        };
    };
}

/// The index of the column `cached_tokens`, after the columns of [`TEXT`], the first of which contains the input
/// tokens.
const CACHED: usize = TEXT.columns.len();

/// The indices of the next two columns: the number of the conversation and that of the turn, both from 1.
const CONVERSATION: usize = CACHED + 1;
const TURN: usize = CACHED + 2;

/// [`TEXT`] of a server that may keep prefixes of prompts. The hit rate covers only requests for which the server
/// reports cached tokens.
const SERVED_TEXT: Domain = Domain {
    columns: {
        const COLUMNS: [&str; CACHED + 3] = joined(TEXT.columns, &["cached_tokens", "conversation", "turn"]);
        &COLUMNS
    },
    ratios: &[Ratio {
        name: "prefix-cache hit rate",
        unit: "ratio",
        over: |seen| seen.value(CACHED),
        under: |seen| seen.value(0),
        better: Better::Higher,
    }],
    ..TEXT
};

/// Recognizing speech: seconds of audio per second.
///
/// | metric | formula |
/// |---|---|
/// | audio in | Σ duration of the audio sent / W |
/// | RTF | service latency / duration of the audio sent, of each request |
/// | time to first text | first output − sent, of answers that come as streams |
/// | characters/s | Σ characters of the texts / W |
const TRANSCRIPTION: Domain = Domain {
    name: "transcription",
    primary: "audio in",
    columns: &["audio_s", "output_characters", "output_tokens"],
    derived: &[
        Derived { column: "rtf", of: rtf },
        Derived { column: "time_to_first_text_s", of: first_text_s },
    ],
    rates: &[
        Rate { name: "audio in", unit: "audio s/s", of: |seen| seen.value(0) },
        Rate { name: "characters/s", unit: "chars/s", of: |seen| seen.value(1) },
    ],
    quantities: &[
        Quantity {
            name: "RTF",
            unit: "ratio",
            of: |seen, each| rtf(seen).into_iter().for_each(each),
            better: Better::Lower,
            figures: &[Figure::Mean, Figure::P50, Figure::P95, Figure::P99],
        },
        Quantity {
            name: "time to first text",
            unit: "s",
            of: |seen, each| first_text_s(seen).into_iter().for_each(each),
            better: Better::Lower,
            figures: Figure::LATENCY,
        },
    ],
    plots: &["audio in", "RTF p95"],
    ..REQUESTS
};

fn rtf(seen: &Seen<'_>) -> Option<f64> {
    seen.value(0).filter(|audio_s| *audio_s > 0.0).map(|audio_s| seen.times.service_latency_s() / audio_s)
}

fn first_text_s(seen: &Seen<'_>) -> Option<f64> {
    let first = seen.times.marks.iter().find(|mark| mark.kind == MarkKind::Output)?;
    Some(first.at_ns.saturating_sub(seen.times.sent_ns) as f64 / 1e9)
}

over_http!(
    /// [`TEXT`] over HTTP, with the hits of a prefix cache and the times of connecting.
    TEXT_OVER_HTTP, SERVED_TEXT
);
over_http!(
    /// Speech recognition over HTTP, with the times of connecting.
    TRANSCRIPTION_OVER_HTTP, TRANSCRIPTION
);
over_http!(
    /// [`SPEECH`] over HTTP, with the times of connecting.
    SPEECH_OVER_HTTP, SPEECH
);
over_http!(
    /// [`IMAGES`] over HTTP, with the times of connecting.
    IMAGES_OVER_HTTP, IMAGES
);
over_http!(
    /// [`CLASSIFICATION`] over HTTP, with the times of connecting.
    CLASSIFICATION_OVER_HTTP, CLASSIFICATION
);
over_http!(
    /// [`REQUESTS`] over HTTP, with the times of connecting.
    REQUESTS_OVER_HTTP, REQUESTS
);

/// Fills in the columns of the connection, which begin at column `first`.
fn tell_connection(served: &Served, first: usize, answer: &mut Answer) {
    if let Some(setup) = served.setup {
        answer.number(first, setup.tcp.as_secs_f64());
        if let Some(tls) = setup.tls {
            answer.number(first + 1, tls.as_secs_f64());
        }
    }
    answer.number(first + 2, served.head.as_secs_f64());
}

/// A response of the field of text.
pub(crate) struct Text {
    pub(crate) served: Served,
    /// The number of the conversation, and of the turn; `None` for a single request.
    pub(crate) place: Option<(u64, u64)>,
    /// Counts the tokens if the server does not report their number; `None` if nothing can.
    pub(crate) count: Option<CountTokens>,
}

/// Returns the response with this many generated tokens; `None` if their number is not known.
fn generation(text: &TextTold, tokens: Option<u64>) -> Generation {
    let mut generation =
        tokens.map_or_else(Generation::uncounted, Generation::new).characters(text.characters);
    if let Some(tokens) = text.input_tokens {
        generation = generation.input_tokens(tokens);
    }
    if let Some(tokens) = text.reasoning_tokens {
        generation = generation.reasoning_tokens(tokens);
    }
    generation
}

/// Schedules the tokens of a text to be counted after the level. Warns that their number is not known if there is no
/// `count` or no text.
fn count_later(text: &TextTold, count: Option<&CountTokens>, answer: &mut Answer) {
    let mut text = text.clone();
    let texts = [text.text.take(), text.besides.take()].into_iter().flatten();
    let texts: Vec<String> = texts.filter(|text| !text.is_empty()).collect();
    let Some(count) = count.filter(|_| !texts.is_empty()).cloned() else {
        answer.warn("the number of tokens is not known: the server sent neither `usage` nor token ids");
        return;
    };
    answer.later(move |answer| match texts.iter().map(|text| count(text)).sum::<Option<u64>>() {
        Some(tokens) => {
            generation(&text, Some(tokens)).tell(answer);
            answer.format(TokenSource::Tokenizer.name());
        }
        None => answer.warn("the number of tokens is not known: the tokenizer cannot split the answer"),
    });
}

impl Response for Text {
    const DOMAIN: &'static Domain = &TEXT_OVER_HTTP;

    fn tell(&self, answer: &mut Answer) {
        if let Some((conversation, turn)) = self.place {
            answer.number(CONVERSATION, conversation as f64);
            answer.number(TURN, turn as f64);
        }
        if let Told::Text(text) = &self.served.told {
            generation(text, text.output_tokens).tell(answer);
            if let Some(cached) = text.cached_tokens {
                answer.number(CACHED, cached as f64);
            }
            answer.format(text.source.name());
            if text.output_tokens.is_none() {
                count_later(text, self.count.as_ref(), answer);
            }
        }
        tell_connection(&self.served, SERVED_TEXT.columns.len(), answer);
    }
}

/// A response of the field of speech, and the text to be spoken.
pub(crate) struct Spoken {
    pub(crate) served: Served,
    pub(crate) text: Arc<str>,
}

impl Response for Spoken {
    const DOMAIN: &'static Domain = &SPEECH_OVER_HTTP;

    fn tell(&self, answer: &mut Answer) {
        if let Told::Speech { samples, format, container, warning } = &self.served.told {
            let samples = usize::try_from(*samples).unwrap_or(usize::MAX);
            Speech::new(&self.text, samples, format.sample_rate)
                .channels(format.channels)
                .bit_depth(format.bits)
                .tell(answer);
            answer.format(container);
            if let Some(warning) = warning {
                answer.warn(warning.clone());
            }
        }
        tell_connection(&self.served, SPEECH.columns.len(), answer);
    }
}

/// A response of the field of transcription, and the duration of its audio in seconds; `None` if it is not known.
pub(crate) struct Heard {
    pub(crate) served: Served,
    pub(crate) audio_s: Option<f64>,
}

impl Response for Heard {
    const DOMAIN: &'static Domain = &TRANSCRIPTION_OVER_HTTP;

    fn tell(&self, answer: &mut Answer) {
        match self.audio_s {
            Some(audio_s) => answer.number(0, audio_s),
            None => answer.warn(
                "the duration of the audio is not known: it is not a WAV file with uncompressed \
                                 samples",
            ),
        }
        if let Told::Text(text) = &self.served.told {
            answer.number(1, text.characters as f64);
            if let Some(tokens) = text.output_tokens {
                answer.number(2, tokens as f64);
            }
        }
        tell_connection(&self.served, TRANSCRIPTION.columns.len(), answer);
    }
}

/// A response of the field of images.
pub(crate) struct Drawn(pub(crate) Served);

impl Response for Drawn {
    const DOMAIN: &'static Domain = &IMAGES_OVER_HTTP;

    fn tell(&self, answer: &mut Answer) {
        if let Told::Images { count, size, container } = self.0.told {
            let (width, height) = size.unwrap_or_default();
            Images::new(count, width, height).tell(answer);
            answer.format(container);
        }
        tell_connection(&self.0, IMAGES.columns.len(), answer);
    }
}

/// A response of the field of classification.
pub(crate) struct Sorted(pub(crate) Served);

impl Response for Sorted {
    const DOMAIN: &'static Domain = &CLASSIFICATION_OVER_HTTP;

    fn tell(&self, answer: &mut Answer) {
        if let Told::Classified { images, top1 } = self.0.told {
            let classified = Classified::new(images);
            top1.map_or(classified.clone(), |(class, confidence)| classified.top1(class, confidence))
                .tell(answer);
        }
        tell_connection(&self.0, CLASSIFICATION.columns.len(), answer);
    }
}

/// A response for which only the latency counts.
pub(crate) struct Plain(pub(crate) Served);

impl Response for Plain {
    const DOMAIN: &'static Domain = &REQUESTS_OVER_HTTP;

    fn tell(&self, answer: &mut Answer) {
        tell_connection(&self.0, REQUESTS.columns.len(), answer);
    }
}

/// Passes the marks of an answer on to the measured request.
pub(crate) struct Marked<'a>(pub(crate) &'a Request);

impl Marks for Marked<'_> {
    fn output(&mut self, at: Instant, holds: Option<u32>) {
        self.0.output_at(at, holds);
    }

    fn answer(&mut self, at: Instant) {
        self.0.answer_at(at);
    }

    fn end(&mut self, at: Instant) {
        self.0.end_at(at);
    }
}
