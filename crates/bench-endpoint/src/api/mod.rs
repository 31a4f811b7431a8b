//! Interfaces of servers: the requests, and the meaning of the answers.

mod audio;
mod body;
mod classes;
mod form;
mod generate;
mod inference;
mod kept;
mod kind;
mod messages;
mod ollama;
mod pictures;
mod protobuf;
mod responses;
mod text;
mod transcription;
mod whole;
mod written;

use std::time::Instant;

pub(crate) use self::body::salt;
pub use self::body::{Body, Limits, Settings};
pub use self::form::BOUNDARY;
pub(crate) use self::inference::{model_metadata, tensors_in};
pub use self::kind::{Field, Kind};
use crate::failure::Failure;
use crate::reader::PcmFormat;

/// Receives the events within an answer.
pub trait Marks {
    /// Called when a usable output arrived at `at`; it contains `holds` tokens of text, or samples per channel of
    /// audio, if that is known.
    fn output(&mut self, at: Instant, holds: Option<u32>);

    /// Called when the answer proper began at `at`, after any reasoning.
    fn answer(&mut self, at: Instant);

    /// Called when the last output arrived at `at`.
    fn end(&mut self, at: Instant);
}

/// Reads one answer. It does no I/O and reads no clock.
pub trait Answer: Send {
    /// Takes a piece of the body that arrived at `at`.
    ///
    /// # Errors
    /// If the answer is malformed.
    fn bytes(&mut self, piece: &[u8], at: Instant, marks: &mut dyn Marks) -> Result<(), Failure>;

    /// Ends the body; its last byte arrived at `at`.
    ///
    /// # Errors
    /// When the answer was cut, contains no output, or is not what the endpoint sends.
    fn end(&mut self, at: Instant, marks: &mut dyn Marks) -> Result<Told, Failure>;
}

/// What the head of an answer says about the body.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// `Content-Type` without parameters, in lower case; empty if there is none.
    pub content_type: String,
    /// Whether the body is sent as it is generated: its length was not known when it began.
    pub streamed: bool,
    /// `X-Sample-Rate`, in which servers of raw samples report the rate in Hz; `None` if there is none.
    pub sample_rate: Option<u32>,
}

/// The result of an answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Told {
    /// Text.
    Text(TextTold),
    /// Speech.
    Speech {
        /// Samples per channel.
        samples: u64,
        /// The format of the samples.
        format: PcmFormat,
        /// `wav` or `pcm`.
        container: &'static str,
        /// A warning about the audio, such as silence.
        warning: Option<String>,
    },
    /// Pictures.
    Images {
        /// The number of pictures.
        count: usize,
        /// Width and height in pixels; `None` if they are not known, or not the same for all pictures.
        size: Option<(u32, u32)>,
        /// `png`, or empty if the format is not known.
        container: &'static str,
    },
    /// Classes of pictures.
    Classified {
        /// The number of pictures classified.
        images: usize,
        /// The number and the confidence of the first picture's first class.
        top1: Option<(u32, f64)>,
    },
    /// Any answer for which only the latency counts.
    Plain,
}

/// The result of an answer of text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TextTold {
    /// The number of generated tokens, as reported by the server; a chunk is not a token. `None` if the server does not
    /// report it.
    pub output_tokens: Option<u64>,
    /// The number of tokens of the input, as reported by the server.
    pub input_tokens: Option<u64>,
    /// The number of tokens of the input that the server had in a cache of prefixes, as reported by the server.
    pub cached_tokens: Option<u64>,
    /// The number of reasoning tokens among the generated ones, as reported by the server.
    pub reasoning_tokens: Option<u64>,
    /// Unicode scalar values of reasoning and text.
    pub characters: u64,
    /// The source of the number of tokens.
    pub source: TokenSource,
    /// The answer proper, without reasoning; `None` if it is not kept.
    pub text: Option<String>,
    /// The other generated text: reasoning, refusals, calls of tools; `None` if it is not kept.
    pub besides: Option<String>,
}

/// The source of the number of tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TokenSource {
    /// `usage` of the answer.
    Usage,
    /// The ids of the tokens in each chunk.
    TokenIds,
    /// A tokenizer of the client, which split the text of the answer.
    Tokenizer,
    /// No source: the number is not known.
    #[default]
    None,
}

impl TokenSource {
    /// Returns the name in reports.
    pub fn name(self) -> &'static str {
        match self {
            TokenSource::Usage => "usage",
            TokenSource::TokenIds => "token-ids",
            TokenSource::Tokenizer => "tokenizer",
            TokenSource::None => "uncounted",
        }
    }
}

/// Returns a reader for answers of `kind`, requested as a stream or not.
pub fn answer(kind: Kind, settings: &Settings, head: &Head) -> Box<dyn Answer> {
    let is_json = head.content_type == "application/json";
    match kind {
        // Piper sets no `Content-Type`, and its framework adds that of HTML.
        _ if head.content_type == "text/html" && !matches!(kind, Kind::Piper | Kind::Raw) => {
            Box::new(whole::Unexpected::html())
        }
        Kind::Chat | Kind::Completions if settings.stream && is_json => Box::new(whole::Unexpected::json()),
        Kind::Chat | Kind::Completions if settings.stream => {
            Box::new(text::TextStream::new(settings.keeps_text))
        }
        Kind::Chat | Kind::Completions => Box::new(text::TextWhole::new(settings.keeps_text)),
        Kind::Speech | Kind::TtsSynthesize | Kind::TtsStream if is_json => Box::new(audio::InJson::default()),
        Kind::Speech | Kind::TtsSynthesize | Kind::TtsStream | Kind::Piper => {
            Box::new(audio::Audio::new(head, settings.sample_rate))
        }
        Kind::Images => Box::new(pictures::Pictures::new(settings.size)),
        Kind::ClassifyBatch => Box::new(classes::Batch::default()),
        Kind::ClassifyStream => Box::new(classes::Stream::default()),
        Kind::Embeddings => Box::new(whole::WithArray::new("data")),
        Kind::Rerank => Box::new(whole::WithArray::new("results")),
        Kind::Responses => written(&responses::RESPONSES, settings.stream, is_json, settings),
        Kind::Messages => written(&messages::MESSAGES, settings.stream, is_json, settings),
        // Ollama labels a stream of lines `application/x-ndjson`; some compatible servers label it `application/json`.
        Kind::OllamaGenerate | Kind::OllamaChat => written(&ollama::OLLAMA, settings.stream, false, settings),
        Kind::Tgi => written(&generate::TGI, settings.stream, is_json, settings),
        Kind::Generate => written(&generate::KSERVE, settings.stream, is_json, settings),
        Kind::Transcriptions => written(&transcription::TRANSCRIPTION, settings.stream, is_json, settings),
        Kind::Infer => Box::new(whole::WithArray::new("outputs")),
        Kind::InferStream => written(&inference::INFER, true, is_json, settings),
        Kind::GrpcInfer | Kind::GrpcInferStream if !head.content_type.starts_with("application/grpc") => {
            Box::new(whole::Unexpected::grpc())
        }
        Kind::GrpcInfer => Box::new(inference::Grpc::new(false, settings.keeps_text)),
        Kind::GrpcInferStream => Box::new(inference::Grpc::new(true, settings.keeps_text)),
        Kind::Predict => Box::new(whole::NoError::default()),
        Kind::Raw => Box::new(whole::Bytes::default()),
    }
}

/// Returns the reader of an answer of text in this dialect.
fn written(
    dialect: &'static written::Dialect,
    stream: bool,
    is_json: bool,
    settings: &Settings,
) -> Box<dyn Answer> {
    match (stream, is_json) {
        (true, true) => Box::new(whole::Unexpected::json()),
        (true, false) => Box::new(written::Stream::new(dialect, settings.keeps_text)),
        (false, _) => Box::new(written::Whole::new(dialect, settings.keeps_text)),
    }
}

#[cfg(test)]
pub(crate) mod testing {
    use super::*;

    /// Records the marks of an answer.
    #[derive(Debug, Default, PartialEq, Eq)]
    pub(crate) struct Seen {
        pub(crate) outputs: Vec<(Instant, Option<u32>)>,
        pub(crate) answer: Option<Instant>,
        pub(crate) end: Option<Instant>,
    }

    impl Marks for Seen {
        fn output(&mut self, at: Instant, holds: Option<u32>) {
            self.outputs.push((at, holds));
        }

        fn answer(&mut self, at: Instant) {
            self.answer.get_or_insert(at);
        }

        fn end(&mut self, at: Instant) {
            self.end = Some(at);
        }
    }

    /// The result of an answer; the time of each output, with its number of tokens; and the times at which the answer
    /// proper began and at which the last output arrived. Times are in milliseconds.
    pub(crate) type Outcome = (Result<Told, Failure>, Vec<(u64, Option<u32>)>, Option<u64>, Option<u64>);

    /// Reads an answer, one piece of which arrives in each millisecond.
    pub(crate) fn read(kind: Kind, settings: &Settings, head: &Head, pieces: &[&[u8]]) -> Outcome {
        let began = Instant::now();
        let at = |number: usize| began + std::time::Duration::from_millis(number as u64);
        let ms = |at: Instant| at.duration_since(began).as_millis() as u64;
        let mut seen = Seen::default();
        let mut answer = answer(kind, settings, head);
        let taken = pieces
            .iter()
            .enumerate()
            .try_for_each(|(number, piece)| answer.bytes(piece, at(number), &mut seen));
        let last = at(pieces.len().saturating_sub(1));
        let told = taken.and_then(|()| answer.end(last, &mut seen));
        let outputs = seen.outputs.iter().map(|(at, holds)| (ms(*at), *holds)).collect();
        (told, outputs, seen.answer.map(ms), seen.end.map(ms))
    }
}
