//! Detects the interface of a server by its address.

use http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use serde_json::{Value, json};

use crate::api::{self, Kind};
use crate::client::{Client, Target};
use crate::data::Tensor;
use crate::failure::{Class, Failure};

/// The server and the interface that were detected at an address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// The interface through which the server is called; `None` if it is not known.
    pub kind: Option<Kind>,
    /// The names of its models.
    pub models: Vec<String>,
    /// The server software: `Ollama 0.5.1`, `TGI`, `KServe v2 (triton 2.50.0)`; empty if it is not known.
    pub server: String,
}

/// The meaning of an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// The address of the server.
    pub target: Target,
    /// The interface whose path the address ends with, if there is one.
    pub kind: Option<Kind>,
    /// The model in the path, if there is one.
    pub model: Option<String>,
    /// Whether the path requests a stream; `None` if the interface has no separate paths for streams and whole answers.
    pub stream: Option<bool>,
}

/// Separates the address of the server from the path of its endpoint: people paste both `http://host/v1` and
/// `http://host/v1/chat/completions`.
pub fn split(target: Target) -> Named {
    let path = target.path().to_owned();
    let of_scheme = target.is_grpc.then_some(Kind::GrpcInfer);
    let nothing = |base: &str| Named {
        target: target.with_base(base.to_owned()),
        kind: None,
        model: None,
        stream: None,
    };
    if let Some((base, model, what)) = of_model(&path) {
        let (kind, stream) = match what {
            "infer" => (Kind::Infer, None),
            "infer_stream" => (Kind::InferStream, None),
            "generate" => (Kind::Generate, Some(false)),
            _ => (Kind::Generate, Some(true)),
        };
        return Named { kind: Some(kind), model: Some(model.to_owned()), stream, ..nothing(base) };
    }
    let known = Kind::ALL.into_iter().filter(|kind| *kind != Kind::Raw && !kind.has_model_in_path());
    for kind in known {
        for stream in [true, false] {
            if let Some(base) = path.strip_suffix(&kind.path(None, stream)) {
                let stream = (kind == Kind::Tgi).then_some(stream);
                return Named { kind: Some(kind), stream, ..nothing(base) };
            }
        }
    }
    Named { kind: of_scheme, ..nothing(path.strip_suffix("/v1").unwrap_or(&path)) }
}

/// Splits `BASE/v2/models/MODEL[/versions/N]/WHAT` into base, model and `WHAT`; `None` for any other path.
fn of_model(path: &str) -> Option<(&str, &str, &str)> {
    let (base, rest) = path.split_once("/v2/models/")?;
    let (model, what) = rest.rsplit_once('/')?;
    let is_known = matches!(what, "infer" | "infer_stream" | "generate" | "generate_stream");
    (is_known && !model.contains('/')).then_some((base, model, what))
}

/// The error of a server that does not describe its models.
const UNIMPLEMENTED: Class = Class::Grpc(12);

/// Asks a server for its interface and its models.
///
/// # Errors
/// If nothing answers, or if the server requires a token. A path that does not exist is not an error.
pub fn probe(client: &Client) -> Result<Found, Failure> {
    // Ollama has the paths of OpenAI, too; its own paths report more.
    if let Some(tags) = document(client, "/api/tags")?.filter(|tags| tags.get("models").is_some()) {
        let version = document(client, "/api/version")?;
        let version =
            version.as_ref().and_then(|version| version.get("version")?.as_str()).unwrap_or_default();
        return Ok(Found {
            kind: Some(Kind::OllamaChat),
            models: names(&tags, "models", "name"),
            server: format!("Ollama {version}").trim_end().to_owned(),
        });
    }
    if let Some(list) = document(client, "/v1/models")? {
        let owner = list.pointer("/data/0/owned_by").and_then(Value::as_str).unwrap_or_default();
        let kind = match owner {
            "anthropic" => Kind::Messages,
            _ => Kind::Chat,
        };
        let owner = if owner.is_empty() { String::new() } else { format!(" (owned_by {owner})") };
        let server = format!("OpenAI-like{owner}");
        return Ok(Found { kind: Some(kind), models: names(&list, "data", "id"), server });
    }
    if let Some(server) = document(client, "/v2")?.filter(|server| server.get("name").is_some()) {
        let text = |name: &str| server.get(name).and_then(Value::as_str).unwrap_or_default();
        let server = format!("KServe v2 ({} {})", text("name"), text("version"));
        return Ok(Found { kind: Some(Kind::Infer), models: repository(client)?, server });
    }
    let info = document(client, "/info")?;
    if let Some(voice) = info.as_ref().and_then(|info| info.get("voice")?.get("name")?.as_str()) {
        let server = format!("Piper (voice {voice})");
        return Ok(Found { kind: Some(Kind::Piper), models: Vec::new(), server });
    }
    // TGI describes its model and its limits.
    if let Some(info) = info.filter(|info| info.get("model_id").is_some()) {
        let text = |name: &str| info.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let server = format!("TGI {}", text("version")).trim_end().to_owned();
        return Ok(Found { kind: Some(Kind::Tgi), models: vec![text("model_id")], server });
    }
    if document(client, "/tts/engines")?.is_some() {
        let server = "torch-inference".to_owned();
        return Ok(Found { kind: Some(Kind::TtsSynthesize), models: Vec::new(), server });
    }
    Ok(Found::default())
}

/// Returns the models of a KServe v2 server, from the model repository extension of Triton and MLServer; none if the
/// server does not have it.
fn repository(client: &Client) -> Result<Vec<String>, Failure> {
    let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/json"))]);
    let index = read(client.post("/v2/repository/index", &headers, b"{\"ready\":true}".to_vec()))?;
    let mut models =
        index.map_or_else(Vec::new, |index| names(&json!({ "models": index }), "models", "name"));
    // Several versions of a model are several entries.
    models.dedup();
    Ok(models)
}

/// Returns the inputs of a KServe v2 model, from the server's description. `None` if the server does not
/// describe it.
///
/// # Errors
/// If nothing answers, or if the server refuses access (status 401 or 403).
pub fn tensors(client: &Client, kind: Kind, model: &str) -> Result<Option<Vec<Tensor>>, Failure> {
    if kind.is_grpc() {
        let (path, headers, body) = api::model_metadata(model);
        return match client.post(path, &headers, body) {
            Ok(answer) => api::tensors_in(&answer),
            Err(failure) if failure.class == UNIMPLEMENTED => Ok(None),
            Err(failure) => Err(failure),
        };
    }
    let Some(described) = document(client, &format!("/v2/models/{model}"))? else { return Ok(None) };
    let inputs = described.get("inputs").and_then(Value::as_array).filter(|inputs| !inputs.is_empty());
    let tensor = |input: &Value| {
        let text = |name: &str| input.get(name).and_then(Value::as_str).map(str::to_owned);
        let shape =
            input.get("shape")?.as_array()?.iter().map(Value::as_i64).collect::<Option<Vec<i64>>>()?;
        Some(Tensor { name: text("name")?, datatype: text("datatype")?, shape })
    };
    Ok(inputs.and_then(|inputs| inputs.iter().map(tensor).collect()))
}

/// Returns the texts in the field `name` of the objects in the array `list`.
fn names(document: &Value, list: &str, name: &str) -> Vec<String> {
    let items = document.get(list).and_then(Value::as_array).into_iter().flatten();
    items.filter_map(|item| item.get(name)?.as_str()).map(str::to_owned).collect()
}

/// Gets a JSON document; `None` if the server has none at this path.
fn document(client: &Client, path: &str) -> Result<Option<Value>, Failure> {
    read(client.get(path))
}

fn read(answer: Result<Vec<u8>, Failure>) -> Result<Option<Value>, Failure> {
    match answer {
        Ok(body) => Ok(serde_json::from_slice(&body).ok()),
        Err(failure) => match failure.class {
            Class::Status(401 | 403) => Err(failure),
            Class::Status(_) | Class::Redirected | Class::Empty | Class::Compressed => Ok(None),
            _ => Err(failure),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_may_name_its_endpoint() {
        for (text, base, kind, stream) in [
            ("http://h/v1/chat/completions", "http://h", Some(Kind::Chat), None),
            ("http://h/api/v1/completions", "http://h/api", Some(Kind::Completions), None),
            ("http://h/v1/audio/transcriptions", "http://h", Some(Kind::Transcriptions), None),
            ("http://h/api/chat", "http://h", Some(Kind::OllamaChat), None),
            ("http://h/generate", "http://h", Some(Kind::Tgi), Some(false)),
            ("http://h/x/generate_stream", "http://h/x", Some(Kind::Tgi), Some(true)),
            ("http://h/tts/stream", "http://h", Some(Kind::TtsStream), None),
            ("http://h/v1/", "http://h", None, None),
            ("grpc://h:81", "grpc://h:81", Some(Kind::GrpcInfer), None),
            (
                "http://h/inference.GRPCInferenceService/ModelStreamInfer",
                "http://h",
                Some(Kind::GrpcInferStream),
                None,
            ),
            ("http://h/other", "http://h/other", None, None),
        ] {
            let named = split(Target::parse(text).expect("an address"));
            assert_eq!((named.target.to_string().as_str(), named.kind), (base, kind), "{text}");
            assert_eq!((named.stream, named.model), (stream, None), "{text}");
        }
        let named = split(Target::parse("http://h/v2/models/llama/generate_stream").expect("an address"));
        assert_eq!((named.kind, named.model.as_deref()), (Some(Kind::Generate), Some("llama")));
        assert_eq!((named.target.to_string().as_str(), named.stream), ("http://h", Some(true)));
    }
}
