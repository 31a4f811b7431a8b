//! Outputs and steps within a request: when the first arrived, and the gaps between them.

use bench_syntax::quantity::Seconds;

use super::Seen;
use crate::request::{MarkKind, Times};

/// The time, in nanoseconds, below which two marks arrived together: one read of a socket, or one step of the model,
/// has brought both, and the time between them is that of a loop. A step of even the smallest language models takes
/// longer.
const TOGETHER_NS: u64 = 10_000;

/// Outputs that arrived together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Arrival {
    /// When the last of them was marked.
    pub(super) at_ns: u64,
    /// The number of outputs that were marked.
    pub(super) outputs: u64,
    /// The total content of the outputs; `None` if one of them does not give it.
    pub(super) holds: Option<u64>,
}

/// Returns the arrivals of outputs, in order of time; `None` if [`outputs`] returns `None`.
pub(super) fn arrivals(seen: &Seen<'_>) -> Option<Vec<Arrival>> {
    let _within = outputs(seen)?;
    let mut arrivals: Vec<Arrival> = Vec::new();
    for mark in seen.times.marks.iter().filter(|mark| mark.kind == MarkKind::Output) {
        let holds = mark.holds.map(u64::from);
        match arrivals.last_mut() {
            Some(last) if mark.at_ns.saturating_sub(last.at_ns) < TOGETHER_NS => {
                last.at_ns = last.at_ns.max(mark.at_ns);
                last.outputs += 1;
                last.holds = last.holds.zip(holds).map(|(before, holds)| before + holds);
            }
            _ => arrivals.push(Arrival { at_ns: mark.at_ns, outputs: 1, holds }),
        }
    }
    Some(arrivals)
}

/// Returns `first output − sent`, in seconds: TTFA, TTFI, TTFT; `None` if no output was marked, or if [`outputs`]
/// returns `None`.
pub(super) fn first_output_s(seen: &Seen<'_>) -> Option<f64> {
    outputs(seen)?.next().map(|at| since(seen.times.sent_ns, at))
}

/// Returns the times at which outputs arrived, in nanoseconds; `None` if one lies before the request was sent or after
/// it ended: such a mark is wrong, and the others alone do not give a figure.
pub(super) fn outputs<'a>(seen: &'a Seen<'_>) -> Option<impl Iterator<Item = u64> + 'a> {
    let times = &seen.times;
    times.outputs().all(|at| within(times, at)).then(|| times.outputs())
}

/// Returns the times at which steps were done, in nanoseconds; `None` under the same condition as [`outputs`].
pub(super) fn steps<'a>(seen: &'a Seen<'_>) -> Option<impl Iterator<Item = u64> + 'a> {
    let times = &seen.times;
    times.steps().all(|at| within(times, at)).then(|| times.steps())
}

/// Returns the seconds between neighbours that did not arrive together.
pub(super) fn gaps(times: impl Iterator<Item = u64>) -> impl Iterator<Item = f64> {
    let mut before: Option<u64> = None;
    times.filter_map(move |at| {
        let before = before.replace(at)?;
        (at.saturating_sub(before) >= TOGETHER_NS).then(|| since(before, at))
    })
}

/// Returns `value / seconds`; `None` without a value, or if `seconds` is not above 0.
pub(super) fn per_second(value: Option<f64>, seconds: f64) -> Option<f64> {
    value.filter(|_| seconds > 0.0).map(|value| value / seconds)
}

/// Seconds from one time to a later one.
pub(super) fn since(from_ns: u64, to_ns: u64) -> f64 {
    Seconds::from_ns(to_ns.saturating_sub(from_ns)).0
}

/// Whether a time lies between sending and end.
pub(super) fn within(times: &Times<'_>, at_ns: u64) -> bool {
    (times.sent_ns..=times.end_ns).contains(&at_ns)
}
