//! Bodies of requests, made before anything is measured.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::Kind;

/// What is asked for in each request.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings {
    /// The model's name.
    pub model: Option<String>,
    /// Whether the answer is asked for as a stream.
    pub stream: bool,
    /// Most tokens to generate.
    pub max_tokens: Option<u64>,
    /// The voice of speech.
    pub voice: Option<String>,
    /// Samples per second of raw samples, if the server does not say it.
    pub sample_rate: Option<u32>,
    /// Width and height of pictures.
    pub size: Option<(u32, u32)>,
    /// Fields that are added to each body, in place of those that would be there.
    pub extra: Map<String, Value>,
    /// Text of a whole body, in which `{{input}}` stands for the input, escaped as JSON text.
    pub template: Option<String>,
    /// Whether prompts begin with something that no other request has, so that no prefix cache knows them.
    pub salt: bool,
    /// Time limits and sizes.
    pub limits: Limits,
}

/// What a request may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Time to connect, TLS included.
    pub connect: Duration,
    /// Time until the first byte of the answer.
    pub first_byte: Duration,
    /// Time between two pieces of the answer.
    pub idle: Duration,
    /// Time of the whole request.
    pub total: Duration,
    /// Bytes of the answer.
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

/// Stands for the salt until a request is sent: as long as a salt, and nothing that a prompt holds.
const SALT: &str = "\u{1}salt-of-a-request\u{1}";

/// How the placeholder looks within JSON.
const SALT_IN_JSON: &[u8] = b"\\u0001salt-of-a-request\\u0001";

/// The body of a request, and where its salt goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body {
    bytes: Vec<u8>,
    salt_at: Option<usize>,
}

impl Body {
    /// A body that is sent as it is.
    pub fn raw(bytes: Vec<u8>) -> Self {
        Body { bytes, salt_at: None }
    }

    /// The body of a request of this kind for `input`: a text, or the bytes of a file for a kind that takes files.
    ///
    /// # Errors
    /// What is wrong with the template or the input.
    pub fn of(kind: Kind, settings: &Settings, input: &[u8]) -> Result<Self, String> {
        if let Some(template) = &settings.template {
            return Body::by_template(template, input);
        }
        if kind == Kind::Raw {
            return Ok(Body::raw(input.to_vec()));
        }
        let text = || {
            let text =
                std::str::from_utf8(input).map_err(|error| format!("the input is not UTF-8: {error}"))?;
            let salted = settings.salt && matches!(kind, Kind::Chat | Kind::Completions);
            Ok::<_, String>(if salted { format!("[{SALT}] {text}") } else { text.to_owned() })
        };
        let mut body = match kind {
            Kind::Chat => json!({ "messages": [{ "role": "user", "content": text()? }] }),
            Kind::Completions => json!({ "prompt": text()? }),
            Kind::Embeddings | Kind::Speech => json!({ "input": text()? }),
            Kind::Images => json!({ "prompt": text()?, "n": 1, "response_format": "b64_json" }),
            Kind::TtsSynthesize | Kind::TtsStream => json!({ "text": text()? }),
            Kind::ClassifyBatch | Kind::ClassifyStream => json!({ "images": [STANDARD.encode(input)] }),
            Kind::Infer | Kind::Predict | Kind::Raw => serde_json::from_slice(input)
                .map_err(|error| format!("the input of `{kind}` is a JSON body, and is none: {error}"))?,
        };
        let Some(fields) = body.as_object_mut() else {
            return Err(format!("the body of `{kind}` is a JSON object, and is none"));
        };
        let mut set = |name: &str, value: Value| {
            fields.insert(name.to_owned(), value);
        };
        // A KServe request names its model in its path.
        if let Some(model) = settings.model.as_ref().filter(|_| kind.wants_model() && kind != Kind::Infer) {
            set("model", model.as_str().into());
        }
        if kind.has_stream_setting() {
            if let Some(tokens) = settings.max_tokens {
                set("max_tokens", tokens.into());
            }
            if settings.stream {
                set("stream", true.into());
                set("stream_options", json!({ "include_usage": true }));
            }
        }
        if kind == Kind::Speech {
            set("response_format", "wav".into());
            set("voice", settings.voice.as_deref().unwrap_or("alloy").into());
        } else if let (Kind::TtsSynthesize | Kind::TtsStream, Some(voice)) = (kind, &settings.voice) {
            set("voice", voice.as_str().into());
        }
        if let (Kind::Images, Some((width, height))) = (kind, settings.size) {
            set("size", format!("{width}x{height}").into());
        }
        settings.extra.iter().for_each(|(name, value)| set(name, value.clone()));
        let bytes = serde_json::to_vec(&body).map_err(|error| error.to_string())?;
        let salt_at = bytes.windows(SALT_IN_JSON.len()).position(|window| window == SALT_IN_JSON);
        Ok(Body { bytes, salt_at })
    }

    fn by_template(template: &str, input: &[u8]) -> Result<Self, String> {
        const INPUT: &str = "{{input}}";
        if !template.contains(INPUT) {
            return Err(format!("the template holds no `{INPUT}`: without it all requests are the same"));
        }
        let escaped = Value::from(String::from_utf8_lossy(input)).to_string();
        // Without the quotes, which the template has.
        let escaped = escaped.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(&escaped);
        Ok(Body::raw(template.replace(INPUT, escaped).into_bytes()))
    }

    /// The bytes to send, with a salt made of `unique`.
    pub fn salted(&self, unique: u64) -> Vec<u8> {
        let mut bytes = self.bytes.clone();
        if let Some(at) = self.salt_at {
            let salt = format!("{unique:0width$x}", width = SALT_IN_JSON.len());
            bytes[at..at + SALT_IN_JSON.len()].copy_from_slice(salt.as_bytes());
        }
        bytes
    }

    /// How many bytes are sent.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether nothing is sent.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json_of(kind: Kind, settings: &Settings, input: &str) -> Value {
        let body = Body::of(kind, settings, input.as_bytes()).expect("a body");
        serde_json::from_slice(&body.salted(7)).expect("JSON")
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
        let (one, other) = (body.salted(1), body.salted(u64::MAX));
        assert_eq!((one.len(), other.len()), (body.len(), body.len()));
        assert_ne!(one, other);
        let json: Value = serde_json::from_slice(&one).expect("JSON");
        assert!(json["messages"][0]["content"].as_str().expect("text").ends_with("1] hi"), "{json}");
        // What is not a text for a model to read keeps its bytes.
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
