//! KServe v2: inference on tensors, as JSON streams and over gRPC ("Open Inference Protocol", `grpc_predict_v2.proto`).

use std::time::Instant;

use http::header::{CONTENT_TYPE, HeaderMap, HeaderValue, TE};
use serde_json::Value;

use super::protobuf::{self, Fields, Message, push_varint};
use super::written::{self, Dialect, Framing, State, Step, parsed};
use super::{Answer, Marks, Told};
use crate::data::Tensor;
use crate::failure::{Class, Failure};
use crate::reader::{GrpcMessages, framed};

/// A stream of answers, each of which contains tensors. The end of the body is the end of the stream.
pub(super) static INFER: Dialect =
    Dialect { framing: Framing::Events, event: infer_event, whole: infer_whole, says_its_end: false };

fn infer_event(_kind: &str, data: &str) -> Result<Step, Failure> {
    infer_whole(&parsed(data)?)
}

fn infer_whole(value: &Value) -> Result<Step, Failure> {
    let outputs = value.get("outputs").and_then(Value::as_array);
    let outputs = outputs
        .ok_or_else(|| Failure::new(Class::Malformed, "expected `outputs` in the answer, found none"))?;
    let mut step = Step::default();
    for output in outputs {
        for value in flat(output.get("data").unwrap_or(&Value::Null)) {
            step.holds_data |= !value.is_string();
            step.answer += written::text(Some(value));
        }
    }
    Ok(step)
}

/// Returns the values of a tensor, which may be written as lists of lists.
fn flat(data: &Value) -> Vec<&Value> {
    match data {
        Value::Null => Vec::new(),
        Value::Array(values) => values.iter().flat_map(flat).collect(),
        value => vec![value],
    }
}

/// Converts the JSON of the REST interface into a `ModelInferRequest`.
///
/// # Errors
/// If the body cannot be converted.
pub(super) fn request(model: Option<&str>, body: &Value) -> Result<Vec<u8>, String> {
    let text = |value: &Value, name: &str| {
        value.get(name).and_then(Value::as_str).unwrap_or_default().as_bytes().to_vec()
    };
    let Some(inputs) = body.get("inputs").and_then(Value::as_array).filter(|inputs| !inputs.is_empty())
    else {
        return Err(
            "the input must be a JSON object with `inputs`, each with `name`, `shape`, `datatype` and \
                    `data`"
                .to_owned(),
        );
    };
    let mut message = Message::default().bytes(1, model.unwrap_or_default().as_bytes());
    for (field, name) in [(2, "model_version"), (3, "id")] {
        if body.get(name).is_some() {
            message = message.bytes(field, &text(body, name));
        }
    }
    message = with_parameters(message, body)?;
    for input in inputs {
        let name = String::from_utf8_lossy(&text(input, "name")).into_owned();
        let kind = String::from_utf8_lossy(&text(input, "datatype")).into_owned();
        let shape = input.get("shape").and_then(Value::as_array).into_iter().flatten();
        let shape: Option<Vec<i64>> = shape.map(Value::as_i64).collect();
        let shape =
            shape.ok_or_else(|| format!("input `{name}`: `shape` must be a list of whole numbers"))?;
        let contents = contents(&kind, &flat(input.get("data").unwrap_or(&Value::Null)))
            .map_err(|error| format!("input `{name}`: {error}"))?;
        let tensor = Message::default().bytes(1, name.as_bytes()).bytes(2, kind.as_bytes());
        let tensor = with_parameters(tensor.bytes(3, &packed(shape)), input)?;
        message = message.message(5, &tensor.message(5, &contents));
    }
    for output in body.get("outputs").and_then(Value::as_array).into_iter().flatten() {
        let wanted = Message::default().bytes(1, &text(output, "name"));
        message = message.message(6, &with_parameters(wanted, output)?);
    }
    Ok(message.into_bytes())
}

/// Encodes whole numbers one after another.
fn packed(values: impl IntoIterator<Item = i64>) -> Vec<u8> {
    let mut bytes = Vec::new();
    // As two's complement: negative numbers take 10 bytes.
    values.into_iter().for_each(|value| push_varint(&mut bytes, value.cast_unsigned()));
    bytes
}

/// Encodes the values of a tensor of type `kind` as `InferTensorContents`.
fn contents(kind: &str, data: &[&Value]) -> Result<Message, String> {
    let wrong = |value: &Value| format!("`{value}` is not a value of type {kind}");
    let all = |each: &dyn Fn(&Value) -> Option<i64>| -> Result<Vec<u8>, String> {
        let values = data.iter().map(|value| each(value).ok_or_else(|| wrong(value)));
        Ok(packed(values.collect::<Result<Vec<i64>, String>>()?))
    };
    let floats = data.iter().map(|value| value.as_f64().ok_or_else(|| wrong(value)));
    let message = Message::default();
    Ok(match kind {
        "BOOL" => message.bytes(1, &all(&|value| value.as_bool().map(i64::from))?),
        "INT8" | "INT16" | "INT32" => message.bytes(2, &all(&Value::as_i64)?),
        "INT64" => message.bytes(3, &all(&Value::as_i64)?),
        "UINT8" | "UINT16" | "UINT32" => message.bytes(4, &all(&Value::as_i64)?),
        "UINT64" => message.bytes(5, &all(&|value| value.as_u64().map(u64::cast_signed))?),
        "FP32" => {
            let floats: Vec<f64> = floats.collect::<Result<_, String>>()?;
            let bytes: Vec<u8> = floats.iter().flat_map(|value| (*value as f32).to_le_bytes()).collect();
            message.bytes(6, &bytes)
        }
        "FP64" => {
            let floats: Vec<f64> = floats.collect::<Result<_, String>>()?;
            message.bytes(7, &floats.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>())
        }
        "BYTES" => data.iter().try_fold(message, |message, value| {
            value.as_str().map(|text| message.bytes(8, text.as_bytes())).ok_or_else(|| wrong(value))
        })?,
        other => {
            return Err(format!(
                "the type `{other}` cannot be sent over gRPC from JSON: expected BOOL, INT8 to INT64, UINT8 to UINT64, \
                 FP32, FP64 or BYTES"
            ));
        }
    })
}

/// Adds the `parameters` of `of` to a message, in which they are always field 4.
fn with_parameters(message: Message, of: &Value) -> Result<Message, String> {
    let parameters = of.get("parameters").and_then(Value::as_object).into_iter().flatten();
    parameters.into_iter().try_fold(message, |message, (name, value)| {
        let parameter = Message::default();
        let parameter = match value {
            Value::Bool(value) => parameter.number(1, (*value).into()),
            Value::String(text) => parameter.bytes(3, text.as_bytes()),
            Value::Number(number) => match (number.as_i64(), number.as_f64()) {
                (Some(number), _) => parameter.number(2, number.cast_unsigned()),
                (None, number) => parameter.double(4, number.unwrap_or_default()),
            },
            _ => return Err(format!("parameter `{name}`: expected a number, a text, true or false")),
        };
        Ok(message.message(4, &Message::default().bytes(1, name.as_bytes()).message(2, &parameter)))
    })
}

/// Reads a `ModelInferResponse`.
fn response(message: &[u8]) -> Result<Step, Failure> {
    let (mut step, mut is_text, mut raw) = (Step::default(), Vec::new(), Vec::new());
    for field in Fields(message) {
        match field? {
            (5, protobuf::Value::Bytes(tensor)) => is_text.push(output(tensor, &mut step)?),
            (6, protobuf::Value::Bytes(bytes)) => raw.push(bytes),
            _ => {}
        }
    }
    for (number, bytes) in raw.into_iter().enumerate() {
        if is_text.get(number) == Some(&true) {
            texts(bytes).for_each(|text| step.answer += &String::from_utf8_lossy(text));
        } else {
            step.holds_data |= !bytes.is_empty();
        }
    }
    Ok(step)
}

/// Reads an `InferOutputTensor`; returns whether its elements are texts.
fn output(tensor: &[u8], step: &mut Step) -> Result<bool, Failure> {
    let mut is_text = false;
    for field in Fields(tensor) {
        match field? {
            (2, protobuf::Value::Bytes(kind)) => is_text = kind == b"BYTES",
            (5, protobuf::Value::Bytes(contents)) => {
                for field in Fields(contents) {
                    match field? {
                        (8, protobuf::Value::Bytes(text)) => step.answer += &String::from_utf8_lossy(text),
                        _ => step.holds_data = true,
                    }
                }
            }
            _ => {}
        }
    }
    Ok(is_text)
}

/// Returns the elements of a raw tensor of texts, each of which follows its length.
fn texts(mut bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let (length, rest) = bytes.split_first_chunk()?;
        let (text, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
        bytes = rest;
        Some(text)
    })
}

/// Reads a message of a stream: a `ModelStreamInferResponse` of Triton, or a `ModelInferResponse` of MLServer,
/// which has fields beyond the second.
fn stream_response(message: &[u8]) -> Result<Step, Failure> {
    if Fields(message).any(|field| matches!(field, Ok((3.., _)))) {
        return response(message);
    }
    let mut step = Step::default();
    for field in Fields(message) {
        match field? {
            (1, protobuf::Value::Bytes(error)) if !error.is_empty() => {
                return Err(Failure::in_answer(&String::from_utf8_lossy(error)));
            }
            (2, protobuf::Value::Bytes(inner)) => step = response(inner)?,
            _ => {}
        }
    }
    Ok(step)
}

/// Returns the path, headers and body of a gRPC request for the inputs of a model (`ModelMetadata`).
pub(crate) fn model_metadata(model: &str) -> (&'static str, HeaderMap, Vec<u8>) {
    let headers = [(CONTENT_TYPE, "application/grpc"), (TE, "trailers")];
    let headers = headers.map(|(name, value)| (name, HeaderValue::from_static(value)));
    let body = framed(&Message::default().bytes(1, model.as_bytes()).into_bytes());
    ("/inference.GRPCInferenceService/ModelMetadata", HeaderMap::from_iter(headers), body)
}

/// Returns the inputs in a `ModelMetadataResponse`; `None` if it has none.
///
/// # Errors
/// If the answer is not a `ModelMetadataResponse`.
pub(crate) fn tensors_in(answer: &[u8]) -> Result<Option<Vec<Tensor>>, Failure> {
    let mut tensors = Vec::new();
    GrpcMessages::default().bytes(answer, &mut |message| {
        for field in Fields(message) {
            if let (4, protobuf::Value::Bytes(input)) = field? {
                tensors.push(tensor_in(input)?);
            }
        }
        Ok(())
    })?;
    Ok(Some(tensors).filter(|tensors| !tensors.is_empty()))
}

/// Reads a `TensorMetadata`.
fn tensor_in(message: &[u8]) -> Result<Tensor, Failure> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let mut tensor = Tensor { name: String::new(), datatype: String::new(), shape: Vec::new() };
    for field in Fields(message) {
        match field? {
            (1, protobuf::Value::Bytes(name)) => tensor.name = text(name),
            (2, protobuf::Value::Bytes(kind)) => tensor.datatype = text(kind),
            (3, protobuf::Value::Bytes(mut packed)) => {
                while let Some(length) = protobuf::varint(&mut packed) {
                    tensor.shape.push(length.cast_signed());
                }
            }
            (3, protobuf::Value::Number(length)) => tensor.shape.push(length.cast_signed()),
            _ => {}
        }
    }
    Ok(tensor)
}

/// Reads an answer over gRPC: one message, or a stream of messages.
pub(super) struct Grpc {
    messages: GrpcMessages,
    is_stream: bool,
    state: State,
}

impl Grpc {
    pub(super) fn new(is_stream: bool, keeps_text: bool) -> Self {
        Grpc { messages: GrpcMessages::default(), is_stream, state: State::new(keeps_text) }
    }
}

/// Ignores marks: an answer of one message has no successive outputs.
struct Unmarked;

impl Marks for Unmarked {
    fn output(&mut self, _: Instant, _: Option<u32>) {}
    fn answer(&mut self, _: Instant) {}
    fn end(&mut self, _: Instant) {}
}

impl Answer for Grpc {
    fn bytes(&mut self, piece: &[u8], at: Instant, marks: &mut dyn Marks) -> Result<(), Failure> {
        let Grpc { messages, is_stream, state } = self;
        messages.bytes(piece, &mut |message| {
            let step = if *is_stream { stream_response(message) } else { response(message) }?;
            let marks = if *is_stream { &mut *marks } else { &mut Unmarked as &mut dyn Marks };
            state.take(step, at, marks);
            Ok(())
        })
    }

    fn end(&mut self, at: Instant, marks: &mut dyn Marks) -> Result<Told, Failure> {
        if self.messages.is_within() {
            return Err(Failure::new(Class::Cut, "the answer ended within a message"));
        }
        if self.is_stream {
            return self.state.end(marks);
        }
        if self.state.is_empty() {
            return Err(Failure::new(Class::Empty, "the answer has no output"));
        }
        marks.end(at);
        Ok(Told::Plain)
    }
}

#[cfg(test)]
#[path = "inference_tests.rs"]
mod tests;
