//! Reads OpenAI `POST /v1/responses`: named events, or a whole answer with a list of items.

use serde_json::Value;

use super::text::message_of;
use super::written::{Counts, Dialect, Framing, Step, parsed, text};
use crate::failure::Failure;

pub(super) static RESPONSES: Dialect = Dialect { framing: Framing::Events, event, whole, says_its_end: true };

fn event(kind: &str, data: &str) -> Result<Step, Failure> {
    if data.trim() == "[DONE]" {
        return Ok(Step { is_last: true, ..Step::default() });
    }
    let value = parsed(data)?;
    // Some servers send no `event` field: the type is in the data as well.
    let kind = value.get("type").and_then(Value::as_str).unwrap_or(kind);
    let delta = text(value.get("delta")).to_owned();
    let response = value.get("response").unwrap_or(&Value::Null);
    match kind {
        "response.output_text.delta"
        | "response.refusal.delta"
        | "response.function_call_arguments.delta"
        | "response.custom_tool_call_input.delta" => Ok(Step { answer: delta, ..Step::default() }),
        "response.reasoning_text.delta" | "response.reasoning_summary_text.delta" => {
            Ok(Step { reasoning: delta, ..Step::default() })
        }
        // An answer that has reached the maximum number of tokens is `incomplete`, but is what was requested.
        "response.completed" | "response.incomplete" => {
            Ok(Step { counts: counts(response), is_last: true, ..Step::default() })
        }
        "response.failed" | "response.cancelled" => {
            let error = response.get("error").filter(|error| !error.is_null());
            Err(Failure::in_answer(&error.map_or_else(|| kind.to_owned(), message_of)))
        }
        "error" => Err(Failure::in_answer(&message_of(&value))),
        // Beginnings, ends and repetitions of earlier events.
        _ => Ok(Step::default()),
    }
}

fn counts(response: &Value) -> Counts {
    let usage = response.get("usage").unwrap_or(&Value::Null);
    let number = |pointer: &str| usage.pointer(pointer).and_then(Value::as_u64);
    Counts {
        output: number("/output_tokens"),
        input: number("/input_tokens"),
        reasoning: number("/output_tokens_details/reasoning_tokens"),
        cached: number("/input_tokens_details/cached_tokens"),
    }
}

fn whole(value: &Value) -> Result<Step, Failure> {
    if value.get("status").and_then(Value::as_str) == Some("failed") {
        return Err(Failure::in_answer("the status of the response is `failed`"));
    }
    let mut step = Step { counts: counts(value), ..Step::default() };
    for item in value.get("output").and_then(Value::as_array).into_iter().flatten() {
        let parts = |name: &str| item.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
        let content = parts("content");
        let texts = content.iter().flat_map(|part| [text(part.get("text")), text(part.get("refusal"))]);
        match item.get("type").and_then(Value::as_str) {
            Some("reasoning") => {
                step.reasoning.extend(texts);
                step.reasoning.extend(parts("summary").iter().map(|part| text(part.get("text"))));
            }
            _ => step.answer.extend(texts.chain([text(item.get("arguments"))])),
        }
    }
    Ok(step)
}
