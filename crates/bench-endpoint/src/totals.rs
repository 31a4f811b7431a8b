//! The totals of a client's requests, for comparison with the server's metrics.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use serde::{Deserialize, Serialize};

use crate::api::{Marks, Told};
use crate::failure::Failure;

/// Requests that have ended, and their tokens by the server's count. The warm-up is included, because the server counts
/// it, too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counted {
    /// Requests that were answered.
    pub answered: u64,
    /// Requests that failed.
    pub failed: u64,
    /// Answers whose tokens are not known.
    pub uncounted: u64,
    /// Tokens of all answers whose tokens are known.
    pub output_tokens: u64,
    /// The number of tokens of all inputs, if the server reports it.
    pub input_tokens: u64,
    /// The number of tokens of inputs that the server had in a cache; `None` if no answer reports it.
    pub cached_tokens: Option<u64>,
    /// The number of requested tokens, over answers for which a number was requested and whose tokens are known.
    pub wanted_tokens: u64,
    /// The number of tokens of these answers.
    pub obtained_tokens: u64,
    /// Answers that had an output before their end.
    pub first_outputs: u64,
    /// The total time from the start of these requests to their first output, time to connect included, in nanoseconds.
    pub first_output_ns: u64,
}

impl Counted {
    /// Adds the totals of another client.
    #[must_use]
    pub fn and(self, other: Counted) -> Self {
        let cached_tokens = match (self.cached_tokens, other.cached_tokens) {
            (None, None) => None,
            (one, another) => Some(one.unwrap_or(0) + another.unwrap_or(0)),
        };
        Counted {
            answered: self.answered + other.answered,
            failed: self.failed + other.failed,
            uncounted: self.uncounted + other.uncounted,
            output_tokens: self.output_tokens + other.output_tokens,
            input_tokens: self.input_tokens + other.input_tokens,
            cached_tokens,
            wanted_tokens: self.wanted_tokens + other.wanted_tokens,
            obtained_tokens: self.obtained_tokens + other.obtained_tokens,
            first_outputs: self.first_outputs + other.first_outputs,
            first_output_ns: self.first_output_ns + other.first_output_ns,
        }
    }
}

/// The totals so far, which all requests update.
#[derive(Debug, Default)]
pub(crate) struct Totals {
    answered: AtomicU64,
    failed: AtomicU64,
    uncounted: AtomicU64,
    output_tokens: AtomicU64,
    input_tokens: AtomicU64,
    cached_tokens: AtomicU64,
    told_cached: AtomicU64,
    wanted_tokens: AtomicU64,
    obtained_tokens: AtomicU64,
    first_outputs: AtomicU64,
    first_output_ns: AtomicU64,
}

impl Totals {
    /// Counts a request whose answer should have `wanted` tokens; `None` if any number is accepted.
    pub(crate) fn count(&self, told: Result<&Told, &Failure>, wanted: Option<u64>) {
        let add = |to: &AtomicU64, count: u64| {
            to.fetch_add(count, Ordering::Relaxed);
        };
        let Ok(told) = told else { return add(&self.failed, 1) };
        add(&self.answered, 1);
        let Told::Text(text) = told else { return };
        match text.output_tokens {
            Some(tokens) => {
                add(&self.output_tokens, tokens);
                if let Some(wanted) = wanted {
                    add(&self.wanted_tokens, wanted);
                    add(&self.obtained_tokens, tokens);
                }
            }
            None => add(&self.uncounted, 1),
        }
        add(&self.input_tokens, text.input_tokens.unwrap_or(0));
        if let Some(cached) = text.cached_tokens {
            add(&self.told_cached, 1);
            add(&self.cached_tokens, cached);
        }
    }

    /// Wraps the marks of a request that begins now, so that its first output is counted.
    pub(crate) fn with_first_output<'a>(&'a self, marks: &'a mut dyn Marks) -> FirstOutput<'a> {
        FirstOutput { marks, began: Instant::now(), totals: self, is_there: false }
    }

    /// Counts the first output of a request.
    fn first_output(&self, after_ns: u64) {
        self.first_outputs.fetch_add(1, Ordering::Relaxed);
        self.first_output_ns.fetch_add(after_ns, Ordering::Relaxed);
    }

    pub(crate) fn counted(&self) -> Counted {
        let read = |from: &AtomicU64| from.load(Ordering::Relaxed);
        Counted {
            answered: read(&self.answered),
            failed: read(&self.failed),
            uncounted: read(&self.uncounted),
            output_tokens: read(&self.output_tokens),
            input_tokens: read(&self.input_tokens),
            cached_tokens: (read(&self.told_cached) > 0).then(|| read(&self.cached_tokens)),
            wanted_tokens: read(&self.wanted_tokens),
            obtained_tokens: read(&self.obtained_tokens),
            first_outputs: read(&self.first_outputs),
            first_output_ns: read(&self.first_output_ns),
        }
    }
}

/// The marks of a request, which also count its first output.
pub(crate) struct FirstOutput<'a> {
    marks: &'a mut dyn Marks,
    began: Instant,
    totals: &'a Totals,
    is_there: bool,
}

impl Marks for FirstOutput<'_> {
    fn output(&mut self, at: Instant, holds: Option<u32>) {
        if !std::mem::replace(&mut self.is_there, true) {
            let after = at.saturating_duration_since(self.began);
            self.totals.first_output(u64::try_from(after.as_nanos()).unwrap_or(u64::MAX));
        }
        self.marks.output(at, holds);
    }

    fn answer(&mut self, at: Instant) {
        self.marks.answer(at);
    }

    fn end(&mut self, at: Instant) {
        self.marks.end(at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::TextTold;
    use crate::failure::Class;

    #[test]
    fn answers_and_failures_are_counted_apart() {
        let totals = Totals::default();
        let text = TextTold { output_tokens: Some(3), input_tokens: Some(5), ..TextTold::default() };
        totals.count(Ok(&Told::Text(text.clone())), Some(4));
        totals.count(
            Ok(&Told::Text(TextTold { cached_tokens: Some(2), output_tokens: None, ..text })),
            Some(4),
        );
        totals.count(Ok(&Told::Plain), None);
        totals.count(Err(&Failure::new(Class::Cut, "x")), None);
        totals.first_output(7);
        totals.first_output(9);
        let expected = Counted {
            answered: 3,
            failed: 1,
            uncounted: 1,
            output_tokens: 3,
            input_tokens: 10,
            cached_tokens: Some(2),
            wanted_tokens: 4,
            obtained_tokens: 3,
            first_outputs: 2,
            first_output_ns: 16,
        };
        assert_eq!(totals.counted(), expected);
        let twice = expected.and(Counted { cached_tokens: None, ..expected });
        assert_eq!((twice.answered, twice.cached_tokens, twice.obtained_tokens), (6, Some(2), 6));
        assert_eq!((twice.first_outputs, twice.first_output_ns), (4, 32));
    }
}
