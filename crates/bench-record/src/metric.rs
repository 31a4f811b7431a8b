//! A figure with its unit and direction.

use bench_protocol::Better;
use bench_stats::Interval;
use serde::{Deserialize, Serialize};

/// A figure with its unit and the direction in which it is better.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Metric {
    /// Its name in its field: `IPS`, `throughput`.
    pub name: String,
    /// Its unit: `images/s`.
    pub unit: String,
    /// The figure.
    pub value: f64,
    /// Whether a lower or a higher value is better.
    pub better: Better,
    /// Its 95 % interval, in its unit; absent if it is not known.
    #[serde(default)]
    pub interval: Option<Interval>,
    /// Whether there are enough observations for a percentile ([`support`](bench_stats::support)); absent if it is not
    /// a percentile.
    #[serde(default)]
    pub supported: Option<bool>,
}

impl Metric {
    /// Creates a figure that is not a percentile and has no interval.
    pub fn new(name: impl Into<String>, unit: impl Into<String>, value: f64, better: Better) -> Self {
        Metric { name: name.into(), unit: unit.into(), value, better, interval: None, supported: None }
    }

    /// The same figure with its 95 % interval, if that is known.
    #[must_use]
    pub fn with_interval(self, interval: Option<Interval>) -> Self {
        Metric { interval, ..self }
    }

    /// Returns the same figure as a percentile with or without enough observations.
    #[must_use]
    pub fn with_support(self, supported: bool) -> Self {
        Metric { supported: Some(supported), ..self }
    }

    /// Returns the name by which a target or a filter refers to it: in lower case, with every run of characters other
    /// than ASCII letters and digits as one `_`.
    ///
    /// ```
    /// # use bench_record::{Better, Metric};
    /// assert_eq!(Metric::new("TTFA p95", "s", 0.2, Better::Lower).key(), "ttfa_p95");
    /// assert_eq!(Metric::new("output tokens/s", "tokens/s", 90.0, Better::Higher).key(), "output_tokens_s");
    /// ```
    pub fn key(&self) -> String {
        let lower = self.name.to_lowercase();
        let words = lower.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
        words.collect::<Vec<_>>().join("_")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_snake_case() {
        for (name, key) in [
            ("throughput", "throughput"),
            ("TTFA p95", "ttfa_p95"),
            ("output tokens/s", "output_tokens_s"),
            ("IPS (median, µs) ", "ips_median_s"),
            ("", ""),
        ] {
            assert_eq!(Metric::new(name, "1", 1.0, Better::Lower).key(), key, "{name}");
        }
    }

    #[test]
    fn a_metric_from_before_is_read() {
        let metric: Metric =
            serde_json::from_str(r#"{"name": "IPS", "unit": "images/s", "value": 3.5, "better": "higher"}"#)
                .expect("a metric");
        assert_eq!(metric, Metric::new("IPS", "images/s", 3.5, Better::Higher));
    }
}
