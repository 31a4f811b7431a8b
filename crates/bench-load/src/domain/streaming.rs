//! Outputs and steps as they arrive within a request: when the first came, and the gaps between them.

use bench_syntax::quantity::Seconds;

use super::Seen;
use crate::request::Times;

/// `first output − sent`: TTFA, TTFI, TTFT. None where no output was marked, or [`outputs`] has none.
pub(super) fn first_output_s(seen: &Seen<'_>) -> Option<f64> {
    outputs(seen)?.next().map(|at| since(seen.times.sent_ns, at))
}

/// When outputs arrived. None where one lies before the request was sent or after it ended: such marks
/// belong elsewhere, and no figure can be made of what is left.
pub(super) fn outputs<'a>(seen: &'a Seen<'_>) -> Option<impl Iterator<Item = u64> + 'a> {
    let times = &seen.times;
    times.outputs().all(|at| within(times, at)).then(|| times.outputs())
}

/// When steps were done, under the same condition.
pub(super) fn steps<'a>(seen: &'a Seen<'_>) -> Option<impl Iterator<Item = u64> + 'a> {
    let times = &seen.times;
    times.steps().all(|at| within(times, at)).then(|| times.steps())
}

/// Seconds between neighbours; one fewer than there are times.
pub(super) fn gaps(times: impl Iterator<Item = u64>) -> impl Iterator<Item = f64> {
    let mut before = None;
    times.filter_map(move |at| before.replace(at).map(|before| since(before, at)))
}

/// `value / seconds`, where that is a number.
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
