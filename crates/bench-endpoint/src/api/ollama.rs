//! Ollama `POST /api/generate` and `POST /api/chat`: a JSON document on each line.

use serde_json::Value;

use super::written::{Counts, Dialect, Framing, Step, parsed, text};
use crate::failure::Failure;

pub(super) static OLLAMA: Dialect = Dialect { framing: Framing::Lines, event, whole, says_its_end: true };

fn event(_kind: &str, data: &str) -> Result<Step, Failure> {
    whole(&parsed(data)?)
}

/// Reads a line of a stream. An answer that is not a stream is one such line.
fn whole(value: &Value) -> Result<Step, Failure> {
    let message = value.get("message").unwrap_or(value);
    let calls = message.get("tool_calls").and_then(Value::as_array).into_iter().flatten();
    let arguments = calls.filter_map(|call| call.get("function"));
    let arguments: String = arguments.map(ToString::to_string).collect();
    let number = |name: &str| value.get(name).and_then(Value::as_u64);
    Ok(Step {
        reasoning: text(message.get("thinking")).to_owned(),
        answer: [text(message.get("content")), text(value.get("response")), &arguments].concat(),
        holds_data: false,
        tokens: None,
        // `prompt_eval_count` is absent if the whole prompt was in the cache: its length is not known then.
        counts: Counts {
            output: number("eval_count"),
            input: number("prompt_eval_count"),
            reasoning: None,
            cached: None,
        },
        is_last: value.get("done").and_then(Value::as_bool) == Some(true),
    })
}
