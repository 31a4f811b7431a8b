//! Answers of KServe v2 over gRPC, as frames of HTTP/2.
//!
//! Frames are written for stream 0: the connection replaces this by the number of the request's stream.

use std::time::Duration;

use super::acts::Act;
use super::http2::{END_HEADERS, END_STREAM, frame, kind};

/// `:status: 200` and `content-type: application/grpc` in HPACK: an entry of the static table, and a literal with a
/// name from it.
const HEAD: &[u8] = b"\x88\x0f\x10\x10application/grpc";

/// `grpc-status: 0`, a literal with a name of its own.
const STATUS: &[u8] = b"\x00\x0bgrpc-status\x010";

/// Sends the head of a gRPC answer.
pub fn grpc_head() -> Act {
    Act::Send(frame(kind::HEADERS, END_HEADERS, 0, HEAD))
}

/// Sends a message of a gRPC answer.
pub fn grpc_message(message: &[u8]) -> Act {
    let length = u32::try_from(message.len()).expect("a short message").to_be_bytes();
    Act::Send(frame(kind::DATA, 0, 0, &[&[0][..], &length, message].concat()))
}

/// Sends the end of a gRPC answer: the status OK.
pub fn grpc_end() -> Act {
    Act::Send(frame(kind::HEADERS, END_HEADERS | END_STREAM, 0, STATUS))
}

/// Returns the acts of an answer of `ModelStreamInfer`: its head at once, then a tensor of one text for each of
/// `tokens` tokens, the first after `first` and each further one after `gap` more. The tokens are the acts 2, 4, 6, …,
/// counted from 0.
pub fn tensors(tokens: usize, first: Duration, gap: Duration) -> Vec<Act> {
    let mut acts = vec![grpc_head()];
    for number in 0..tokens {
        acts.push(Act::WaitUntil(first + gap * u32::try_from(number).unwrap_or(u32::MAX)));
        acts.push(grpc_message(&token("tok ")));
    }
    acts.push(grpc_end());
    acts
}

/// Encodes `ModelStreamInferResponse { infer_response: { outputs: [{ datatype: "BYTES", contents: { bytes_contents:
/// [text] } }] } }`
fn token(text: &str) -> Vec<u8> {
    let contents = field(8, text.as_bytes());
    let tensor = [field(2, b"BYTES"), field(5, &contents)].concat();
    field(2, &field(5, &tensor))
}

/// Encodes a field of Protocol Buffers with fewer than 128 bytes.
fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    assert!(number < 16 && bytes.len() < 128, "the number and the length are one byte each");
    [&[number << 3 | 2, bytes.len() as u8][..], bytes].concat()
}
