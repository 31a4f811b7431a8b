//! Reads answers of text in any dialect: the dialect supplies the content of each event, and this module decides what
//! counts as an output.

use std::time::Instant;

use serde_json::Value;

use super::kept::Kept;
use super::whole::json;
use super::{Answer, Marks, TextTold, TokenSource, Told};
use crate::failure::{Class, Failure};
use crate::reader::{JsonLines, Sse};

/// The format in which one server writes answers of text.
pub(super) struct Dialect {
    /// The separator of events.
    pub(super) framing: Framing,
    /// Reads an event, given its kind (empty for a line of JSON) and its data.
    pub(super) event: fn(&str, &str) -> Result<Step, Failure>,
    /// Reads an answer that was not requested as a stream.
    pub(super) whole: fn(&Value) -> Result<Step, Failure>,
    /// Whether an event marks the end of a stream. Otherwise, the end of the body is the end of the stream.
    pub(super) says_its_end: bool,
}

/// The separator of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    /// Server-sent events.
    Events,
    /// A JSON document on each line.
    Lines,
}

/// The content of an event, or of a whole answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Step {
    /// The reasoning.
    pub(super) reasoning: String,
    /// The answer proper; arguments of a tool call are part of it.
    pub(super) answer: String,
    /// Whether it contains an output that is not text.
    pub(super) holds_data: bool,
    /// The number of tokens in it; `None` if the server does not report it. A step without text may have tokens, too.
    pub(super) tokens: Option<u32>,
    /// The numbers of tokens of the whole request, as far as they are known.
    pub(super) counts: Counts,
    /// Whether it marks the end of the answer.
    pub(super) is_last: bool,
}

/// The numbers of tokens, as reported by the server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) output: Option<u64>,
    pub(super) input: Option<u64>,
    pub(super) reasoning: Option<u64>,
    pub(super) cached: Option<u64>,
}

impl Counts {
    /// Merges counts; later ones replace earlier ones.
    fn or(self, before: Counts) -> Counts {
        Counts {
            output: self.output.or(before.output),
            input: self.input.or(before.input),
            reasoning: self.reasoning.or(before.reasoning),
            cached: self.cached.or(before.cached),
        }
    }
}

impl Step {
    /// Returns the number of Unicode scalar values in reasoning and answer.
    fn characters(&self) -> u64 {
        (self.reasoning.chars().count() + self.answer.chars().count()) as u64
    }
}

/// Returns a text; empty if there is none.
pub(super) fn text(value: Option<&Value>) -> &str {
    value.and_then(Value::as_str).unwrap_or_default()
}

/// Parses the JSON of an event.
///
/// # Errors
/// If the data are not JSON, or if they contain an `error`.
pub(super) fn parsed(data: &str) -> Result<Value, Failure> {
    json(data.as_bytes())
}

/// Reads an answer of text as a stream.
pub(super) struct Stream {
    dialect: &'static Dialect,
    events: Sse,
    lines: JsonLines,
    state: State,
}

/// The sums over the events of a stream so far.
#[derive(Default)]
pub(super) struct State {
    counts: Counts,
    /// The number of tokens in the events so far; `None` if an output did not report it.
    held: Option<u64>,
    /// The number of tokens in events without output since the last output.
    pending: u64,
    characters: u64,
    outputs: u64,
    has_answer: bool,
    is_over: bool,
    last_output: Option<Instant>,
    /// The texts so far; `None` if they are not kept.
    kept: Option<Kept>,
}

impl State {
    pub(super) fn new(keeps_text: bool) -> Self {
        State { kept: keeps_text.then(Kept::default), ..State::default() }
    }

    /// Takes a step that arrived at `at`.
    pub(super) fn take(&mut self, step: Step, at: Instant, marks: &mut dyn Marks) {
        self.counts = step.counts.or(self.counts);
        self.is_over |= step.is_last;
        let tokens = step.tokens.map(u64::from);
        let characters = step.characters();
        if characters == 0 && !step.holds_data {
            self.pending += tokens.unwrap_or(0);
            return;
        }
        let holds = tokens.map(|tokens| tokens + self.pending);
        self.held = match (self.outputs, self.held, holds) {
            (0, _, holds) => holds,
            (_, Some(before), Some(holds)) => Some(before + holds),
            _ => None,
        };
        self.pending = 0;
        self.outputs += 1;
        self.characters += characters;
        if let Some(kept) = &mut self.kept {
            kept.answer.push_str(&step.answer);
            kept.besides.push_str(&step.reasoning);
        }
        self.last_output = Some(at);
        marks.output(at, holds.and_then(|holds| u32::try_from(holds).ok()).filter(|holds| *holds > 0));
        if (!step.answer.is_empty() || step.holds_data) && !self.has_answer {
            self.has_answer = true;
            marks.answer(at);
        }
    }

    /// Whether no output has arrived.
    pub(super) fn is_empty(&self) -> bool {
        self.outputs == 0
    }

    /// Returns the result of the stream, which has ended.
    ///
    /// # Errors
    /// If no output has arrived.
    pub(super) fn end(&mut self, marks: &mut dyn Marks) -> Result<Told, Failure> {
        let last =
            self.last_output.ok_or_else(|| Failure::new(Class::Empty, "the stream holds no output"))?;
        marks.end(last);
        let held = self.held.map(|held| held + self.pending);
        Ok(Told::Text(told(self.counts, held, self.characters, self.kept.take())))
    }
}

impl Stream {
    pub(super) fn new(dialect: &'static Dialect, keeps_text: bool) -> Self {
        let state = State::new(keeps_text);
        Stream { dialect, events: Sse::default(), lines: JsonLines::default(), state }
    }
}

impl Answer for Stream {
    fn bytes(&mut self, piece: &[u8], at: Instant, marks: &mut dyn Marks) -> Result<(), Failure> {
        let Stream { dialect, events, lines, state } = self;
        let mut take =
            |kind: &str, data: &str| (dialect.event)(kind, data).map(|step| state.take(step, at, marks));
        match dialect.framing {
            Framing::Events => events.bytes(piece, &mut |event| take(event.kind, event.data)),
            Framing::Lines => lines.bytes(piece, &mut |line| take("", line)),
        }
    }

    fn end(&mut self, at: Instant, marks: &mut dyn Marks) -> Result<Told, Failure> {
        let Stream { dialect, lines, state, .. } = self;
        if dialect.framing == Framing::Lines {
            lines.end(&mut |line| (dialect.event)("", line).map(|step| state.take(step, at, marks)))?;
        }
        if dialect.says_its_end && !state.is_over {
            return Err(Failure::new(Class::Cut, "the stream ended without an event that marks its end"));
        }
        state.end(marks)
    }
}

/// Reads an answer of text as one JSON document.
pub(super) struct Whole {
    dialect: &'static Dialect,
    body: Vec<u8>,
    keeps_text: bool,
}

impl Whole {
    pub(super) fn new(dialect: &'static Dialect, keeps_text: bool) -> Self {
        Whole { dialect, body: Vec::new(), keeps_text }
    }
}

impl Answer for Whole {
    fn bytes(&mut self, piece: &[u8], _at: Instant, _marks: &mut dyn Marks) -> Result<(), Failure> {
        self.body.extend_from_slice(piece);
        Ok(())
    }

    fn end(&mut self, at: Instant, marks: &mut dyn Marks) -> Result<Told, Failure> {
        let step = (self.dialect.whole)(&json(&self.body)?)?;
        let characters = step.characters();
        if characters == 0 {
            return Err(Failure::new(Class::Empty, "the answer contains no text"));
        }
        marks.end(at);
        let (counts, held) = (step.counts, step.tokens.map(u64::from));
        let kept = self.keeps_text.then_some(Kept { answer: step.answer, besides: step.reasoning });
        Ok(Told::Text(told(counts, held, characters, kept)))
    }
}

fn told(counts: Counts, held: Option<u64>, characters: u64, kept: Option<Kept>) -> TextTold {
    let (text, besides) = kept.map(|kept| (kept.answer, kept.besides)).unzip();
    let by_usage = counts.output.filter(|tokens| *tokens > 0);
    TextTold {
        output_tokens: by_usage.or(held),
        input_tokens: counts.input,
        reasoning_tokens: counts.reasoning,
        cached_tokens: counts.cached,
        characters,
        source: match (by_usage, held) {
            (Some(_), _) => TokenSource::Usage,
            (None, Some(_)) => TokenSource::TokenIds,
            (None, None) => TokenSource::None,
        },
        text,
        besides,
    }
}

#[cfg(test)]
#[path = "written_tests.rs"]
mod tests;
