//! Compares messages with the description of the service, and tests streams of JSON.

use serde_json::json;

use super::super::testing::read;
use super::super::{Head, Kind, Settings, TextTold};
use super::*;

/// Returns the fields of a message: the number of each, and its value in bytes.
fn shown(bytes: &[u8]) -> Vec<(u64, Vec<u8>)> {
    let fields = Fields(bytes).map(|field| field.expect("a message"));
    fields
        .map(|(number, value)| match value {
            protobuf::Value::Number(value) => (number, value.to_le_bytes().to_vec()),
            protobuf::Value::Bytes(value) => (number, value.to_vec()),
            protobuf::Value::Fixed => (number, Vec::new()),
        })
        .collect()
}

/// Returns the value of the only field with this number.
fn only(bytes: &[u8], wanted: u64) -> Vec<u8> {
    let found: Vec<_> = shown(bytes).into_iter().filter(|(number, _)| *number == wanted).collect();
    assert_eq!(found.len(), 1, "{wanted} in {bytes:?}");
    found[0].1.clone()
}

#[test]
fn a_request_of_json_is_the_message_of_the_description() {
    let body = json!({
        "id": "7",
        "parameters": { "temperature": 0.5, "top_k": -3, "greedy": true, "name": "x" },
        "inputs": [{ "name": "in", "shape": [2, 2], "datatype": "FP32", "data": [[1.0, 2], [3, 4.5]] }],
        "outputs": [{ "name": "out" }],
    });
    let message = request(Some("m"), &body).expect("a message");
    assert_eq!((only(&message, 1), only(&message, 3)), (b"m".to_vec(), b"7".to_vec()));
    let parameters: Vec<_> = shown(&message).into_iter().filter(|(number, _)| *number == 4).collect();
    let of = |name: &str| {
        let entry = parameters.iter().find(|(_, entry)| only(entry, 1) == name.as_bytes()).expect("an entry");
        shown(&only(&entry.1, 2))
    };
    assert_eq!(of("greedy"), [(1, 1u64.to_le_bytes().to_vec())]);
    assert_eq!(of("top_k"), [(2, (-3i64).to_le_bytes().to_vec())]);
    assert_eq!(of("name"), [(3, b"x".to_vec())]);
    assert_eq!(of("temperature"), [(4, Vec::new())]);
    let input = only(&message, 5);
    assert_eq!((only(&input, 1), only(&input, 2)), (b"in".to_vec(), b"FP32".to_vec()));
    assert_eq!(only(&input, 3), [2, 2]);
    let floats: Vec<u8> = [1.0f32, 2.0, 3.0, 4.5].iter().flat_map(|value| value.to_le_bytes()).collect();
    assert_eq!(only(&only(&input, 5), 6), floats);
    assert_eq!(only(&only(&message, 6), 1), b"out");
}

#[test]
fn each_type_has_its_field() {
    for (kind, data, field, value) in [
        ("BOOL", json!([true, false]), 1, vec![1, 0]),
        ("INT8", json!([1, 300]), 2, vec![1, 0xac, 2]),
        ("INT64", json!([-1]), 3, vec![0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]),
        ("UINT16", json!([7]), 4, vec![7]),
        ("UINT64", json!([u64::MAX]), 5, vec![0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]),
        ("FP64", json!([1.0]), 7, 1f64.to_le_bytes().to_vec()),
        ("BYTES", json!(["ä"]), 8, "ä".as_bytes().to_vec()),
    ] {
        let message = contents(kind, &flat(&data)).expect(kind).into_bytes();
        assert_eq!(only(&message, field), value, "{kind}");
    }
    let error = |body| request(None, &body).expect_err("refused");
    let input = |kind: &str, data: Value| json!({ "inputs": [{ "name": "x", "shape": [1], "datatype": kind, "data": data }] });
    assert!(error(input("FP16", json!([1]))).contains("input `x`: the type `FP16` cannot be sent over gRPC"));
    assert!(error(input("INT32", json!(["a"]))).contains("`\"a\"` is not a value of type INT32"));
    assert!(error(json!({})).contains("`inputs`"));
}

/// Returns an answer with texts in `contents`, and one with raw texts.
fn answers() -> [Vec<u8>; 2] {
    let contents = Message::default().bytes(8, "ab".as_bytes()).bytes(8, "ö".as_bytes());
    let tensor = Message::default().bytes(1, b"out").bytes(2, b"BYTES");
    let whole = Message::default().bytes(1, b"m").message(5, &tensor.clone().message(5, &contents));
    let raw = Message::default().message(5, &tensor).bytes(6, b"\x02\0\0\0ab\x02\0\0\0\xc3\xb6");
    [whole.into_bytes(), raw.into_bytes()]
}

fn grpc_head() -> Head {
    Head { content_type: "application/grpc".to_owned(), streamed: true, sample_rate: None }
}

#[test]
fn texts_are_counted_wherever_they_are() {
    for answer in answers() {
        assert_eq!(
            response(&answer).map(|step| (step.answer, step.holds_data)),
            Ok(("abö".to_owned(), false))
        );
        let inner = Message::default().bytes(2, &answer).into_bytes();
        assert_eq!(stream_response(&inner).map(|step| step.answer), Ok("abö".to_owned()));
        // MLServer sends this message.
        assert_eq!(stream_response(&answer).map(|step| step.answer), Ok("abö".to_owned()));
    }
    let tensor = Message::default().bytes(2, b"FP32");
    let numbers = Message::default().bytes(6, &[0; 8]);
    let told = Message::default().message(5, &tensor.clone().message(5, &numbers)).into_bytes();
    assert_eq!(response(&told).map(|step| (step.answer, step.holds_data)), Ok((String::new(), true)));
    let raw = Message::default().message(5, &tensor).bytes(6, &[0; 8]).into_bytes();
    assert_eq!(response(&raw).map(|step| (step.answer, step.holds_data)), Ok((String::new(), true)));
    assert_eq!(response(b"\xff").map_err(|error| error.class), Err(Class::Malformed));
}

#[test]
fn an_answer_over_grpc_is_whole_or_a_failure() {
    let [answer, _] = answers();
    let settings = Settings::default();
    let told = |kind, pieces: &[&[u8]]| read(kind, &settings, &grpc_head(), pieces);
    let sent = framed(&answer);
    assert_eq!(told(Kind::GrpcInfer, &[&sent[..7], &sent[7..]]), (Ok(Told::Plain), vec![], None, Some(1)));
    let class = |kind, pieces: &[&[u8]]| told(kind, pieces).0.map_err(|failure| failure.class);
    assert_eq!(class(Kind::GrpcInfer, &[&sent[..7]]), Err(Class::Cut));
    assert_eq!(class(Kind::GrpcInfer, &[]), Err(Class::Empty));
    assert_eq!(class(Kind::GrpcInfer, &[&framed(b"")]), Err(Class::Empty));
    let html = Head { content_type: "text/plain".to_owned(), ..grpc_head() };
    let other = read(Kind::GrpcInfer, &settings, &html, &[b"hi"]).0;
    assert_eq!(other.map_err(|failure| failure.class), Err(Class::Malformed));
    // In a stream, each message with an output counts. A message without one, such as the last of a decoupled model,
    // does not.
    let part = framed(&Message::default().bytes(2, &answer).into_bytes());
    let nothing = framed(&Message::default().bytes(2, b"").into_bytes());
    let text = TextTold { characters: 6, ..TextTold::default() };
    assert_eq!(
        told(Kind::GrpcInferStream, &[&part, &part, &nothing]),
        (Ok(Told::Text(text)), vec![(0, None), (1, None)], Some(0), Some(1))
    );
    let error = framed(&Message::default().bytes(1, b"out of memory").into_bytes());
    let failure = told(Kind::GrpcInferStream, &[&part, &error]).0.expect_err("a failure");
    assert_eq!(failure.to_string(), "error-in-answer: out of memory");
}

#[test]
fn a_stream_of_json_has_an_output_for_each_answer_with_data() {
    let head = Head { content_type: "text/event-stream".to_owned(), ..grpc_head() };
    let told = |pieces: &[&[u8]]| read(Kind::InferStream, &Settings::default(), &head, pieces);
    let event = |data: Value| {
        let outputs = json!({ "model_name": "m", "outputs": [{ "name": "o", "datatype": "X", "shape": [1], "data": data }] });
        format!("data: {outputs}\n\n").into_bytes()
    };
    let (text, numbers, none) = (event(json!(["a", ["bc"]])), event(json!([1.5])), event(json!([])));
    let expected = TextTold { characters: 3, ..TextTold::default() };
    assert_eq!(
        told(&[&none, &text, &numbers]),
        (Ok(Told::Text(expected)), vec![(1, None), (2, None)], Some(1), Some(2))
    );
    let class = |pieces: &[&[u8]]| told(pieces).0.map_err(|failure| failure.class);
    assert_eq!(class(&[&none]), Err(Class::Empty));
    assert_eq!(class(&[b"data: {\"error\":\"no\"}\n\n"]), Err(Class::InAnswer));
    assert_eq!(class(&[b"data: {}\n\n"]), Err(Class::Malformed));
}

#[test]
fn inputs_are_read_from_the_description_of_a_model() {
    let input = Message::default().bytes(1, b"x").bytes(2, b"FP32").bytes(3, &packed([-1, 3]));
    let described = Message::default().bytes(1, b"m").message(4, &input).message(5, &input).into_bytes();
    let tensors = tensors_in(&framed(&described)).expect("a description").expect("inputs");
    assert_eq!(tensors, [Tensor { name: "x".to_owned(), datatype: "FP32".to_owned(), shape: vec![-1, 3] }]);
    assert_eq!(tensors_in(&framed(b"")), Ok(None));
}
