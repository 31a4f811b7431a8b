//! Reads OpenAI `POST /v1/audio/transcriptions`: the recognized text, whole or as a stream.

use serde_json::Value;

use super::text::message_of;
use super::written::{Counts, Dialect, Framing, Step, parsed, text};
use crate::failure::{Class, Failure};

pub(super) static TRANSCRIPTION: Dialect =
    Dialect { framing: Framing::Events, event, whole, says_its_end: true };

fn event(kind: &str, data: &str) -> Result<Step, Failure> {
    if data.trim() == "[DONE]" {
        return Ok(Step { is_last: true, ..Step::default() });
    }
    let value = parsed(data)?;
    // vLLM streams chunks like those of a chat.
    if let Some(choices) = value.get("choices").and_then(Value::as_array) {
        let deltas = choices.iter().map(|choice| text(choice.pointer("/delta/content")));
        let is_last =
            choices.iter().any(|choice| choice.get("finish_reason").is_some_and(|reason| !reason.is_null()));
        return Ok(Step { answer: deltas.collect(), counts: counts(&value), is_last, ..Step::default() });
    }
    match value.get("type").and_then(Value::as_str).unwrap_or(kind) {
        "transcript.text.delta" => {
            Ok(Step { answer: text(value.get("delta")).to_owned(), ..Step::default() })
        }
        "transcript.text.done" => Ok(Step { counts: counts(&value), is_last: true, ..Step::default() }),
        "error" => Err(Failure::in_answer(&message_of(&value))),
        _ => Ok(Step::default()),
    }
}

fn counts(value: &Value) -> Counts {
    let number = |name: &str| value.pointer(&format!("/usage/{name}")).and_then(Value::as_u64);
    let output = number("output_tokens").or_else(|| number("completion_tokens"));
    Counts { output, ..Counts::default() }
}

fn whole(value: &Value) -> Result<Step, Failure> {
    let recognized = value
        .get("text")
        .ok_or_else(|| Failure::new(Class::Malformed, "expected `text` in the answer, found none"))?;
    Ok(Step { answer: text(Some(recognized)).to_owned(), counts: counts(value), ..Step::default() })
}
