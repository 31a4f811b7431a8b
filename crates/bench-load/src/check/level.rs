//! All checks of one level.

use bench_record::Level;

use super::{figures, identities};

/// Returns a message for each contradiction between figures of one level of one round, with both figures; empty if there
/// are none. `domain` is the name of the field of its requests, such as `speech`.
///
/// Contradictions are counts that do not add up, impossible figures, percentiles out of order, a window shorter than its content,
/// resident memory that grows, and violated identities between independent figures: Little's law, speech per second and
/// real-time factor, images and responses.
pub fn level(domain: &str, level: &Level) -> Vec<String> {
    let mut warnings = Vec::new();
    figures::counts(level, &mut warnings);
    figures::range(level, &mut warnings);
    figures::percentiles(level, &mut warnings);
    figures::window(level, &mut warnings);
    figures::pace(level, &mut warnings);
    figures::memory(level, &mut warnings);
    identities::rate(level, &mut warnings);
    identities::little(level, &mut warnings);
    identities::latencies(level, &mut warnings);
    identities::work(domain, level, &mut warnings);
    warnings
}

#[cfg(test)]
pub(super) mod tests {
    use bench_protocol::Better;
    use bench_record::{Bin, Headline, Lag, Metric};
    use bench_syntax::quantity::Seconds;

    use super::*;

    /// A metric without a unit.
    pub(in crate::check) fn metric(name: &str, value: f64) -> Metric {
        Metric::new(name, "", value, Better::Higher)
    }

    /// Forty requests of 0.5 s each, by four clients in 5 s.
    pub(in crate::check) fn sound() -> Level {
        let mut level = Level::named("concurrency 4");
        level.scenario = "closed_loop".to_owned();
        level.concurrency = Some(4);
        level.requests = 40;
        level.succeeded = 40;
        level.window_s = Seconds(5.0);
        level.headline = Headline::Service;
        level.metrics = vec![
            metric("RPS", 8.0),
            metric("success rate", 1.0),
            metric("latency mean", 0.5),
            metric("latency p50", 0.49),
            metric("latency p90", 0.6),
            metric("latency p99", 0.7),
            metric("latency p99.9", 0.7),
            metric("service latency mean", 0.5),
            metric("memory growth", 0.0),
        ];
        level.pace.achieved_rate = Some(8.0);
        level.pace.mean_concurrency = Some(3.98);
        level.pace.send_lag = Some(Lag::default());
        level.latency = vec![Bin::new(0.5, 30), Bin::new(0.7, 10)];
        level
    }

    /// Sets a metric.
    pub(in crate::check) fn set(level: &mut Level, name: &str, value: f64) {
        match level.metrics.iter_mut().find(|metric| metric.name == name) {
            Some(metric) => metric.value = value,
            None => level.metrics.push(metric(name, value)),
        }
    }

    /// Asserts that the checks find exactly `expected` after `change` was made to a sound level.
    pub(in crate::check) fn assert_found(domain: &str, change: impl FnOnce(&mut Level), expected: &[&str]) {
        let mut changed = sound();
        change(&mut changed);
        assert_eq!(level(domain, &changed), expected);
    }

    #[test]
    fn a_sound_level_has_no_warning() {
        assert_found("requests", |_| {}, &[]);
        assert_eq!(level("requests", &Level::default()), Vec::<String>::new());
    }
}
