//! The timestamps of a request.

/// Timestamps of one request, in nanoseconds from the beginning of its level, on a monotonic clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Times<'a> {
    /// When the request was due; in a closed loop the same as `sent_ns`.
    pub intended_ns: u64,
    /// When the call was actually made.
    pub sent_ns: u64,
    /// When the last output had arrived.
    pub end_ns: u64,
    /// The marks of the closure, in order of time.
    pub marks: &'a [Mark],
}

/// An event that happened while a request was served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The kind of the mark.
    pub kind: MarkKind,
    /// The time of the mark, in nanoseconds from the beginning of the level.
    pub at_ns: u64,
    /// The part of the response that an output contains: tokens of a text, samples per channel of speech. `None` if
    /// the closure did not report it.
    pub holds: Option<u32>,
}

/// The kind of a [`Mark`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MarkKind {
    /// A usable output has arrived: playable audio, an image, text.
    Output,
    /// The first output of the answer itself, after any reasoning.
    Answer,
    /// A step of the work is done, such as a denoising step.
    Step,
    /// The last output has arrived; anything after it is not an output.
    End,
}

impl Times<'_> {
    /// Returns `end − sent`, in seconds.
    ///
    /// ```
    /// # use bench_load::request::{Mark, MarkKind, Times};
    /// # let mark = |kind, at_ns| Mark { kind, at_ns, holds: None };
    /// # let marks = [mark(MarkKind::Step, 20_000_000), mark(MarkKind::Output, 40_000_000), mark(MarkKind::Answer, 60_000_000)];
    /// let times = Times { intended_ns: 0, sent_ns: 10_000_000, end_ns: 110_000_000, marks: &marks };
    /// assert_eq!(times.service_latency_s(), 0.1);
    /// ```
    pub fn service_latency_s(&self) -> f64 {
        seconds(self.end_ns.saturating_sub(self.sent_ns))
    }

    /// Returns `end − intended`, in seconds: free of coordinated omission.
    ///
    /// ```
    /// # use bench_load::request::{Mark, MarkKind, Times};
    /// # let mark = |kind, at_ns| Mark { kind, at_ns, holds: None };
    /// # let marks = [mark(MarkKind::Step, 20_000_000), mark(MarkKind::Output, 40_000_000), mark(MarkKind::Answer, 60_000_000)];
    /// let times = Times { intended_ns: 0, sent_ns: 10_000_000, end_ns: 110_000_000, marks: &marks };
    /// assert_eq!(times.scheduled_latency_s(), 0.11);
    /// ```
    pub fn scheduled_latency_s(&self) -> f64 {
        seconds(self.end_ns.saturating_sub(self.intended_ns))
    }

    /// Returns `sent − intended`, in seconds: the harness's own lateness.
    ///
    /// ```
    /// # use bench_load::request::{Mark, MarkKind, Times};
    /// # let mark = |kind, at_ns| Mark { kind, at_ns, holds: None };
    /// # let marks = [mark(MarkKind::Step, 20_000_000), mark(MarkKind::Output, 40_000_000), mark(MarkKind::Answer, 60_000_000)];
    /// let times = Times { intended_ns: 0, sent_ns: 10_000_000, end_ns: 110_000_000, marks: &marks };
    /// assert_eq!(times.send_lag_s(), 0.01);
    /// ```
    pub fn send_lag_s(&self) -> f64 {
        seconds(self.sent_ns.saturating_sub(self.intended_ns))
    }

    /// Returns the times at which outputs arrived, in nanoseconds from the beginning of the level.
    ///
    /// ```
    /// # use bench_load::request::{Mark, MarkKind, Times};
    /// # let mark = |kind, at_ns| Mark { kind, at_ns, holds: None };
    /// # let marks = [mark(MarkKind::Step, 20_000_000), mark(MarkKind::Output, 40_000_000), mark(MarkKind::Answer, 60_000_000)];
    /// let times = Times { intended_ns: 0, sent_ns: 10_000_000, end_ns: 110_000_000, marks: &marks };
    /// assert_eq!(times.outputs().next(), Some(40_000_000));
    /// ```
    pub fn outputs(&self) -> impl Iterator<Item = u64> + '_ {
        self.at(MarkKind::Output)
    }

    /// Returns the times at which steps were done, in nanoseconds from the beginning of the level.
    ///
    /// ```
    /// # use bench_load::request::{Mark, MarkKind, Times};
    /// # let mark = |kind, at_ns| Mark { kind, at_ns, holds: None };
    /// # let marks = [mark(MarkKind::Step, 20_000_000), mark(MarkKind::Output, 40_000_000), mark(MarkKind::Answer, 60_000_000)];
    /// let times = Times { intended_ns: 0, sent_ns: 10_000_000, end_ns: 110_000_000, marks: &marks };
    /// assert_eq!(times.steps().count(), 1);
    /// ```
    pub fn steps(&self) -> impl Iterator<Item = u64> + '_ {
        self.at(MarkKind::Step)
    }

    /// Returns `first output − sent`, in seconds: TTFA, TTFI, TTFT. `None` if nothing was marked, because the response
    /// was not streamed.
    ///
    /// ```
    /// # use bench_load::request::{Mark, MarkKind, Times};
    /// # let mark = |kind, at_ns| Mark { kind, at_ns, holds: None };
    /// # let marks = [mark(MarkKind::Step, 20_000_000), mark(MarkKind::Output, 40_000_000), mark(MarkKind::Answer, 60_000_000)];
    /// let times = Times { intended_ns: 0, sent_ns: 10_000_000, end_ns: 110_000_000, marks: &marks };
    /// assert_eq!(times.first_output_s(), Some(0.03)); // 40 ms − 10 ms
    /// ```
    pub fn first_output_s(&self) -> Option<f64> {
        self.outputs().next().map(|at| seconds(at.saturating_sub(self.sent_ns)))
    }

    /// Returns `first output of the answer − sent`, in seconds: TTFO. `None` if the answer was not marked.
    ///
    /// ```
    /// # use bench_load::request::{Mark, MarkKind, Times};
    /// # let mark = |kind, at_ns| Mark { kind, at_ns, holds: None };
    /// # let marks = [mark(MarkKind::Step, 20_000_000), mark(MarkKind::Output, 40_000_000), mark(MarkKind::Answer, 60_000_000)];
    /// let times = Times { intended_ns: 0, sent_ns: 10_000_000, end_ns: 110_000_000, marks: &marks };
    /// assert_eq!(times.first_answer_s(), Some(0.05));
    /// ```
    pub fn first_answer_s(&self) -> Option<f64> {
        self.at(MarkKind::Answer).next().map(|at| seconds(at.saturating_sub(self.sent_ns)))
    }

    fn at(&self, kind: MarkKind) -> impl Iterator<Item = u64> + '_ {
        self.marks.iter().filter(move |mark| mark.kind == kind).map(|mark| mark.at_ns)
    }
}

/// Converts nanoseconds to seconds.
fn seconds(ns: u64) -> f64 {
    ns as f64 / 1e9
}
