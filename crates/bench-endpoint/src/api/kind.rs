//! The known interfaces of model servers.

use std::fmt;
use std::str::FromStr;

/// An interface of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// OpenAI `POST /v1/chat/completions`.
    Chat,
    /// OpenAI `POST /v1/completions`.
    Completions,
    /// OpenAI `POST /v1/responses`.
    Responses,
    /// Anthropic `POST /v1/messages`.
    Messages,
    /// Ollama `POST /api/generate`.
    OllamaGenerate,
    /// Ollama `POST /api/chat`.
    OllamaChat,
    /// TGI `POST /generate` and `POST /generate_stream`.
    Tgi,
    /// KServe and Triton `POST /v2/models/MODEL/generate` and `…/generate_stream`.
    Generate,
    /// OpenAI `POST /v1/embeddings`.
    Embeddings,
    /// Cohere, Jina and vLLM `POST /v1/rerank`.
    Rerank,
    /// OpenAI `POST /v1/audio/speech`, as WAV or raw samples.
    Speech,
    /// OpenAI `POST /v1/audio/transcriptions`.
    Transcriptions,
    /// OpenAI `POST /v1/images/generations`.
    Images,
    /// KServe v2 `POST /v2/models/MODEL/infer`.
    Infer,
    /// MLServer `POST /v2/models/MODEL/infer_stream`: an event for each part of the answer.
    InferStream,
    /// KServe v2 over gRPC: `ModelInfer`.
    GrpcInfer,
    /// KServe v2 over gRPC: `ModelStreamInfer`, with one request in a stream.
    GrpcInferStream,
    /// torch-inference `POST /tts/synthesize`: WAV, or WAV in JSON.
    TtsSynthesize,
    /// torch-inference `POST /tts/stream`: raw samples as they are generated.
    TtsStream,
    /// Piper `POST /synthesize`: WAV.
    Piper,
    /// torch-inference `POST /classify/batch`.
    ClassifyBatch,
    /// torch-inference `POST /classify/stream`: an event for each picture.
    ClassifyStream,
    /// torch-inference `POST /predict`.
    Predict,
    /// Any `POST` with your own body. Only the status and the length of the answer are checked.
    Raw,
}

/// A kind of served work, which determines the metrics of a level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// Tokens per second, TTFT, TPOT, ITL.
    Text,
    /// Audio per second, RTF, TTFA.
    Speech,
    /// Seconds of audio that are recognized per second.
    Transcription,
    /// Images and pixels per second.
    Images,
    /// Classified images per second.
    Classification,
    /// Requests per second and latency.
    Requests,
}

impl Kind {
    /// All kinds, in the order of help texts.
    pub const ALL: [Kind; 24] = [
        Kind::Chat,
        Kind::Completions,
        Kind::Responses,
        Kind::Messages,
        Kind::OllamaGenerate,
        Kind::OllamaChat,
        Kind::Tgi,
        Kind::Generate,
        Kind::Embeddings,
        Kind::Rerank,
        Kind::Speech,
        Kind::Transcriptions,
        Kind::Images,
        Kind::Infer,
        Kind::InferStream,
        Kind::GrpcInfer,
        Kind::GrpcInferStream,
        Kind::TtsSynthesize,
        Kind::TtsStream,
        Kind::Piper,
        Kind::ClassifyBatch,
        Kind::ClassifyStream,
        Kind::Predict,
        Kind::Raw,
    ];

    /// Returns the name on the command line, and in case ids.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Chat => "chat",
            Kind::Completions => "completions",
            Kind::Responses => "responses",
            Kind::Messages => "messages",
            Kind::OllamaGenerate => "ollama-generate",
            Kind::OllamaChat => "ollama-chat",
            Kind::Tgi => "tgi",
            Kind::Generate => "generate",
            Kind::Embeddings => "embeddings",
            Kind::Rerank => "rerank",
            Kind::Transcriptions => "transcriptions",
            Kind::Speech => "speech",
            Kind::Images => "images",
            Kind::Infer => "infer",
            Kind::InferStream => "infer-stream",
            Kind::GrpcInfer => "grpc-infer",
            Kind::GrpcInferStream => "grpc-infer-stream",
            Kind::TtsSynthesize => "tts-synthesize",
            Kind::TtsStream => "tts-stream",
            Kind::Piper => "piper",
            Kind::ClassifyBatch => "classify-batch",
            Kind::ClassifyStream => "classify-stream",
            Kind::Predict => "predict",
            Kind::Raw => "raw",
        }
    }

    /// Returns the path below the address of the server; empty for a raw request. Some servers have one path for
    /// streams and another one for whole answers.
    pub fn path(self, model: Option<&str>, stream: bool) -> String {
        let of_model = |what: &str| format!("/v2/models/{}/{what}", model.unwrap_or_default());
        let fixed = match self {
            Kind::Chat => "/v1/chat/completions",
            Kind::Completions => "/v1/completions",
            Kind::Responses => "/v1/responses",
            Kind::Messages => "/v1/messages",
            Kind::OllamaGenerate => "/api/generate",
            Kind::OllamaChat => "/api/chat",
            Kind::Tgi if stream => "/generate_stream",
            Kind::Tgi => "/generate",
            Kind::Generate => return of_model(if stream { "generate_stream" } else { "generate" }),
            Kind::Embeddings => "/v1/embeddings",
            Kind::Rerank => "/v1/rerank",
            Kind::Speech => "/v1/audio/speech",
            Kind::Transcriptions => "/v1/audio/transcriptions",
            Kind::Images => "/v1/images/generations",
            Kind::Infer => return of_model("infer"),
            Kind::InferStream => return of_model("infer_stream"),
            Kind::GrpcInfer => "/inference.GRPCInferenceService/ModelInfer",
            Kind::GrpcInferStream => "/inference.GRPCInferenceService/ModelStreamInfer",
            Kind::TtsSynthesize => "/tts/synthesize",
            Kind::TtsStream => "/tts/stream",
            Kind::Piper => "/synthesize",
            Kind::ClassifyBatch => "/classify/batch",
            Kind::ClassifyStream => "/classify/stream",
            Kind::Predict => "/predict",
            Kind::Raw => "",
        };
        fixed.to_owned()
    }

    /// Returns the field.
    pub fn field(self) -> Field {
        match self {
            _ if self.is_of_text() => Field::Text,
            // The figures are those of a stream, whatever its outputs are.
            Kind::InferStream | Kind::GrpcInferStream => Field::Text,
            Kind::Speech | Kind::TtsSynthesize | Kind::TtsStream | Kind::Piper => Field::Speech,
            Kind::Transcriptions => Field::Transcription,
            Kind::Images => Field::Images,
            Kind::ClassifyBatch | Kind::ClassifyStream => Field::Classification,
            _ => Field::Requests,
        }
    }

    /// Whether the interface generates text from text.
    fn is_of_text(self) -> bool {
        matches!(
            self,
            Kind::Chat
                | Kind::Completions
                | Kind::Responses
                | Kind::Messages
                | Kind::OllamaGenerate
                | Kind::OllamaChat
                | Kind::Tgi
                | Kind::Generate
        )
    }

    /// Whether requests must name a model, in the body or in the path.
    pub fn wants_model(self) -> bool {
        let without =
            [Kind::Tgi, Kind::TtsSynthesize, Kind::TtsStream, Kind::ClassifyBatch, Kind::ClassifyStream];
        !without.contains(&self) && !matches!(self, Kind::Piper | Kind::Predict | Kind::Raw)
    }

    /// Whether the name of the model is in the path, and not in the body.
    pub fn has_model_in_path(self) -> bool {
        matches!(self, Kind::Infer | Kind::InferStream | Kind::Generate)
    }

    /// Whether the name of the model is a field of the JSON in the body.
    pub(super) fn has_model_in_body(self) -> bool {
        self.wants_model() && !self.has_model_in_path() && !self.is_grpc()
    }

    /// Whether requests contain tensors in the format of KServe v2.
    pub fn takes_tensors(self) -> bool {
        matches!(self, Kind::Infer | Kind::InferStream) || self.is_grpc()
    }

    /// Whether the interface uses gRPC, and so HTTP/2.
    pub fn is_grpc(self) -> bool {
        matches!(self, Kind::GrpcInfer | Kind::GrpcInferStream)
    }

    /// Whether answers are always a stream of events.
    pub fn is_always_events(self) -> bool {
        matches!(self, Kind::ClassifyStream | Kind::InferStream)
    }

    /// Whether a request can ask for its answer as a stream of events.
    pub fn has_stream_setting(self) -> bool {
        self.is_of_text() || self == Kind::Transcriptions
    }

    /// Whether the input is a file, and not a text.
    pub fn takes_files(self) -> bool {
        matches!(self, Kind::ClassifyBatch | Kind::ClassifyStream | Kind::Transcriptions)
    }

    /// Whether prompts can begin with a salt (random words that keep a server from answering from its prefix cache): true
    /// if a language model reads them.
    pub fn takes_salt(self) -> bool {
        self.is_of_text()
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
