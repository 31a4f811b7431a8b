//! Tests each interface with a server that follows its documentation and shares no code with the client.

use std::time::{Duration, Instant};

use bench_endpoint::Endpoint;
use bench_endpoint::api::{Kind, Limits, Marks, Settings, Told};
use bench_endpoint::client::{Caller, Client, Policy, Served, Target};
use bench_endpoint::data::{Content, Input, Words};
use bench_endpoint::failure::Failure;
use bench_endpoint::probe::{Found, probe};
use bench_endpoint::secret::Secret;
use bench_truth::{Act, Asked, Dialect, Truth, dialect, json, whole};
use serde_json::Value;

#[derive(Default)]
struct Seen(Vec<Instant>);

impl Marks for Seen {
    fn output(&mut self, at: Instant, _holds: Option<u32>) {
        self.0.push(at);
    }
    fn answer(&mut self, _at: Instant) {}
    fn end(&mut self, _at: Instant) {}
}

fn client(server: &Truth, secret: Option<Secret>) -> Client {
    let target = Target::parse(&server.url()).expect("an address");
    Client::new([target], None, Policy::Warm, Limits::default(), &[], secret).expect("a client")
}

fn endpoint(server: &Truth, kind: Kind, stream: bool) -> Endpoint {
    let settings = Settings {
        model: Some("m".to_owned()),
        stream,
        max_tokens: Some(2),
        salt: true,
        ..Settings::default()
    };
    Endpoint::new(kind, settings, client(server, None))
}

fn send(endpoint: &Endpoint, input: &Input) -> (Result<Served, Failure>, Seen) {
    let mut seen = Seen::default();
    let prompt = endpoint.prompt_of(input).expect("a prompt");
    (endpoint.send(&prompt, &Caller::default(), &mut seen), seen)
}

/// The interface of each server, its path, and the positions of the text and of the limit of tokens in the body.
const SPOKEN: [(Kind, Dialect, &str, &str, &str); 7] = [
    (Kind::Responses, Dialect::Responses, "/v1/responses", "/input", "/max_output_tokens"),
    (Kind::Messages, Dialect::Messages, "/v1/messages", "/messages/0/content", "/max_tokens"),
    (Kind::OllamaGenerate, Dialect::OllamaGenerate, "/api/generate", "/prompt", "/options/num_predict"),
    (Kind::OllamaChat, Dialect::OllamaChat, "/api/chat", "/messages/0/content", "/options/num_predict"),
    (Kind::Tgi, Dialect::Tgi, "/generate_stream", "/inputs", "/parameters/max_new_tokens"),
    (Kind::Generate, Dialect::Triton, "/v2/models/m/generate_stream", "/text_input", "/max_tokens"),
    (Kind::Transcriptions, Dialect::Transcription, "/v1/audio/transcriptions", "", ""),
];

#[test]
fn a_stream_of_each_interface_has_its_outputs_when_they_were_sent() {
    for (kind, spoken, path, text_at, tokens_at) in SPOKEN {
        let server = Truth::start(move |_| dialect(spoken, 2, Duration::from_millis(15)));
        let endpoint = endpoint(&server, kind, true);
        let (served, seen) = send(&endpoint, &Input::of("hi"));
        let served = served.unwrap_or_else(|failure| panic!("{kind}: {failure}"));
        let asked = server.asked().remove(0);
        assert_eq!(asked.path(), path, "{kind}");
        if kind != Kind::Transcriptions {
            let body: Value = serde_json::from_slice(&asked.body).expect("JSON");
            let text = body.pointer(text_at).and_then(Value::as_str).expect("a text");
            assert!(text.ends_with("] hi"), "{kind}: {text}");
            assert_eq!(body.pointer(tokens_at), Some(&2.into()), "{kind}: {body}");
        }
        let Told::Text(told) = served.told else { panic!("{kind}: {:?}", served.told) };
        assert_eq!(told.characters, 8, "{kind}");
        if kind != Kind::Generate {
            assert_eq!(told.output_tokens, Some(2), "{kind}");
        }
        // The events sent at once are not outputs: each output arrives after the wait before it began.
        let sent = server.sent();
        let before: Vec<Instant> =
            sent.iter().filter(|sent| [1, 3].contains(&sent.act)).map(|sent| sent.at).collect();
        assert_eq!(seen.0.len(), 2, "{kind}");
        assert!(seen.0.iter().zip(&before).all(|(output, before)| output > before), "{kind}");
    }
}

#[test]
fn a_form_holds_the_file_and_says_what_is_asked() {
    let server = Truth::start(|_| vec![json(r#"{"text":"four score and seven years"}"#)]);
    let endpoint = endpoint(&server, Kind::Transcriptions, false);
    let (served, _) = send(&endpoint, &Input::of(b"RIFF\x24\0\0\0WAVE".to_vec()));
    assert!(matches!(served.expect("served").told, Told::Text(text) if text.characters == 26));
    let Asked { head, body, .. } = server.asked().remove(0);
    let boundary =
        head.split("boundary=").nth(1).and_then(|rest| rest.split("\r\n").next()).expect("a boundary");
    let body = String::from_utf8_lossy(&body).into_owned();
    let parts: Vec<&str> = body.split(&format!("--{boundary}")).collect();
    assert_eq!((parts.first(), parts.last()), (Some(&""), Some(&"--\r\n")), "{body}");
    for told in
        ["name=\"model\"\r\n\r\nm\r\n", "name=\"file\"; filename=\"audio.wav\"", "RIFF\u{24}\0\0\0WAVE\r\n"]
    {
        assert!(parts.iter().any(|part| part.contains(told)), "{told}: {body}");
    }
}

#[test]
fn documents_are_ranked() {
    let server = Truth::start(|asked| {
        let body: Value = serde_json::from_slice(&asked.body).expect("JSON");
        let documents = body["documents"].as_array().map_or(0, Vec::len);
        vec![json(&format!(r#"{{"results":[{{"index":{documents},"relevance_score":0.9}}]}}"#))]
    });
    let endpoint = endpoint(&server, Kind::Rerank, false);
    assert!(send(&endpoint, &Input::of("a query\tone\ttwo")).0.is_ok());
    let body: Value = serde_json::from_slice(&server.asked()[0].body).expect("JSON");
    assert_eq!((&body["query"], &body["documents"][1]), (&"a query".into(), &"two".into()));
    assert!(endpoint.prompt(b"a query alone").is_err());
}

#[test]
fn words_arrive_as_they_were_asked_for_and_unlike_all_before() {
    let server = Truth::start(|_| dialect(Dialect::Responses, 2, Duration::ZERO));
    let endpoint = endpoint(&server, Kind::Responses, true);
    let input = Input { content: Content::Words(Words::exactly(300, 1)), max_tokens: Some(2) };
    for _ in 0..3 {
        send(&endpoint, &input).0.expect("served");
    }
    let texts: Vec<String> = server
        .asked()
        .iter()
        .map(|asked| {
            serde_json::from_slice::<Value>(&asked.body).expect("JSON")["input"]
                .as_str()
                .expect("text")
                .to_owned()
        })
        .collect();
    assert!(texts.iter().all(|text| text.split(' ').count() == 300));
    assert!(texts[0].split(' ').nth(1) != texts[1].split(' ').nth(1) && texts[1] != texts[2]);
}

#[test]
fn a_token_is_sent_where_the_server_wants_it() {
    let server = Truth::start(|_| dialect(Dialect::Messages, 2, Duration::ZERO));
    let file = std::env::temp_dir().join(format!("bench-token-{}", std::process::id()));
    std::fs::write(&file, "sk-hunter2").expect("written");
    let secret = Secret::from_file(&file).expect("a token").in_header("x-api-key").expect("a header");
    std::fs::remove_file(&file).expect("removed");
    let settings = Settings { model: Some("m".to_owned()), stream: true, ..Settings::default() };
    let endpoint = Endpoint::new(Kind::Messages, settings, client(&server, Some(secret)));
    send(&endpoint, &Input::of("hi")).0.expect("served");
    let head = server.asked().remove(0).head.to_ascii_lowercase();
    assert!(
        head.contains("x-api-key: sk-hunter2\r\n") && head.contains("anthropic-version: 2023-06-01\r\n"),
        "{head}"
    );
    assert!(!head.contains("authorization"), "{head}");
}

#[test]
fn servers_are_recognized() {
    let found = |known: &'static [(&'static str, &'static str)]| -> Found {
        let server = Truth::start(move |asked: &Asked| -> Vec<Act> {
            let body = known.iter().find(|(path, _)| *path == asked.path()).map(|(_, body)| *body);
            vec![body.map_or_else(|| whole("404 Not Found", &[], ""), json)]
        });
        probe(&client(&server, None)).expect("answered")
    };
    for (known, kind, model, server) in [
        (
            &[
                ("/api/tags", r#"{"models":[{"name":"llama3.2:1b"}]}"#),
                ("/api/version", r#"{"version":"0.5.1"}"#),
            ][..],
            Kind::OllamaChat,
            "llama3.2:1b",
            "Ollama 0.5.1",
        ),
        (
            &[("/v1/models", r#"{"data":[{"id":"m","owned_by":"vllm"}]}"#)],
            Kind::Chat,
            "m",
            "OpenAI-like (owned_by vllm)",
        ),
        (&[("/info", r#"{"model_id":"m","version":"2.4.0"}"#)], Kind::Tgi, "m", "TGI 2.4.0"),
        (&[("/v2", r#"{"name":"triton","version":"2.50.0"}"#)], Kind::Infer, "", "KServe v2 (triton 2.50.0)"),
        (
            &[
                ("/v2", r#"{"name":"mlserver","version":"1.7.1"}"#),
                ("/v2/repository/index", r#"[{"name":"m","version":"1"},{"name":"m","version":"2"}]"#),
            ],
            Kind::Infer,
            "m",
            "KServe v2 (mlserver 1.7.1)",
        ),
        (
            &[("/info", r#"{"voice":{"name":"en_US-joe-medium","language":"en"},"last":null}"#)],
            Kind::Piper,
            "",
            "Piper (voice en_US-joe-medium)",
        ),
        (&[("/tts/engines", "[]")], Kind::TtsSynthesize, "", "torch-inference"),
    ] {
        let found = found(known);
        assert_eq!((found.kind, found.server.as_str()), (Some(kind), server));
        assert_eq!(found.models.first().map_or("", String::as_str), model);
    }
    assert_eq!(found(&[]), Found::default());
}
