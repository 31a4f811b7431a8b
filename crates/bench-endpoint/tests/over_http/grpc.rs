//! Tests gRPC: messages within HTTP/2, followed by a status.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bench_endpoint::Endpoint;
use bench_endpoint::api::{Kind, Marks, Settings, Told};
use bench_endpoint::client::{Caller, Client, Policy, Served, Target};
use bench_endpoint::failure::{Class, Failure};
use bench_endpoint::probe;
use bench_endpoint::reader::framed;
use bench_truth::{Truth, tensors};
use bytes::Bytes;
use futures_util::future::join_all;
use h2::server::SendResponse;
use http::{HeaderMap, Response};

use crate::http2::Server;

/// An answer with one text, `hi`: a tensor of type BYTES.
const HI: &[u8] = b"\x2a\x0d\x12\x05BYTES\x2a\x04\x42\x02hi";

/// Sends messages, and then these trailers.
fn answer(mut respond: SendResponse<Bytes>, messages: &[Vec<u8>], trailers: &[(&'static str, &str)]) {
    let head = Response::builder().header("content-type", "application/grpc").body(()).expect("a head");
    let mut stream = respond.send_response(head, false).expect("a stream");
    for message in messages {
        stream.send_data(framed(message).into(), false).expect("sent");
    }
    let headers = trailers
        .iter()
        .map(|(name, value)| (http::HeaderName::from_static(name), value.parse().expect("a value")));
    if trailers.is_empty() {
        stream.send_data(Bytes::new(), true).expect("sent");
    } else {
        stream.send_trailers(HeaderMap::from_iter(headers)).expect("sent");
    }
}

/// Sends a failure without a body, so that its status is in the head.
fn only_head(mut respond: SendResponse<Bytes>, status: &str, message: &str) {
    let head = Response::builder().header("content-type", "application/grpc");
    let head = head.header("grpc-status", status).header("grpc-message", message).body(()).expect("a head");
    respond.send_response(head, true).expect("sent");
}

#[derive(Default)]
struct Outputs(usize);

impl Marks for Outputs {
    fn output(&mut self, _: Instant, _: Option<u32>) {
        self.0 += 1;
    }

    fn answer(&mut self, _: Instant) {}

    fn end(&mut self, _: Instant) {}
}

/// Returns the result of a request, and the number of its outputs. The client is not configured for HTTP/2.
fn asked(kind: Kind, server: &Server) -> (Result<Served, Failure>, usize) {
    let client = Client::new([server.target.clone()], None, Policy::Warm, Default::default(), &[], None);
    let settings = Settings { model: Some("m".to_owned()), ..Settings::default() };
    let endpoint = Endpoint::new(kind, settings, client.expect("a client"));
    let input = br#"{"inputs":[{"name":"x","shape":[1],"datatype":"BYTES","data":["hello"]}]}"#;
    let prompt = endpoint.prompt(input).expect("a body");
    let mut outputs = Outputs::default();
    (endpoint.send(&prompt, &Caller::default(), &mut outputs), outputs.0)
}

#[test]
fn answers_end_with_a_status() {
    let server = Server::start(Arc::new(|request, respond| {
        assert_eq!(request.headers()["content-type"], "application/grpc");
        assert_eq!(request.headers()["te"], "trailers");
        match request.uri().path() {
            "/inference.GRPCInferenceService/ModelInfer" => {
                answer(respond, &[HI.to_vec()], &[("grpc-status", "0")]);
            }
            "/inference.GRPCInferenceService/ModelStreamInfer" => {
                let part = [&[0x12, HI.len() as u8][..], HI].concat();
                answer(respond, &[part.clone(), part], &[("grpc-status", "0")]);
            }
            other => panic!("{other}"),
        }
    }));
    let (served, outputs) = asked(Kind::GrpcInfer, &server);
    assert_eq!((served.map(|served| served.told), outputs), (Ok(Told::Plain), 0));
    let (served, outputs) = asked(Kind::GrpcInferStream, &server);
    let Ok(Told::Text(text)) = served.map(|served| served.told) else { panic!("a text") };
    assert_eq!((text.characters, text.output_tokens, outputs), (4, None, 2));
}

#[test]
fn failures_have_the_classes_of_grpc() {
    let class = |handler: fn(SendResponse<Bytes>)| {
        let server = Server::start(Arc::new(move |_, respond| handler(respond)));
        asked(Kind::GrpcInfer, &server).0.expect_err("a failure").to_string()
    };
    assert_eq!(class(|respond| only_head(respond, "5", "no model %60m%60")), "grpc-not-found: no model `m`");
    // The status counts, although an answer preceded it.
    assert_eq!(
        class(|respond| answer(
            respond,
            &[HI.to_vec()],
            &[("grpc-status", "14"), ("grpc-message", "going away")]
        )),
        "grpc-unavailable: going away"
    );
    assert_eq!(
        class(|respond| answer(respond, &[HI.to_vec()], &[])),
        "cut: the answer ended without a `grpc-status`"
    );
    assert_eq!(class(|respond| only_head(respond, "0", "")), "empty: the answer has no output");
    assert!(class(|respond| only_head(respond, "x", "")).starts_with("protocol: `grpc-status` is `x`"));
    assert!(
        class(|mut respond| {
            let head = Response::builder().status(503).body(()).expect("a head");
            respond.send_response(head, true).expect("sent");
        })
        .starts_with("status-503")
    );
}

#[test]
fn a_model_is_described_over_grpc() {
    let server = Server::start(Arc::new(|request, respond| {
        assert_eq!(request.uri().path(), "/inference.GRPCInferenceService/ModelMetadata");
        let described = b"\x0a\x01m\x22\x0c\x0a\x01x\x12\x04FP32\x1a\x01\x03".to_vec();
        answer(respond, &[described], &[("grpc-status", "0")]);
    }));
    let tensors = probe::tensors(&server.client(Policy::Warm), Kind::GrpcInfer, "m");
    let tensors = tensors.expect("an answer").expect("a description");
    assert_eq!((tensors[0].name.as_str(), &tensors[0].shape[..]), ("x", &[3][..]));
    let other = Server::start(Arc::new(|_, respond| only_head(respond, "12", "")));
    let tensors = probe::tensors(&other.client(Policy::Warm), Kind::GrpcInfer, "m");
    assert!(matches!(tensors, Ok(None)), "{tensors:?}");
    let nameless = Server::start(Arc::new(|_, respond| only_head(respond, "5", "no model")));
    let failure =
        probe::tensors(&nameless.client(Policy::Warm), Kind::GrpcInfer, "m").expect_err("a failure");
    assert_eq!(failure.to_string(), "grpc-not-found: no model");
    let refused = Server::start(Arc::new(|_, mut respond| {
        let head = Response::builder().status(401).body(()).expect("a head");
        respond.send_response(head, true).expect("sent");
    }));
    let failure = probe::tensors(&refused.client(Policy::Warm), Kind::GrpcInfer, "m").expect_err("a failure");
    assert_eq!(failure.class, Class::Status(401));
}

/// The times of outputs.
#[derive(Default)]
struct Times(Vec<Instant>);

impl Marks for Times {
    fn output(&mut self, at: Instant, _: Option<u32>) {
        self.0.push(at);
    }

    fn answer(&mut self, _: Instant) {}

    fn end(&mut self, _: Instant) {}
}

/// Uses a server that shares no code with the client and records when it sent each message. On one connection with
/// interleaved streams, each output belongs to its own stream, and arrived after the previous one was sent.
#[test]
fn outputs_of_streams_on_one_connection_have_the_times_at_which_they_came() {
    const STREAMS: u32 = 4;
    let server = Truth::start_http2(|_| tensors(3, Duration::from_millis(15), Duration::from_millis(15)));
    let target = Target::parse(&server.url()).expect("an address");
    let client = Client::new([target], None, Policy::Warm, Default::default(), &[], None).expect("a client");
    let settings = Settings { model: Some("m".to_owned()), ..Settings::default() };
    let endpoint = Endpoint::new(Kind::GrpcInferStream, settings, client);
    endpoint.client().warm(STREAMS as usize).expect("connected");
    let one = |number: u32| {
        let endpoint = &endpoint;
        async move {
            let input = format!(
                r#"{{"inputs":[{{"name":"x","shape":[1],"datatype":"BYTES","data":["<{number}>"]}}]}}"#
            );
            let prompt = endpoint.prompt(input.as_bytes()).expect("a body");
            let mut times = Times::default();
            endpoint.request(&prompt, &Caller::default(), &mut times).await.expect("served");
            times.0
        }
    };
    let all = bench_load::cores::block_on(0, join_all((0..STREAMS).map(one))).expect("event loops");
    assert_eq!((server.connections(), server.asked().len()), (1, STREAMS as usize));
    let (asked, sent) = (server.asked(), server.sent());
    for (number, outputs) in all.iter().enumerate() {
        let name = format!("<{number}>");
        let own = asked.iter().find(|asked| String::from_utf8_lossy(&asked.body).contains(&name));
        let own = own.expect("a request").number;
        let before: Vec<Instant> = sent
            .iter()
            .filter(|sent| sent.request == own && [0, 2, 4].contains(&sent.act))
            .map(|sent| sent.at)
            .collect();
        assert_eq!((outputs.len(), before.len()), (3, 3));
        assert!(outputs.iter().zip(&before).all(|(output, before)| output > before), "stream {number}");
    }
}
