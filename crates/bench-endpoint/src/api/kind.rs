//! The interfaces that are known.

use std::fmt;
use std::str::FromStr;

/// An interface of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// OpenAI `POST /v1/chat/completions`.
    Chat,
    /// OpenAI `POST /v1/completions`.
    Completions,
    /// OpenAI `POST /v1/embeddings`.
    Embeddings,
    /// OpenAI `POST /v1/audio/speech`, as WAV or raw samples.
    Speech,
    /// OpenAI `POST /v1/images/generations`.
    Images,
    /// KServe v2 `POST /v2/models/MODEL/infer`.
    Infer,
    /// torch-inference `POST /tts/synthesize`: WAV, or WAV in JSON.
    TtsSynthesize,
    /// torch-inference `POST /tts/stream`: raw samples as they are made.
    TtsStream,
    /// torch-inference `POST /classify/batch`.
    ClassifyBatch,
    /// torch-inference `POST /classify/stream`: an event for each picture.
    ClassifyStream,
    /// torch-inference `POST /predict`.
    Predict,
    /// Any `POST` with a body of one's own: of its answer nothing but status and length are looked at.
    Raw,
}

/// The field of work, whose metrics a level has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// Tokens per second, TTFT, TPOT, ITL.
    Text,
    /// Audio per second, RTF, TTFA.
    Speech,
    /// Images and pixels per second.
    Images,
    /// Classified images per second.
    Classification,
    /// Requests per second and latency.
    Requests,
}

impl Kind {
    /// All, in the order of help texts.
    pub const ALL: [Kind; 12] = [
        Kind::Chat,
        Kind::Completions,
        Kind::Embeddings,
        Kind::Speech,
        Kind::Images,
        Kind::Infer,
        Kind::TtsSynthesize,
        Kind::TtsStream,
        Kind::ClassifyBatch,
        Kind::ClassifyStream,
        Kind::Predict,
        Kind::Raw,
    ];

    /// Its name on the command line, and in case ids.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Chat => "chat",
            Kind::Completions => "completions",
            Kind::Embeddings => "embeddings",
            Kind::Speech => "speech",
            Kind::Images => "images",
            Kind::Infer => "infer",
            Kind::TtsSynthesize => "tts-synthesize",
            Kind::TtsStream => "tts-stream",
            Kind::ClassifyBatch => "classify-batch",
            Kind::ClassifyStream => "classify-stream",
            Kind::Predict => "predict",
            Kind::Raw => "raw",
        }
    }

    /// Its path below the address of the server; a raw request has none of its own.
    pub fn path(self, model: Option<&str>) -> String {
        match self {
            Kind::Chat => "/v1/chat/completions".to_owned(),
            Kind::Completions => "/v1/completions".to_owned(),
            Kind::Embeddings => "/v1/embeddings".to_owned(),
            Kind::Speech => "/v1/audio/speech".to_owned(),
            Kind::Images => "/v1/images/generations".to_owned(),
            Kind::Infer => format!("/v2/models/{}/infer", model.unwrap_or_default()),
            Kind::TtsSynthesize => "/tts/synthesize".to_owned(),
            Kind::TtsStream => "/tts/stream".to_owned(),
            Kind::ClassifyBatch => "/classify/batch".to_owned(),
            Kind::ClassifyStream => "/classify/stream".to_owned(),
            Kind::Predict => "/predict".to_owned(),
            Kind::Raw => String::new(),
        }
    }

    /// The field of work.
    pub fn field(self) -> Field {
        match self {
            Kind::Chat | Kind::Completions => Field::Text,
            Kind::Speech | Kind::TtsSynthesize | Kind::TtsStream => Field::Speech,
            Kind::Images => Field::Images,
            Kind::ClassifyBatch | Kind::ClassifyStream => Field::Classification,
            Kind::Embeddings | Kind::Infer | Kind::Predict | Kind::Raw => Field::Requests,
        }
    }

    /// Whether a request must name a model.
    pub fn wants_model(self) -> bool {
        matches!(
            self,
            Kind::Chat | Kind::Completions | Kind::Embeddings | Kind::Speech | Kind::Images | Kind::Infer
        )
    }

    /// Whether its answers can come as a stream of events that the request asks for.
    pub fn has_stream_setting(self) -> bool {
        matches!(self, Kind::Chat | Kind::Completions)
    }

    /// Whether its input is a file, and not a text.
    pub fn takes_files(self) -> bool {
        matches!(self, Kind::ClassifyBatch | Kind::ClassifyStream)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Kind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let name = text.replace('_', "-");
        Kind::ALL.into_iter().find(|kind| kind.name() == name).ok_or_else(|| {
            let known: Vec<&str> = Kind::ALL.iter().map(|kind| kind.name()).collect();
            format!("expected one of {}", known.join(", "))
        })
    }
}
