//! What is at an address.

use serde_json::Value;

use crate::api::Kind;
use crate::client::{Client, Target};
use crate::failure::{Class, Failure};

/// What was found at an address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// The interface that a server like this is asked by; `None` if it is not known.
    pub kind: Option<Kind>,
    /// The names of its models.
    pub models: Vec<String>,
}

/// The address of the server, and the interface whose path the address ends with, if it does: people paste
/// `http://host/v1` and `http://host/v1/chat/completions` alike.
pub fn split(target: Target) -> (Target, Option<Kind>) {
    let path = target.path().to_owned();
    let ends = |end: &str| path.strip_suffix(end).map(str::to_owned);
    let known = Kind::ALL.into_iter().filter(|kind| !matches!(kind, Kind::Raw | Kind::Infer));
    for kind in known {
        if let Some(base) = ends(&kind.path(None)) {
            return (target.with_base(base), Some(kind));
        }
    }
    match ends("/v1") {
        Some(base) => (target.with_base(base), None),
        None => (target, None),
    }
}

/// Asks a server what it is.
///
/// # Errors
/// When nothing answers there, or it wants a token. That a path does not exist is an answer.
pub fn probe(client: &Client) -> Result<Found, Failure> {
    if let Some(list) = document(client, "/v1/models")? {
        let models = list.get("data").and_then(Value::as_array).cloned().unwrap_or_default();
        let names =
            models.iter().filter_map(|model| model.get("id").and_then(Value::as_str).map(str::to_owned));
        return Ok(Found { kind: Some(Kind::Chat), models: names.collect() });
    }
    if document(client, "/v2")?.is_some_and(|server| server.get("name").is_some()) {
        return Ok(Found { kind: Some(Kind::Infer), models: Vec::new() });
    }
    if document(client, "/tts/engines")?.is_some() {
        return Ok(Found { kind: Some(Kind::TtsSynthesize), models: Vec::new() });
    }
    Ok(Found::default())
}

/// A document of JSON; `None` if the server has none there.
fn document(client: &Client, path: &str) -> Result<Option<Value>, Failure> {
    match client.get(path) {
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
        for (text, base, kind) in [
            ("http://h/v1/chat/completions", "http://h", Some(Kind::Chat)),
            ("http://h/api/v1/completions", "http://h/api", Some(Kind::Completions)),
            ("http://h/tts/stream", "http://h", Some(Kind::TtsStream)),
            ("http://h/v1/", "http://h", None),
            ("http://h/other", "http://h/other", None),
        ] {
            let (target, found) = split(Target::parse(text).expect("an address"));
            assert_eq!((target.to_string().as_str(), found), (base, kind), "{text}");
        }
    }
}
