//! JSON lines: prompts, conversations, and Mooncake traces.

use std::io::BufRead;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use super::lines::Lines;
use super::rows::Rows;
use super::{Content, Input, Turn};

/// A line. Other fields are ignored.
#[derive(Debug, Deserialize)]
struct Row {
    #[serde(alias = "text", alias = "text_input", alias = "input", alias = "question")]
    prompt: Option<String>,
    messages: Option<Vec<Value>>,
    /// The turns of the user.
    turns: Option<Vec<RowTurn>>,
    #[serde(
        alias = "output_len",
        alias = "output_tokens",
        alias = "output_length",
        alias = "max_completion_tokens"
    )]
    max_tokens: Option<u64>,
    #[serde(alias = "input_tokens", alias = "input_len", alias = "prompt_tokens")]
    input_length: Option<u64>,
    /// The ids of its blocks of 512 tokens; blocks with the same id have the same text.
    hash_ids: Option<Vec<u64>>,
    /// The timestamp in milliseconds, as Mooncake and aiperf write it.
    #[serde(alias = "created_time")]
    timestamp: Option<f64>,
}

/// A turn: its text, or an object as aiperf writes it.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum RowTurn {
    Text(String),
    Object {
        #[serde(alias = "prompt", alias = "content")]
        text: String,
        /// The pause before the turn, in milliseconds.
        delay: Option<f64>,
        #[serde(alias = "output_length", alias = "output_len", alias = "output_tokens")]
        max_tokens: Option<u64>,
    },
}

impl RowTurn {
    /// # Errors
    /// An empty text, and a `delay` that is not a time.
    fn turn(self) -> Result<Turn, String> {
        let (text, delay, max_tokens) = match self {
            RowTurn::Text(text) => (text, None, None),
            RowTurn::Object { text, delay, max_tokens } => (text, delay, max_tokens),
        };
        if text.trim().is_empty() {
            return Err("a turn without a text".to_owned());
        }
        let pause = delay.map(|ms| {
            Duration::try_from_secs_f64(ms / 1e3)
                .map_err(|_| format!("a `delay` of {ms}: expected milliseconds, 0 or more"))
        });
        Ok(Turn { text, pause: pause.transpose()?, max_tokens })
    }
}

/// # Errors
/// If a line is malformed.
pub(super) fn read(from: impl BufRead, rows: &mut Rows) -> Result<(), String> {
    let mut lines = Lines::new(from);
    while let Some((line, text)) = lines.next()? {
        let row: Row =
            serde_json::from_str(text).map_err(|error| format!("line {line}: {}", said(&error, text)))?;
        let at_s = row.timestamp.map(|ms| ms / 1e3);
        if let Some(turns) = row.turns {
            if row.prompt.is_some() || row.messages.is_some() {
                return Err(format!(
                    "line {line}: it has `turns` and `prompt` or `messages`: expected one of them"
                ));
            }
            let turns: Result<Vec<Turn>, String> = turns.into_iter().map(RowTurn::turn).collect();
            let turns = turns.map_err(|what| format!("line {line}: {what}"))?;
            if turns.is_empty() {
                rows.leave_out();
            } else if rows
                .push(
                    line,
                    at_s,
                    Some(Input { content: Content::Turns(turns.into()), max_tokens: row.max_tokens }),
                )?
                .is_break()
            {
                break;
            }
            continue;
        }
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
                    "line {line}: expected `prompt`, `text`, `messages`, `turns` or `input_length`, found none of them"
                ));
            }
        };
        let is_empty = match &content {
            Content::Bytes(text) => text.trim_ascii().is_empty(),
            Content::Messages(messages) => messages.is_empty(),
            Content::Words(_) | Content::Turns(_) => false,
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

/// Returns the fault in a line of JSON. The error's own line number is always 1.
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
