//! Reads text generation of TGI (`POST /generate`, `/generate_stream`), and of KServe and Triton (`POST
//! /v2/models/MODEL/generate`, `/generate_stream`).

use serde_json::Value;

use super::written::{Counts, Dialect, Framing, Step, parsed, text};
use crate::failure::{Class, Failure};

pub(super) static TGI: Dialect =
    Dialect { framing: Framing::Events, event: tgi_event, whole: tgi_whole, says_its_end: true };

// Neither Triton nor MLServer sends an event for the end.
pub(super) static KSERVE: Dialect =
    Dialect { framing: Framing::Events, event: kserve_event, whole: kserve_whole, says_its_end: false };

/// Reads an event. There is one for each token; the last one has details.
fn tgi_event(_kind: &str, data: &str) -> Result<Step, Failure> {
    // The end of a stream of TGI behind its OpenAI-like proxy.
    if data.trim() == "[DONE]" {
        return Ok(Step { is_last: true, ..Step::default() });
    }
    let value = parsed(data)?;
    let token = value.get("token").filter(|token| token.is_object());
    // A special token, such as the one that ends the text, is not shown.
    let is_special = token.and_then(|token| token.get("special")).and_then(Value::as_bool) == Some(true);
    let shown = token.filter(|_| !is_special).and_then(|token| token.get("text"));
    let details = value.get("details").filter(|details| !details.is_null());
    Ok(Step {
        answer: text(shown).to_owned(),
        tokens: token.map(|_| 1),
        counts: details.map(tgi_counts).unwrap_or_default(),
        is_last: value.get("generated_text").is_some_and(|text| !text.is_null()),
        ..Step::default()
    })
}

fn tgi_counts(details: &Value) -> Counts {
    let number = |name: &str| details.get(name).and_then(Value::as_u64);
    let prefill = details.get("prefill").and_then(Value::as_array).map(|tokens| tokens.len() as u64);
    Counts {
        output: number("generated_tokens"),
        input: number("input_length").or(prefill.filter(|tokens| *tokens > 0)),
        ..Counts::default()
    }
}

fn tgi_whole(value: &Value) -> Result<Step, Failure> {
    // The answer is an object, or a list of one object on `POST /`.
    let value = value.get(0).unwrap_or(value);
    let generated = value.get("generated_text").ok_or_else(|| {
        Failure::new(Class::Malformed, "expected `generated_text` in the answer, found none")
    })?;
    let counts = value.get("details").map(tgi_counts).unwrap_or_default();
    Ok(Step { answer: text(Some(generated)).to_owned(), counts, is_last: true, ..Step::default() })
}

fn kserve_event(_kind: &str, data: &str) -> Result<Step, Failure> {
    if data.trim() == "[DONE]" {
        return Ok(Step::default());
    }
    kserve_whole(&parsed(data)?)
}

fn kserve_whole(value: &Value) -> Result<Step, Failure> {
    let output = value
        .get("text_output")
        .ok_or_else(|| Failure::new(Class::Malformed, "expected `text_output` in the answer, found none"))?;
    // A model with several outputs answers with a list.
    let answer = match output {
        Value::Array(outputs) => outputs.iter().map(|output| text(Some(output))).collect(),
        output => text(Some(output)).to_owned(),
    };
    Ok(Step { answer, ..Step::default() })
}
