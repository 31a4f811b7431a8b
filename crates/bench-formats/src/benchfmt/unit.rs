//! Units of values.

use bench_protocol::Better;
use bench_record::Metric;

use super::name::{quote, unquote};
use crate::imported_case::usually_better;

/// Nanoseconds an iteration: the format's own unit of time.
pub(super) const NS_PER_OP: &str = "ns/op";

/// The unit of a figure other than the time: its name, then what it is counted in, as Go's own benchmarks have it
/// (`p99-latency-sec`).
pub(super) fn unit_of(metric: &str, unit: &str) -> String {
    let unit = if unit == "s" { "sec" } else { unit };
    format!("{metric}-{}", quote(unit))
}

/// The figure that a value in a unit is; `better` where the file says so.
pub(super) fn metric_of(text: &str, value: f64, better: Option<Better>) -> Metric {
    let (name, unit) = match text.split_once('-') {
        Some((name, "sec")) => (name, "s".to_owned()),
        Some((name, unit)) => (name, unquote(unit)),
        None => (text, text.to_owned()),
    };
    Metric::new(name, &unit, value, better.unwrap_or_else(|| usually_better(name, &unit)))
}
