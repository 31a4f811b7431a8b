//! One request in the log.

use std::borrow::Cow;

use crate::domain::{Answer, Facts, Later, MOST_VALUES, Seen};
use crate::request::{Mark, Times};

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Served,
    Failed,
    Panicked,
    TimedOut,
}

impl Outcome {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Outcome::Served => "served",
            Outcome::Failed => "failed",
            Outcome::Panicked => "panicked",
            Outcome::TimedOut => "timed_out",
        }
    }
}

/// One request. Times are in nanoseconds from the beginning of the level.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) number: u64,
    pub(crate) input: u32,
    pub(crate) client: u32,
    pub(crate) intended_ns: u64,
    pub(crate) sent_ns: u64,
    pub(crate) end_ns: u64,
    pub(crate) outcome: Outcome,
    pub(crate) marks: Option<Box<[Mark]>>,
    pub(crate) values: [f64; MOST_VALUES],
    pub(crate) format: Cow<'static, str>,
    /// The reason why it failed, or a warning about its response.
    pub(crate) note: Option<Box<str>>,
    /// The function that fills in further numbers once the level has ended.
    pub(crate) later: Option<Later>,
}

/// The result of a call, before it is known whether it is still wanted.
pub(crate) struct Ended {
    pub(crate) end_ns: u64,
    pub(crate) outcome: Outcome,
    pub(crate) marks: Option<Box<[Mark]>>,
    pub(crate) answer: Answer,
    pub(crate) error: Option<Box<str>>,
}

impl Row {
    /// The row of a call that has ended.
    pub(crate) fn of(
        (number, input, client): (u64, u32, u32),
        (intended_ns, sent_ns): (u64, u64),
        ended: Ended,
    ) -> Self {
        let Answer { values, format, warning, later } = ended.answer;
        Row {
            number,
            input,
            client,
            intended_ns,
            sent_ns,
            end_ns: ended.end_ns,
            outcome: ended.outcome,
            marks: ended.marks,
            values,
            format: Cow::Borrowed(format),
            note: ended.error.or_else(|| warning.map(String::into_boxed_str)),
            later,
        }
    }

    /// Fills in the numbers that were left until the level has ended.
    pub(crate) fn complete(&mut self) {
        let Some(later) = self.later.take() else { return };
        let mut answer = Answer { values: self.values, ..Answer::default() };
        later.fill_in(&mut answer);
        self.values = answer.values;
        if !answer.format.is_empty() {
            self.format = Cow::Borrowed(answer.format);
        }
        self.note = self.note.take().or_else(|| answer.warning.map(String::into_boxed_str));
    }

    pub(crate) fn times(&self) -> Times<'_> {
        Times {
            intended_ns: self.intended_ns,
            sent_ns: self.sent_ns,
            end_ns: self.end_ns,
            marks: self.marks.as_deref().unwrap_or_default(),
        }
    }

    /// Returns the contradiction in the row, if there is one.
    pub(crate) fn oddity(&self) -> Option<&'static str> {
        crate::check::request(&self.times())
    }

    pub(crate) fn seen<'a>(&'a self, facts: &'a Facts) -> Seen<'a> {
        Seen { times: self.times(), facts, values: &self.values }
    }
}
