//! Figures of a level, for checks and recommendations.

use bench_record::Metric;
use bench_stats::Interval;
use bench_syntax::quantity::{Seconds, significant};

/// The share by which throughputs may differ and still count as the same: repeated runs on a quiet machine differ by as
/// much.
pub(crate) const FLAT: f64 = 0.05;

/// Splits `latency p99.9` into the quantity and the share, `("latency", 0.999)`; `None` if the name is not that of a
/// percentile.
pub(crate) fn percentile_of(name: &str) -> Option<(&str, f64)> {
    let (family, figure) = name.rsplit_once(" p")?;
    let digits = figure.chars().all(|c| c.is_ascii_digit() || c == '.');
    let percent: f64 = figure.parse().ok().filter(|_| digits)?;
    (percent > 0.0 && percent < 100.0).then_some((family, percent / 100.0))
}

/// Formats the value with its unit.
pub(crate) fn shown(metric: &Metric) -> String {
    if metric.unit == "s" {
        Seconds(metric.value).to_string()
    } else {
        format!("{} {}", significant(metric.value), metric.unit).trim_end().to_owned()
    }
}

/// Describes growing or shrinking resident memory, if the interval of the growth excludes 0.
pub(crate) fn growth(metric: &Metric) -> Option<String> {
    let Interval { low, high } = metric.interval?;
    if !(low > 0.0 || high < 0.0) {
        return None;
    }
    // One unit for all three, that of the growth.
    let (scale, unit) = match metric.value.abs() {
        bytes if bytes >= 0.95e9 => (1e-9, "GB"),
        bytes if bytes >= 0.95e6 => (1e-6, "MB"),
        bytes if bytes >= 0.95e3 => (1e-3, "kB"),
        _ => (1.0, "bytes"),
    };
    let (verb, sign) = if low > 0.0 { ("grows", 1.0) } else { ("shrinks", -1.0) };
    let ends = if low > 0.0 { (low, high) } else { (-high, -low) };
    Some(format!(
        "resident memory {verb} {:.1} {unit} per request, 95 % interval {:.1} to {:.1}",
        sign * metric.value * scale,
        ends.0 * scale,
        ends.1 * scale
    ))
}

#[cfg(test)]
mod tests {
    use bench_protocol::Better;

    use super::*;

    #[test]
    fn percentiles_are_read_from_names() {
        assert_eq!(percentile_of("service latency p50"), Some(("service latency", 0.5)));
        assert_eq!(percentile_of("latency p99.9").map(|(family, _)| family), Some("latency"));
        assert_eq!(percentile_of("prefill tokens/s p50"), Some(("prefill tokens/s", 0.5)));
        for other in [
            "RPS",
            "latency mean",
            "latency pinf",
            "latency p+5",
            "latency p1e1",
            "latency p-1",
            "latency p100",
            "latency p",
        ] {
            assert_eq!(percentile_of(other), None, "{other}");
        }
    }

    #[test]
    fn growth_is_told_where_its_interval_excludes_zero() {
        let told = |value, low, high| {
            let metric = Metric::new("memory growth", "bytes/request", value, Better::Lower);
            growth(&metric.with_interval(Some(Interval { low, high })))
        };
        assert_eq!(
            told(1.2e6, 1.1e6, 1.3e6).as_deref(),
            Some("resident memory grows 1.2 MB per request, 95 % interval 1.1 to 1.3")
        );
        assert_eq!(
            told(-640.0, -700.0, -100.0).as_deref(),
            Some("resident memory shrinks 640.0 bytes per request, 95 % interval 100.0 to 700.0")
        );
        assert_eq!(told(1.2e6, -0.1e6, 2.5e6), None);
        assert_eq!(told(1.2e6, 0.0, 2.4e6), None);
    }
}
