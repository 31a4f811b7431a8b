//! Formats a metric.

use bench_record::Metric;
use bench_syntax::quantity::{Seconds, rate, significant};
use bench_syntax::text::printable;

/// Formats a value with its unit: `12.40 ms`, `3.512 images/s`; ratios have no unit, and `–` stands for values that are
/// not finite.
pub fn figure(value: f64, unit: &str) -> String {
    // Fields of other crates have their own units.
    match &*printable(unit) {
        _ if !value.is_finite() => "–".to_owned(),
        "s" => Seconds(value).to_string(),
        "ratio" | "" | "1" => short(value),
        unit if unit.starts_with("s/") => {
            let seconds = Seconds(value);
            format!("{seconds}{}", &unit[1..])
        }
        unit if value != 0.0 && value.abs() < 1e-3 => format!("{} {unit}", short(value)),
        unit => rate(value, unit),
    }
}

/// Formats a number with three or four digits, whatever its size.
fn short(value: f64) -> String {
    match value.abs() {
        0.0 => "0".to_owned(),
        m if m >= 1e6 => format!("{value:.2e}"),
        m if m >= 0.1 => significant(value),
        m if m >= 1e-4 => format!("{value:.5}"),
        _ => format!("{value:.2e}"),
    }
}

/// Returns the percentile that a metric's name ends with, as a share: 0.95 for `TTFA p95`; `None` for other names.
pub fn percentile(name: &str) -> Option<f64> {
    let (_, last) = name.rsplit_once(' ')?;
    let share = last.strip_prefix('p')?.parse::<f64>().ok()? / 100.0;
    (0.0 < share && share < 1.0).then_some(share)
}

/// Returns the quantity whose percentile or mean a metric is: `TTFA` for `TTFA p95`; other names are returned
/// unchanged.
pub fn family(name: &str) -> &str {
    match name.rsplit_once(' ') {
        Some((family, "mean")) => family,
        Some((family, _)) if percentile(name).is_some() => family,
        _ => name,
    }
}

/// Whether the metric is work per second, which should grow with the load.
pub(crate) fn is_rate(metric: &Metric) -> bool {
    metric.better == bench_protocol::Better::Higher && metric.unit.ends_with("/s")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_read_well() {
        for (value, unit, text) in [
            (0.0124, "s", "12.40 ms"),
            (0.0124, "s/token", "12.40 ms/token"),
            (3.5123, "images/s", "3.512 images/s"),
            (0.000_04, "req/s", "4.00e-5 req/s"),
            (0.0312, "ratio", "0.03120"),
            (0.97, "ratio", "0.970"),
            (0.0, "ratio", "0"),
            (f64::NAN, "s", "–"),
            (2.5e9, "pixels/s", "2.500 G pixels/s"),
        ] {
            assert_eq!(figure(value, unit), text, "{value} {unit}");
        }
    }

    #[test]
    fn percentiles_have_a_family() {
        assert_eq!((family("TTFA p95"), percentile("TTFA p95")), ("TTFA", Some(0.95)));
        assert_eq!((family("latency p99.9"), percentile("latency p99.9").is_some()), ("latency", true));
        assert_eq!((family("RTF mean"), percentile("RTF mean")), ("RTF", None));
        assert_eq!(family("RTF aggregate"), "RTF aggregate");
        assert_eq!((family("ASPS"), family("x pfoo"), family("x p0")), ("ASPS", "x pfoo", "x p0"));
    }
}
