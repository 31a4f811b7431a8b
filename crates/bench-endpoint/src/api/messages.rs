//! Anthropic `POST /v1/messages`: events of content blocks.

use serde_json::Value;

use super::text::message_of;
use super::written::{Counts, Dialect, Framing, Step, parsed, text};
use crate::failure::Failure;

pub(super) static MESSAGES: Dialect = Dialect { framing: Framing::Events, event, whole, says_its_end: true };

fn event(kind: &str, data: &str) -> Result<Step, Failure> {
    let value = parsed(data)?;
    match value.get("type").and_then(Value::as_str).unwrap_or(kind) {
        "message_start" => {
            let counts = counts(value.get("message").unwrap_or(&Value::Null));
            // The one output token that this event counts has not arrived yet.
            Ok(Step { counts: Counts { output: None, ..counts }, ..Step::default() })
        }
        "content_block_delta" => {
            let delta = |name: &str| text(value.pointer(name));
            Ok(Step {
                answer: [delta("/delta/text"), delta("/delta/partial_json")].concat(),
                reasoning: delta("/delta/thinking").to_owned(),
                ..Step::default()
            })
        }
        "message_delta" => Ok(Step { counts: counts(&value), ..Step::default() }),
        "message_stop" => Ok(Step { is_last: true, ..Step::default() }),
        "error" => Err(Failure::in_answer(&message_of(value.get("error").unwrap_or(&value)))),
        // `ping`, beginnings and ends of blocks.
        _ => Ok(Step::default()),
    }
}

/// Returns the numbers of tokens. The input includes cached tokens, which `input_tokens` of Anthropic does not.
fn counts(message: &Value) -> Counts {
    let number = |name: &str| message.pointer(&format!("/usage/{name}")).and_then(Value::as_u64);
    let (read, made) = (number("cache_read_input_tokens"), number("cache_creation_input_tokens"));
    Counts {
        output: number("output_tokens"),
        input: number("input_tokens").map(|fresh| fresh + read.unwrap_or(0) + made.unwrap_or(0)),
        reasoning: None,
        cached: read,
    }
}

fn whole(value: &Value) -> Result<Step, Failure> {
    let mut step = Step { counts: counts(value), ..Step::default() };
    for block in value.get("content").and_then(Value::as_array).into_iter().flatten() {
        step.answer += text(block.get("text"));
        step.reasoning += text(block.get("thinking"));
        if let Some(input) = block.get("input") {
            step.answer += &input.to_string();
        }
    }
    Ok(step)
}
