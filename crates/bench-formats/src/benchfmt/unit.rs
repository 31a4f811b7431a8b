//! Units of values.

use bench_protocol::Better;
use bench_record::Metric;

use super::name::{quote, unquote};
use crate::known_unit::{KnownUnit, known};

/// Nanoseconds per iteration: the format's own unit of time.
pub(super) const NS_PER_OP: &str = "ns/op";

/// Returns the unit of a figure other than the time: the name of the figure, then its unit, as in Go's own benchmarks
/// (`p99-latency-sec`).
pub(super) fn unit_of(metric: &str, unit: &str) -> String {
    let unit = if unit == "s" { "sec" } else { unit };
    format!("{metric}-{}", quote(unit))
}

/// A value with its unit, as a figure.
pub(super) enum Value {
    /// A figure whose direction is known.
    Figure(Metric),
    /// A figure that can be kept, but not judged.
    Unknown(Metric),
}

/// Converts a value with its unit to a figure. `better` is its direction, `None` if the file does not state it. The
/// name is separated from the unit only if the end is a known unit (`p99-latency-sec` is `p99-latency` in seconds), so
/// that no name is cut.
pub(super) fn value_of(text: &str, value: f64, better: Option<Better>) -> Value {
    if let Some(KnownUnit { unit, better: usual }) = known(text) {
        return Value::Figure(Metric::new(text, unit, value, better.unwrap_or(usual)));
    }
    let ends = text.match_indices('-').map(|(place, _)| (&text[..place], unquote(&text[place + 1..])));
    let named =
        ends.filter(|(name, _)| !name.is_empty()).find_map(|(name, unit)| Some((name, known(&unit)?)));
    match (named, better) {
        (Some((name, KnownUnit { unit, better: usual })), better) => {
            Value::Figure(Metric::new(name, unit, value, better.unwrap_or(usual)))
        }
        (None, Some(better)) => {
            // Exported files separate them at the first dash: keys of metrics contain none.
            let (name, unit) = text.split_once('-').filter(|(name, _)| is_key(name)).unwrap_or((text, text));
            Value::Figure(Metric::new(name, unquote(unit), value, better))
        }
        (None, None) => Value::Unknown(Metric::new(text, text, value, Better::Lower)),
    }
}

/// Whether a name can be the key of a metric.
fn is_key(name: &str) -> bool {
    !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}
