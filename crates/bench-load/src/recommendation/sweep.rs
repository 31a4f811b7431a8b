//! Sweeps: the levels of one scenario, from the lowest setting to the highest.

use bench_protocol::Better;
use bench_record::{Level, Metric};

use crate::figure::percentile_of;

/// The rate of served requests, if the primary metric is not a rate.
const REQUESTS_PER_SECOND: &str = "RPS";

/// At least two levels that differ in one setting.
pub(super) struct Sweep<'a> {
    pub(super) primary: &'a str,
    pub(super) levels: Vec<&'a Level>,
}

/// The growth of a percentile of latency between two levels.
pub(super) struct Tail<'a> {
    /// The name of the percentile: `p99`.
    pub(super) name: &'a str,
    pub(super) growth: f64,
}

impl<'a> Sweep<'a> {
    /// Returns the rate, or else the concurrency; `None` if there is neither.
    pub(super) fn setting(level: &Level) -> Option<f64> {
        level.rate.or(level.concurrency.map(f64::from)).filter(|setting| *setting > 0.0)
    }

    /// Formats the setting for use after another one: `8`, `12.5 req/s`.
    pub(super) fn short(level: &Level) -> String {
        said(level, 1.0)
    }

    /// Formats twice the setting.
    pub(super) fn twice(level: &Level) -> String {
        said(level, 2.0)
    }

    /// Returns the name of the setting: `concurrency`, `the rate`.
    pub(super) fn what(level: &Level) -> &'static str {
        if level.rate.is_some() { "the rate" } else { "concurrency" }
    }

    /// The first level and the last.
    pub(super) fn ends(&self) -> Option<(&'a Level, &'a Level)> {
        Some((*self.levels.first()?, *self.levels.last()?))
    }

    /// Returns the levels whose throughput is above 0, with that throughput.
    pub(super) fn throughput(&self) -> Vec<(&'a Level, &'a Metric)> {
        self.levels
            .iter()
            .filter_map(|level| {
                let primary = level.metric(self.primary).filter(|metric| metric.better == Better::Higher);
                primary.or_else(|| level.metric(REQUESTS_PER_SECOND)).map(|metric| (*level, metric))
            })
            .filter(|(_, metric)| metric.value > 0.0 && metric.value.is_finite())
            .collect()
    }
}

fn said(level: &Level, times: f64) -> String {
    match (level.rate, level.concurrency) {
        (Some(rate), _) => format!("{} req/s", plain(rate * times)),
        (None, Some(concurrency)) => (f64::from(concurrency) * times).to_string(),
        (None, None) => String::new(),
    }
}

/// Formats a setting with at most four digits and without trailing zeros: `12.5`, `53.82`, `1200`.
fn plain(setting: f64) -> String {
    let decimals = 3 - setting.abs().max(1.0).log10().floor() as i32;
    let shown = format!("{setting:.*}", decimals.max(0) as usize);
    if shown.contains('.') { shown.trim_end_matches('0').trim_end_matches('.').to_owned() } else { shown }
}

/// Returns the growth of the highest percentile of latency, up to p99, that both levels support; `None` if there is
/// none.
pub(super) fn tail<'a>(from: &'a Level, to: &Level) -> Option<Tail<'a>> {
    let supported = |metric: &Metric| metric.supported != Some(false) && metric.value > 0.0;
    from.metrics
        .iter()
        .filter(|metric| supported(metric))
        .filter_map(|metric| {
            let (_, p) = percentile_of(&metric.name).filter(|(of, p)| *of == "latency" && *p <= 0.99)?;
            let other = to.metric(&metric.name).filter(|metric| supported(metric))?;
            let name = metric.name.rsplit(' ').next()?;
            Some((p, Tail { name, growth: other.value / metric.value }))
        })
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, tail)| tail)
}

/// The value of a metric, if it is finite and above 0.
pub(super) fn positive(level: &Level, name: &str) -> Option<f64> {
    level.metric(name).map(|metric| metric.value).filter(|value| *value > 0.0 && value.is_finite())
}

/// Formats a ratio: `3.1×`, `40×`.
pub(super) fn times(ratio: f64) -> String {
    if ratio < 9.95 { format!("{ratio:.1}×") } else { format!("{ratio:.0}×") }
}

/// Formats a share in percent, without its sign: `12 %`.
pub(super) fn percent(share: f64) -> String {
    format!("{:.0} %", share.abs() * 100.0)
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{level, unsupported};
    use super::*;

    #[test]
    fn the_highest_supported_percentile_tells_the_tail() {
        let figures =
            [("latency p50", 1.0), ("latency p95", 2.0), ("latency p99", 3.0), ("latency p99.9", 4.0)];
        let from = level("closed_loop", Some(1), None, &figures);
        let mut to = level("closed_loop", Some(2), None, &figures.map(|(name, value)| (name, 3.0 * value)));
        let found = tail(&from, &to).expect("a tail");
        assert_eq!((found.name, found.growth), ("p99", 3.0));
        unsupported(&mut to, "latency p99");
        assert_eq!(tail(&from, &to).map(|tail| tail.name), Some("p95"));
        assert!(tail(&from, &level("closed_loop", Some(2), None, &[])).is_none());
    }

    #[test]
    fn throughput_is_that_of_requests_where_the_primary_metric_is_a_time() {
        let level = level("closed_loop", Some(1), None, &[("latency p50", 0.5), ("RPS", 2.0)]);
        let of = |primary| {
            let sweep = Sweep { primary, levels: vec![&level] };
            sweep.throughput().iter().map(|(_, metric)| metric.name.clone()).collect::<Vec<_>>()
        };
        assert_eq!(
            (of("latency p50"), of("IPS"), of("RPS")),
            (vec!["RPS".into()], vec!["RPS".into()], vec!["RPS".into()])
        );
    }

    #[test]
    fn settings_are_said_shortly() {
        let (clients, rate) =
            (level("closed_loop", Some(8), None, &[]), level("open_loop", Some(64), Some(12.5), &[]));
        assert_eq!((Sweep::short(&clients), Sweep::twice(&clients)), ("8".to_owned(), "16".to_owned()));
        assert_eq!(
            (Sweep::short(&rate), Sweep::twice(&rate)),
            ("12.5 req/s".to_owned(), "25 req/s".to_owned())
        );
        let found = level("open_loop", Some(64), Some(53.817_370_576_237_73), &[]);
        assert_eq!(
            (Sweep::short(&found), Sweep::twice(&found)),
            ("53.82 req/s".into(), "107.6 req/s".into())
        );
        assert_eq!([0.25, 64.0, 1200.0, 12_345.6].map(plain), ["0.25", "64", "1200", "12346"]);
        assert_eq!((times(3.06), times(39.6), percent(-0.124)), ("3.1×".into(), "40×".into(), "12 %".into()));
    }
}
