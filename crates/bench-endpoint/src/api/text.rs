//! Reads answers of text: chat and completions.

use std::time::Instant;

use serde::Deserialize;
use serde_json::Value;

use super::kept::Kept;
use super::{Answer, Marks, TextTold, TokenSource, Told};
use crate::failure::{Class, Failure};
use crate::reader::{Sse, SseEvent};

/// A chunk of a stream, or a whole answer.
#[derive(Debug, Deserialize)]
struct Chunk {
    choices: Option<Vec<Choice>>,
    usage: Option<Usage>,
    error: Option<Value>,
    /// `error` in the error events of some servers, whose `message` is a field next to it.
    object: Option<String>,
    message: Option<Value>,
}

#[derive(Debug, Deserialize)]
struct Choice {
    delta: Option<Message>,
    message: Option<Message>,
    text: Option<String>,
    finish_reason: Option<String>,
    /// The ids of the tokens in this chunk (vLLM, `return_token_ids`).
    token_ids: Option<Vec<i64>>,
}

#[derive(Debug, Default, Deserialize)]
struct Message {
    content: Option<String>,
    reasoning_content: Option<String>,
    reasoning: Option<String>,
    refusal: Option<String>,
    tool_calls: Option<Vec<ToolCall>>,
}

#[derive(Debug, Deserialize)]
struct ToolCall {
    function: Option<Function>,
}

#[derive(Debug, Deserialize)]
struct Function {
    name: Option<String>,
    arguments: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
struct Usage {
    prompt_tokens: Option<u64>,
    completion_tokens: Option<u64>,
    completion_tokens_details: Option<Details>,
    prompt_tokens_details: Option<PromptDetails>,
}

#[derive(Clone, Debug, Deserialize)]
struct PromptDetails {
    cached_tokens: Option<u64>,
}

#[derive(Clone, Debug, Deserialize)]
struct Details {
    reasoning_tokens: Option<u64>,
}

/// The number of characters in a chunk: those of reasoning, and those of the answer proper. A role, an empty text or a
/// finish reason are neither.
#[derive(Clone, Copy, Debug, Default)]
struct Brought {
    reasoning: u64,
    answer: u64,
}

impl Choice {
    fn brought(&self) -> Brought {
        let characters = |text: &Option<String>| text.as_ref().map_or(0, |text| text.chars().count() as u64);
        let mut brought = Brought { reasoning: 0, answer: characters(&self.text) };
        for message in self.delta.iter().chain(&self.message) {
            // Some servers send the same reasoning under both names.
            brought.reasoning += characters(&message.reasoning_content).max(characters(&message.reasoning));
            brought.answer += characters(&message.content) + characters(&message.refusal);
            let calls = message.tool_calls.iter().flatten().filter_map(|call| call.function.as_ref());
            brought.answer +=
                calls.map(|call| characters(&call.name) + characters(&call.arguments)).sum::<u64>();
        }
        brought
    }
}

impl Choice {
    /// Appends the answer proper, which the next turn of a conversation sends back.
    fn say(&self, into: &mut String) {
        let messages = self.delta.iter().chain(&self.message);
        let contents = messages.filter_map(|message| message.content.as_deref());
        self.text.as_deref().into_iter().chain(contents).for_each(|text| into.push_str(text));
    }

    /// Appends the other generated text: reasoning, refusals, calls of tools.
    fn say_besides(&self, into: &mut String) {
        for message in self.delta.iter().chain(&self.message) {
            let reasoning = message.reasoning_content.as_ref().or(message.reasoning.as_ref());
            let functions = message.tool_calls.iter().flatten().filter_map(|call| call.function.as_ref());
            let calls = functions.flat_map(|function| [&function.name, &function.arguments]);
            let texts = reasoning.into_iter().chain(&message.refusal).chain(calls.flatten());
            texts.for_each(|text| into.push_str(text));
        }
    }
}

impl Chunk {
    fn parse(text: &str) -> Result<Self, Failure> {
        let chunk: Chunk = serde_json::from_str(text).map_err(|error| {
            Failure::new(Class::Malformed, format!("expected a completion as JSON: {error}"))
        })?;
        match (&chunk.error, chunk.object.as_deref()) {
            (Some(error), _) if !error.is_null() => Err(Failure::in_answer(&message_of(error))),
            (_, Some("error")) => {
                let message = chunk.message.as_ref().map_or_else(|| "no message".to_owned(), message_of);
                Err(Failure::in_answer(&message))
            }
            _ => Ok(chunk),
        }
    }
}

/// Returns the `message` of an error, or the error itself.
pub(super) fn message_of(error: &Value) -> String {
    let message = error.get("message").unwrap_or(error);
    message.as_str().map_or_else(|| message.to_string(), str::to_owned)
}

/// Reads a stream of chunks as server-sent events.
///
/// The number of tokens is that of `usage`, else that of the token ids of all chunks, else unknown. Token ids in a
/// chunk, or a `usage` that grows from chunk to chunk, determine the number of tokens in each output.
#[derive(Debug, Default)]
pub(super) struct TextStream {
    sse: Sse,
    state: State,
}

#[derive(Debug, Default)]
struct State {
    usage: Option<Usage>,
    /// The number of token ids so far; `None` if a chunk had none.
    ids: Option<u64>,
    /// The number of tokens in the `usage` of the last chunk.
    counted: u64,
    /// The number of tokens that arrived without a text to show, such as half of a character.
    pending: u64,
    characters: u64,
    outputs: u64,
    has_answer: bool,
    finished: bool,
    done: bool,
    last_output: Option<Instant>,
    /// The texts so far; `None` if they are not kept.
    kept: Option<Kept>,
}

impl State {
    fn event(&mut self, event: SseEvent<'_>, at: Instant, marks: &mut dyn Marks) -> Result<(), Failure> {
        if event.kind == "error" {
            let error = serde_json::from_str::<Value>(event.data);
            let message = error.map_or_else(
                |_| event.data.to_owned(),
                |error| message_of(error.get("error").unwrap_or(&error)),
            );
            return Err(Failure::in_answer(&message));
        }
        if event.data.trim() == "[DONE]" {
            self.done = true;
            return Ok(());
        }
        let chunk = Chunk::parse(event.data)?;
        let choices = chunk.choices.unwrap_or_default();
        let mut brought = Brought::default();
        let mut ids = None;
        for choice in &choices {
            let own = choice.brought();
            brought =
                Brought { reasoning: brought.reasoning + own.reasoning, answer: brought.answer + own.answer };
            self.finished |= choice.finish_reason.is_some();
            if let Some(kept) = &mut self.kept {
                choice.say(&mut kept.answer);
                choice.say_besides(&mut kept.besides);
            }
            if let Some(token_ids) = &choice.token_ids {
                ids = Some(ids.unwrap_or(0) + token_ids.len() as u64);
            }
        }
        let by_usage =
            chunk.usage.as_ref().and_then(|usage| usage.completion_tokens).filter(|_| !choices.is_empty());
        let here = ids.or_else(|| Some(by_usage?.saturating_sub(self.counted)));
        self.counted = by_usage.unwrap_or(self.counted);
        self.usage = chunk.usage.or(self.usage.take());
        if brought.reasoning + brought.answer == 0 {
            // The token has arrived, but there is nothing to show before the next one.
            self.pending += here.unwrap_or(0);
            return Ok(());
        }
        self.ids = match (self.outputs, self.ids, ids) {
            (0, _, Some(ids)) => Some(self.pending + ids),
            (_, Some(before), Some(ids)) => Some(before + self.pending + ids),
            _ => None,
        };
        let holds = here
            .map(|here| u32::try_from(here + self.pending).unwrap_or(u32::MAX))
            .filter(|holds| *holds > 0);
        self.pending = 0;
        self.outputs += 1;
        self.characters += brought.reasoning + brought.answer;
        self.last_output = Some(at);
        marks.output(at, holds);
        if brought.answer > 0 && !self.has_answer {
            self.has_answer = true;
            marks.answer(at);
        }
        Ok(())
    }
}

impl TextStream {
    pub(super) fn new(keeps_text: bool) -> Self {
        let state = State { kept: keeps_text.then(Kept::default), ..State::default() };
        TextStream { sse: Sse::default(), state }
    }
}

impl Answer for TextStream {
    fn bytes(&mut self, piece: &[u8], at: Instant, marks: &mut dyn Marks) -> Result<(), Failure> {
        let state = &mut self.state;
        self.sse.bytes(piece, &mut |event| state.event(event, at, marks))
    }

    fn end(&mut self, _at: Instant, marks: &mut dyn Marks) -> Result<Told, Failure> {
        let state = &mut self.state;
        if !state.done && !state.finished {
            let message = "the stream ended without `[DONE]` and without a `finish_reason`";
            return Err(Failure::new(Class::Cut, message));
        }
        let last =
            state.last_output.ok_or_else(|| Failure::new(Class::Empty, "the stream contains no text"))?;
        marks.end(last);
        let ids = state.ids.map(|ids| ids + state.pending);
        Ok(Told::Text(told(state.usage.as_ref(), ids, state.characters, state.kept.take())))
    }
}

fn told(usage: Option<&Usage>, ids: Option<u64>, characters: u64, kept: Option<Kept>) -> TextTold {
    let (text, besides) = kept.map(|kept| (kept.answer, kept.besides)).unzip();
    let by_usage = usage.and_then(|usage| usage.completion_tokens).filter(|tokens| *tokens > 0);
    TextTold {
        output_tokens: by_usage.or(ids),
        input_tokens: usage.and_then(|usage| usage.prompt_tokens),
        cached_tokens: usage
            .and_then(|usage| usage.prompt_tokens_details.as_ref())
            .and_then(|details| details.cached_tokens),
        reasoning_tokens: usage
            .and_then(|usage| usage.completion_tokens_details.as_ref())
            .and_then(|details| details.reasoning_tokens),
        characters,
        source: match (by_usage, ids) {
            (Some(_), _) => TokenSource::Usage,
            (None, Some(_)) => TokenSource::TokenIds,
            (None, None) => TokenSource::None,
        },
        text,
        besides,
    }
}

/// Reads an answer that is one JSON document.
#[derive(Debug, Default)]
pub(super) struct TextWhole {
    body: Vec<u8>,
    keeps_text: bool,
}

impl TextWhole {
    pub(super) fn new(keeps_text: bool) -> Self {
        TextWhole { body: Vec::new(), keeps_text }
    }
}

impl Answer for TextWhole {
    fn bytes(&mut self, piece: &[u8], _at: Instant, _marks: &mut dyn Marks) -> Result<(), Failure> {
        self.body.extend_from_slice(piece);
        Ok(())
    }

    fn end(&mut self, at: Instant, marks: &mut dyn Marks) -> Result<Told, Failure> {
        let chunk = Chunk::parse(&String::from_utf8_lossy(&self.body))?;
        let choices = chunk.choices.unwrap_or_default();
        let characters = choices.iter().map(|choice| {
            let brought = choice.brought();
            brought.reasoning + brought.answer
        });
        let characters: u64 = characters.sum();
        if characters == 0 {
            return Err(Failure::new(Class::Empty, "the answer contains no text"));
        }
        let ids = choices.iter().map(|choice| choice.token_ids.as_ref().map(|ids| ids.len() as u64)).sum();
        marks.end(at);
        let kept = self.keeps_text.then(|| {
            let mut kept = Kept::default();
            // A conversation continues with the first of several answers, but the tokens of all count.
            for (number, choice) in choices.iter().enumerate() {
                choice.say(if number == 0 { &mut kept.answer } else { &mut kept.besides });
                choice.say_besides(&mut kept.besides);
            }
            kept
        });
        Ok(Told::Text(told(chunk.usage.as_ref(), ids, characters, kept)))
    }
}

#[cfg(test)]
#[path = "text_tests.rs"]
mod tests;
