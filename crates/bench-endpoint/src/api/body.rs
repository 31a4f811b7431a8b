//! The bodies of requests, built before anything is measured.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::{Kind, form, inference};
use crate::data::{Content, Input, Words, mixed};
use crate::reader::framed;

/// The settings of each request.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings {
    /// The name of the model; `None` if requests name none.
    pub model: Option<String>,
    /// Whether the answer is requested as a stream.
    pub stream: bool,
    /// The maximum number of tokens to generate; `None` for the default.
    pub max_tokens: Option<u64>,
    /// The voice of speech.
    pub voice: Option<String>,
    /// The sample rate of raw samples in Hz, if the server does not report it.
    pub sample_rate: Option<u32>,
    /// The requested width and height of pictures, in pixels.
    pub size: Option<(u32, u32)>,
    /// Fields that are added to each body, and replace existing ones.
    pub extra: Map<String, Value>,
    /// The text of a whole body, in which `{{input}}` stands for the input, escaped as JSON text; `None` for the usual
    /// body of the kind.
    pub template: Option<String>,
    /// Whether exactly the maximum number of tokens is requested, and not fewer.
    pub exact_answers: bool,
    /// Whether prompts begin with a salt, so that no prefix cache contains them.
    pub salt: bool,
    /// Whether the text of answers is kept: for the next turn of a conversation, or to count its tokens.
    pub keeps_text: bool,
    /// Time limits and sizes.
    pub limits: Limits,
}

/// The limits of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The time to connect, including TLS.
    pub connect: Duration,
    /// Time until the first byte of the answer.
    pub first_byte: Duration,
    /// Time between two pieces of the answer.
    pub idle: Duration,
    /// Time of the whole request.
    pub total: Duration,
    /// The size of the body of the answer, in bytes.
    pub body_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
        Limits {
            connect: Duration::from_secs(10),
            first_byte: minutes(10),
            idle: minutes(10),
            total: minutes(10),
            body_bytes: 256 << 20,
        }
    }
}

/// The placeholder for the salt until a request is sent. Prompts do not contain it.
const SALT: &str = "\u{1}salt\u{1}";

/// The placeholder as JSON text, as long as a salt.
const SALT_IN_JSON: &[u8; 16] = b"\\u0001salt\\u0001";

/// Returns 16 digits that are unique to the number. Those of successive numbers differ from the first digit on: a
/// prefix cache would contain any digits that they share.
pub(crate) fn salt(unique: u64) -> String {
    format!("{:016x}", mixed(unique))
}

/// The placeholder for a text of words, and the same as JSON text.
const WORDS: &str = "\u{1}words-of-a-request\u{1}";
const WORDS_IN_JSON: &[u8] = b"\\u0001words-of-a-request\\u0001";

/// The maximum number of tokens for an interface that requires one, if none is set.
const USUAL_TOKENS: u64 = 256;

/// The body of a request, and the place of its salt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body {
    bytes: Vec<u8>,
    salt_at: Option<usize>,
    /// Words that are written when the request is sent, and their position: the texts of a whole trace would fill the
    /// memory.
    words: Option<(usize, Words)>,
}

impl Body {
    /// Creates a body that is sent unchanged.
    pub fn raw(bytes: Vec<u8>) -> Self {
        Body { bytes, salt_at: None, words: None }
    }

    /// Builds the body of a request of this kind for `input`: a text, or the bytes of a file for a kind that takes
    /// files.
    ///
    /// # Errors
    /// The fault in the template or the input.
    pub fn of(kind: Kind, settings: &Settings, input: &[u8]) -> Result<Self, String> {
        Body::of_input(kind, settings, &Input::of(input))
    }

    /// Same as [`of`](Self::of), for an input that can contain more than its text.
    ///
    /// # Errors
    /// The fault in the template or the input.
    pub fn of_input(kind: Kind, settings: &Settings, input: &Input) -> Result<Self, String> {
        if let Some(template) = &settings.template {
            return Body::by_template(template, &input.content.text());
        }
        let given = match &input.content {
            Content::Bytes(bytes) => &bytes[..],
            Content::Words(_) => WORDS.as_bytes(),
            Content::Messages(_) | Content::Turns(_) => b"",
        };
        match kind {
            Kind::Raw => return Ok(Body::raw(input.content.text().into_owned())),
            Kind::Transcriptions => return transcription(settings, given),
            _ => {}
        }
        let text = || {
            let text =
                std::str::from_utf8(given).map_err(|error| format!("the input is not UTF-8: {error}"))?;
            // Words contain a salt of their own.
            let salted = settings.salt && kind.takes_salt() && !matches!(input.content, Content::Words(_));
            Ok::<_, String>(if salted { format!("[{SALT}] {text}") } else { text.to_owned() })
        };
        let mut body = match (&input.content, kind) {
            (Content::Messages(messages), Kind::Chat | Kind::Messages | Kind::OllamaChat) => {
                let salt = settings.salt.then(|| format!("[{SALT}] "));
                json!({ "messages": salted_messages(messages, salt.as_deref()) })
            }
            (Content::Turns(turns), Kind::Chat) => {
                let first = turns.first().map(|turn| turn.text.as_str()).unwrap_or_default();
                json!({ "messages": [{ "role": "user", "content": first }] })
            }
            (Content::Turns(_), _) => {
                return Err(format!("`{kind}` has no turns: conversations are for `chat`"));
            }
            (Content::Messages(_), _) => {
                return Err(format!(
                    "`{kind}` takes one text: an input of messages is only for chat interfaces"
                ));
            }
            (_, kind) if kind.takes_tensors() || kind == Kind::Predict => serde_json::from_slice(given)
                .map_err(|error| format!("the input of `{kind}` must be JSON: {error}"))?,
            (_, Kind::Rerank) => rerank(&text()?)?,
            (_, Kind::ClassifyBatch | Kind::ClassifyStream) => json!({ "images": [STANDARD.encode(given)] }),
            (_, kind) => of_text(kind, text()?),
        };
        let Some(fields) = body.as_object_mut() else {
            return Err(format!("the body of `{kind}` must be a JSON object"));
        };
        set_fields(kind, settings, input.max_tokens, fields);
        if kind.is_grpc() {
            let message = inference::request(settings.model.as_deref(), &body)?;
            return Ok(Body::raw(framed(&message)));
        }
        let mut bytes = serde_json::to_vec(&body).map_err(|error| error.to_string())?;
        let find = |bytes: &[u8], mark: &[u8]| bytes.windows(mark.len()).position(|window| window == mark);
        let words = match &input.content {
            Content::Words(words) => find(&bytes, WORDS_IN_JSON).map(|at| {
                bytes.drain(at..at + WORDS_IN_JSON.len());
                (at, words.clone().salted(settings.salt && kind.takes_salt()))
            }),
            _ => None,
        };
        let salt_at = find(&bytes, SALT_IN_JSON);
        Ok(Body { bytes, salt_at, words })
    }

    /// Builds the body of a turn of a conversation with these messages.
    ///
    /// # Errors
    /// If the body cannot be written as JSON.
    pub fn of_turn(
        kind: Kind,
        settings: &Settings,
        messages: Vec<Value>,
        max_tokens: Option<u64>,
    ) -> Result<Self, String> {
        let mut fields = Map::from_iter([("messages".to_owned(), Value::Array(messages))]);
        set_fields(kind, settings, max_tokens, &mut fields);
        serde_json::to_vec(&fields).map(Body::raw).map_err(|error| error.to_string())
    }

    fn by_template(template: &str, input: &[u8]) -> Result<Self, String> {
        const INPUT: &str = "{{input}}";
        if !template.contains(INPUT) {
            return Err(format!("the template contains no `{INPUT}`: without it all requests are the same"));
        }
        let escaped = Value::from(String::from_utf8_lossy(input)).to_string();
        // Without the quotes, which are part of the template.
        let escaped = escaped.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(&escaped);
        Ok(Body::raw(template.replace(INPUT, escaped).into_bytes()))
    }

    /// Returns the bytes to send. The salt is made of `unique`, or of `run` for a prefix that the prompts of one run
    /// share.
    pub fn salted(&self, unique: u64, run: u64) -> Vec<u8> {
        let Some((at, words)) = &self.words else {
            let mut bytes = self.bytes.clone();
            if let Some(at) = self.salt_at {
                bytes[at..at + SALT_IN_JSON.len()].copy_from_slice(salt(unique).as_bytes());
            }
            return bytes;
        };
        let mut bytes = Vec::with_capacity(self.len());
        bytes.extend_from_slice(&self.bytes[..*at]);
        words.write(unique, run, &mut bytes);
        bytes.extend_from_slice(&self.bytes[*at..]);
        bytes
    }

    /// Returns the number of bytes that are sent.
    pub fn len(&self) -> usize {
        self.bytes.len() + self.words.as_ref().map_or(0, |(_, words)| words.bytes())
    }

    /// Whether the body is empty.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Returns the field with the text of a request of this kind.
fn of_text(kind: Kind, text: String) -> Value {
    let messages = |text: String| json!([{ "role": "user", "content": text }]);
    match kind {
        Kind::Chat | Kind::Messages | Kind::OllamaChat => json!({ "messages": messages(text) }),
        Kind::Completions | Kind::OllamaGenerate => json!({ "prompt": text }),
        Kind::Images => json!({ "prompt": text, "n": 1, "response_format": "b64_json" }),
        Kind::Tgi => json!({ "inputs": text, "parameters": { "details": true } }),
        Kind::Generate => json!({ "text_input": text }),
        Kind::TtsSynthesize | Kind::TtsStream | Kind::Piper => json!({ "text": text }),
        // Responses, embeddings and speech.
        _ => json!({ "input": text }),
    }
}

/// Sets the fields of a request of this kind, except its text.
fn set_fields(kind: Kind, settings: &Settings, max_tokens: Option<u64>, fields: &mut Map<String, Value>) {
    let mut set = |name: &str, value: Value| {
        fields.insert(name.to_owned(), value);
    };
    if let Some(model) = settings.model.as_ref().filter(|_| kind.has_model_in_body()) {
        set("model", model.as_str().into());
    }
    let tokens = max_tokens.or(settings.max_tokens);
    let exactly = tokens.filter(|_| settings.exact_answers);
    match kind {
        Kind::Chat | Kind::Completions => {
            tokens.into_iter().for_each(|tokens| set("max_tokens", tokens.into()));
            if let Some(tokens) = exactly {
                set("min_tokens", tokens.into());
                set("ignore_eos", true.into());
            }
            if settings.stream {
                set("stream", true.into());
                set("stream_options", json!({ "include_usage": true }));
            }
        }
        Kind::Responses | Kind::Messages => {
            let name = if kind == Kind::Messages { "max_tokens" } else { "max_output_tokens" };
            // The messages interface requires a maximum number of tokens.
            let tokens = tokens.or((kind == Kind::Messages).then_some(USUAL_TOKENS));
            tokens.into_iter().for_each(|tokens| set(name, tokens.into()));
            if settings.stream {
                set("stream", true.into());
            }
        }
        Kind::OllamaGenerate | Kind::OllamaChat => {
            // Without this field, Ollama sends a stream.
            set("stream", settings.stream.into());
            if let Some(tokens) = tokens {
                set("options", json!({ "num_predict": tokens }));
            }
        }
        Kind::Tgi => {
            if let Some(tokens) = tokens {
                set("parameters", json!({ "details": true, "max_new_tokens": tokens }));
            }
        }
        Kind::Generate => {
            tokens.into_iter().for_each(|tokens| set("max_tokens", tokens.into()));
            set("stream", settings.stream.into());
            if exactly.is_some() {
                set("ignore_eos", true.into());
            }
        }
        Kind::Speech => {
            set("response_format", "wav".into());
            set("voice", settings.voice.as_deref().unwrap_or("alloy").into());
        }
        Kind::TtsSynthesize | Kind::TtsStream | Kind::Piper => {
            settings.voice.iter().for_each(|voice| set("voice", voice.as_str().into()));
        }
        Kind::Images => {
            if let Some((width, height)) = settings.size {
                set("size", format!("{width}x{height}").into());
            }
        }
        _ => {}
    }
    settings.extra.iter().for_each(|(name, value)| set(name, value.clone()));
}

/// Adds a salt to messages, at the beginning of the first text: a cache might contain anything before it.
fn salted_messages(messages: &[Value], salt: Option<&str>) -> Vec<Value> {
    let mut messages = messages.to_vec();
    if let (Some(salt), Some(first)) = (salt, messages.first_mut())
        && let Some(text) = first.get("content").and_then(Value::as_str)
    {
        first["content"] = format!("{salt}{text}").into();
    }
    messages
}

/// Returns a query and the documents to rank by it, from a JSON object, or from texts separated by tabs, the first of
/// which is the query.
fn rerank(text: &str) -> Result<Value, String> {
    if let Ok(value @ Value::Object(_)) = serde_json::from_str::<Value>(text) {
        return Ok(value);
    }
    let mut parts = text.split('\t').map(str::trim).filter(|part| !part.is_empty());
    let (query, documents) = (parts.next().unwrap_or_default().to_owned(), parts.collect::<Vec<_>>());
    if documents.is_empty() {
        return Err(format!(
            "the input of `rerank` is a JSON object, or a query and documents with tabs between them; found `{}`",
            crate::failure::shortened(text)
        ));
    }
    Ok(json!({ "query": query, "documents": documents }))
}

/// Builds a form with an audio file.
fn transcription(settings: &Settings, audio: &[u8]) -> Result<Body, String> {
    let mut fields = Vec::new();
    fields.extend(settings.model.clone().map(|model| ("model", model)));
    fields.push(("response_format", "json".to_owned()));
    if settings.stream {
        fields.push(("stream", "true".to_owned()));
    }
    let plain = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    fields.retain(|(name, _)| !settings.extra.contains_key(*name));
    fields.extend(settings.extra.iter().map(|(name, value)| (name.as_str(), plain(value))));
    form::form(&fields, form::file_name(audio), audio).map(Body::raw)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json_of(kind: Kind, settings: &Settings, input: &str) -> Value {
        let body = Body::of(kind, settings, input.as_bytes()).expect("a body");
        serde_json::from_slice(&body.salted(7, 0)).expect("JSON")
    }

    #[test]
    fn a_chat_asks_for_usage() {
        let settings = Settings {
            model: Some("m".to_owned()),
            stream: true,
            max_tokens: Some(9),
            extra: [("temperature".to_owned(), json!(0)), ("max_tokens".to_owned(), json!(5))]
                .into_iter()
                .collect(),
            ..Settings::default()
        };
        let expected = json!({
            "messages": [{ "role": "user", "content": "say \"hi\"" }], "model": "m", "stream": true,
            "stream_options": { "include_usage": true }, "max_tokens": 5, "temperature": 0
        });
        assert_eq!(json_of(Kind::Chat, &settings, "say \"hi\""), expected);
    }

    #[test]
    fn a_salt_makes_prompts_differ_and_not_their_length() {
        let settings = Settings { salt: true, ..Settings::default() };
        let body = Body::of(Kind::Chat, &settings, b"hi").expect("a body");
        let (one, other) = (body.salted(1, 0), body.salted(u64::MAX, 0));
        assert_eq!((one.len(), other.len()), (body.len(), body.len()));
        assert_ne!(one, other);
        let json: Value = serde_json::from_slice(&one).expect("JSON");
        assert!(json["messages"][0]["content"].as_str().expect("text").ends_with("1] hi"), "{json}");
        // A text that no language model reads gets no salt.
        assert_eq!(json_of(Kind::Speech, &settings, "hi")["input"], "hi");
    }

    #[test]
    fn a_template_takes_any_input() {
        let settings =
            Settings { template: Some(r#"{"q":"{{input}}","k":2}"#.to_owned()), ..Settings::default() };
        assert_eq!(json_of(Kind::Raw, &settings, "a \"b\"\n"), json!({ "q": "a \"b\"\n", "k": 2 }));
        let wrong = Settings { template: Some("{}".to_owned()), ..Settings::default() };
        assert!(Body::of(Kind::Raw, &wrong, b"x").is_err());
        assert!(Body::of(Kind::Infer, &Settings::default(), b"not JSON").is_err());
        assert!(Body::of(Kind::Chat, &Settings::default(), b"\xff").is_err());
    }
}
