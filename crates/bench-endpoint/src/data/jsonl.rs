//! JSON lines: prompts, conversations, and Mooncake traces.

use std::io::BufRead;

use serde::Deserialize;
use serde_json::Value;

use super::lines::Lines;
use super::rows::Rows;
use super::{Content, Input};

/// A line. What else it holds is not looked at.
#[derive(Debug, Deserialize)]
struct Row {
    #[serde(alias = "text", alias = "text_input", alias = "input", alias = "question")]
    prompt: Option<String>,
    messages: Option<Vec<Value>>,
    #[serde(
        alias = "output_len",
        alias = "output_tokens",
        alias = "output_length",
        alias = "max_completion_tokens"
    )]
    max_tokens: Option<u64>,
    #[serde(alias = "input_tokens", alias = "input_len", alias = "prompt_tokens")]
    input_length: Option<u64>,
    /// Blocks of 512 tokens; equal numbers are equal text.
    hash_ids: Option<Vec<u64>>,
    /// In milliseconds, as Mooncake and aiperf write it.
    #[serde(alias = "created_time")]
    timestamp: Option<f64>,
}

/// # Errors
/// What is wrong with a line.
pub(super) fn read(from: impl BufRead, rows: &mut Rows) -> Result<(), String> {
    let mut lines = Lines::new(from);
    while let Some((line, text)) = lines.next()? {
        let row: Row =
            serde_json::from_str(text).map_err(|error| format!("line {line}: {}", said(&error, text)))?;
        let at_s = row.timestamp.map(|ms| ms / 1e3);
        let content = match (row.prompt, row.messages, row.input_length) {
            (Some(prompt), None, _) => Content::Bytes(prompt.into_bytes()),
            (None, Some(messages), _) => Content::Messages(messages),
            (None, None, Some(input)) => {
                let output = row.max_tokens.unwrap_or(1);
                if rows.push_lengths(line, at_s, (input, output), row.hash_ids.as_deref())?.is_break() {
                    break;
                }
                continue;
            }
            (Some(_), Some(_), _) => {
                return Err(format!(
                    "line {line}: it has both `prompt` and `messages`: expected one of them"
                ));
            }
            (None, None, None) => {
                return Err(format!(
                    "line {line}: expected `prompt`, `text`, `messages` or `input_length`, found none of them"
                ));
            }
        };
        let is_empty = match &content {
            Content::Bytes(text) => text.trim_ascii().is_empty(),
            Content::Messages(messages) => messages.is_empty(),
            Content::Words(_) => false,
        };
        if is_empty {
            rows.leave_out();
            continue;
        }
        if rows.push(line, at_s, Some(Input { content, max_tokens: row.max_tokens }))?.is_break() {
            break;
        }
    }
    Ok(())
}

/// What is wrong with a line of JSON. Its own number of lines is 1 always.
fn said(error: &serde_json::Error, text: &str) -> String {
    let has_comma = |text: &str| {
        text.as_bytes()
            .windows(3)
            .any(|three| matches!(three, [a, b',', c] if a.is_ascii_digit() && c.is_ascii_digit()))
    };
    let error = error.to_string();
    let error = error.split(" at line ").next().unwrap_or_default().to_owned();
    match error.starts_with("key must be a string") && has_comma(text) {
        true => format!("{error}: a number seems to have a decimal comma; write a point"),
        false => format!("expected a JSON object: {error}"),
    }
}
