//! Checks for impossible figures, each by itself or compared with others.

use bench_record::{Headline, Level, Metric};
use bench_syntax::quantity::{Seconds, significant};

use crate::figure::{growth, percentile_of, shown};

/// The tolerance, as a share, between two rounded figures: a bin of the histogram is 0.1 % wide, and each figure may be
/// off by that.
const ROUNDING: f64 = 0.002;

/// The share by which a rate or a number of clients may exceed its setting: the window begins with the first send, so a
/// few requests seem to come a little faster than they did.
const ABOVE_SET: f64 = 0.01;

/// Warns of counts that do not add up.
pub(super) fn counts(level: &Level, warnings: &mut Vec<String>) {
    let Level { requests, succeeded, failed, timed_out, .. } = *level;
    if succeeded.checked_add(failed) != Some(requests) {
        warnings.push(format!(
            "{succeeded} served and {failed} failed requests are not the {requests} that count"
        ));
    }
    if timed_out > failed {
        warnings.push(format!("{timed_out} requests ran out of time, but only {failed} failed"));
    }
    let told: u64 = level.errors.iter().map(|told| told.count).fold(0, u64::saturating_add);
    if told > failed {
        warnings.push(format!("{told} requests reported an error, but only {failed} failed"));
    }
    let binned: u64 = level.latency.iter().map(|bin| bin.count).fold(0, u64::saturating_add);
    if binned > requests {
        warnings.push(format!("the histogram of latency contains {binned} requests of {requests}"));
    }
    if let (Some(rate), Some(counted)) = (level.metric("success rate"), level.success_rate())
        && (rate.value - counted).abs() > 1e-6
    {
        warnings.push(format!(
            "success rate {}, but {succeeded} of {requests} requests were served: {}",
            significant(rate.value),
            significant(counted)
        ));
    }
}

/// Warns of figures that are not finite or are below 0, and of shares above 1.
pub(super) fn range(level: &Level, warnings: &mut Vec<String>) {
    let steady = level.steady.iter().flat_map(|steady| &steady.metrics);
    for metric in level.metrics.iter().chain(steady) {
        let Metric { name, unit, value, .. } = metric;
        let is_share = name == "success rate" || name == "continuity";
        if !value.is_finite() {
            warnings.push(format!("{name} is not finite: {value}"));
        } else if *value < 0.0 && name != "memory growth" {
            warnings.push(format!("{name} is below 0: {value} {unit}").trim_end().to_owned());
        } else if is_share && *value > 1.0 + 1e-9 {
            warnings.push(format!("{name} is a share, but above 1: {value}"));
        }
    }
}

/// Warns if the percentiles of one quantity do not rise.
pub(super) fn percentiles(level: &Level, warnings: &mut Vec<String>) {
    let mut known: Vec<(&str, f64, &Metric)> = level
        .metrics
        .iter()
        .filter_map(|metric| percentile_of(&metric.name).map(|(family, p)| (family, p, metric)))
        .collect();
    known.sort_by(|a, b| a.0.cmp(b.0).then(a.1.total_cmp(&b.1)));
    for pair in known.windows(2) {
        let ((family, _, lower), (same, _, higher)) = (pair[0], pair[1]);
        if family == same && lower.value > higher.value * (1.0 + ROUNDING) {
            warnings.push(format!(
                "{} is above {}: {} against {}",
                lower.name,
                higher.name,
                shown(lower),
                shown(higher)
            ));
        }
    }
}

/// Warns if the window is shorter than the longest latency, or does not contain the steady part.
pub(super) fn window(level: &Level, warnings: &mut Vec<String>) {
    let window = level.window_s;
    // The first request may have been due before it was sent, which is when the window begins.
    let before = match (level.headline, level.pace.send_lag) {
        (Headline::Scheduled, Some(lag)) => lag.max_s.0,
        _ => 0.0,
    };
    let longest = level.latency.iter().map(|bin| bin.up_to_s).fold(0.0, f64::max);
    if longest > (window.0 + before) * (1.0 + ROUNDING) {
        warnings.push(format!("the longest latency is {}, but the window is {window}", Seconds(longest)));
    }
    if let Some(steady) = &level.steady
        && !(0.0 <= steady.from_s
            && steady.from_s <= steady.to_s
            && steady.to_s <= window.0 * (1.0 + ROUNDING))
    {
        let (from, to) = (Seconds(steady.from_s), Seconds(steady.to_s));
        warnings.push(format!("the steady part lasts from {from} to {to}, but the window is {window}"));
    }
}

/// Warns if more requests were in flight than allowed, if they were sent faster than offered, or if the percentiles of
/// lateness are out of order.
pub(super) fn pace(level: &Level, warnings: &mut Vec<String>) {
    let pace = &level.pace;
    if let (Some(mean), Some(set)) = (pace.mean_concurrency, level.concurrency)
        && mean > f64::from(set) * (1.0 + ABOVE_SET)
    {
        warnings.push(format!(
            "{} requests in flight on average, but at most {set} were allowed",
            significant(mean)
        ));
    }
    if let (Some(achieved), Some(offered)) = (pace.achieved_rate, pace.offered_rate)
        && achieved > offered * (1.0 + ABOVE_SET)
    {
        warnings.push(format!(
            "{} req/s were sent, but {} req/s offered",
            significant(achieved),
            significant(offered)
        ));
    }
    if let Some(lag) = pace.send_lag
        && !(lag.p50_s <= lag.p99_s && lag.p99_s <= lag.max_s)
    {
        warnings.push(format!(
            "lateness of sending is out of order: p50 {}, p99 {}, worst {}",
            lag.p50_s, lag.p99_s, lag.max_s
        ));
    }
}

/// Warns if resident memory grows.
pub(super) fn memory(level: &Level, warnings: &mut Vec<String>) {
    warnings.extend(level.metric("memory growth").and_then(growth));
}

#[cfg(test)]
mod tests {
    use bench_protocol::Better;
    use bench_record::{Lag, Steady, Told};
    use bench_stats::Interval;

    use super::super::level::tests::{assert_found, set};
    use super::*;

    fn assert_one(change: impl FnOnce(&mut Level), expected: &str) {
        assert_found("requests", change, &[expected]);
    }

    #[test]
    fn counts_add_up() {
        assert_one(
            |level| {
                level.failed = 1;
                level.metrics.retain(|metric| metric.name != "success rate");
            },
            "40 served and 1 failed requests are not the 40 that count",
        );
        assert_one(|level| level.timed_out = 2, "2 requests ran out of time, but only 0 failed");
        assert_one(
            |level| level.errors = vec![Told::new("no", 3)],
            "3 requests reported an error, but only 0 failed",
        );
        assert_one(
            |level| level.latency[0].count = 31,
            "the histogram of latency contains 41 requests of 40",
        );
        assert_one(
            |level| set(level, "success rate", 0.9),
            "success rate 0.900, but 40 of 40 requests were served: 1.000",
        );
    }

    #[test]
    fn figures_are_finite_and_not_negative() {
        assert_one(|level| set(level, "CPS", f64::NAN), "CPS is not finite: NaN");
        assert_one(
            |level| {
                let mut steady = Steady::between(0.0, 4.0);
                steady.metrics = vec![Metric::new("PPS", "images/s", -1.5, Better::Higher)];
                level.steady = Some(steady);
            },
            "PPS is below 0: -1.5 images/s",
        );
        assert_one(|level| set(level, "continuity", 1.25), "continuity is a share, but above 1: 1.25");
        // Memory may shrink.
        assert_found("requests", |level| set(level, "memory growth", -3.0), &[]);
    }

    #[test]
    fn percentiles_rise() {
        assert_one(
            |level| set(level, "latency p50", 0.62),
            "latency p50 is above latency p90: 0.620 against 0.600",
        );
        // Rounding by the histogram is not a contradiction.
        assert_found("requests", |level| set(level, "latency p99", 0.7005), &[]);
        let seconds = |name: &str, value| Metric::new(name, "s", value, Better::Lower);
        assert_one(
            |level| level.metrics.extend([seconds("TTFT p99", 0.1), seconds("TTFT p95", 0.2)]),
            "TTFT p95 is above TTFT p99: 200.0 ms against 100.0 ms",
        );
    }

    #[test]
    fn the_window_holds_its_requests() {
        assert_one(
            |level| level.latency[1].up_to_s = 5.1,
            "the longest latency is 5.100 s, but the window is 5.000 s",
        );
        // A request that the schedule wanted before the window began.
        let late = |level: &mut Level| {
            level.latency[1].up_to_s = 5.1;
            level.headline = Headline::Scheduled;
            level.pace.send_lag = Some(Lag::new(Seconds(0.0), Seconds(0.0), Seconds(0.2)));
        };
        assert_found("requests", late, &[]);
        assert_one(
            |level| level.steady = Some(Steady::between(1.0, 6.0)),
            "the steady part lasts from 1.000 s to 6.000 s, but the window is 5.000 s",
        );
    }

    #[test]
    fn no_more_than_was_asked_for() {
        assert_one(
            |level| level.concurrency = Some(3),
            "3.980 requests in flight on average, but at most 3 were allowed",
        );
        assert_one(
            |level| level.pace.offered_rate = Some(7.5),
            "8.000 req/s were sent, but 7.500 req/s offered",
        );
        assert_one(
            |level| {
                level.pace.send_lag = Some(Lag::new(Seconds(0.1), Seconds(0.2), Seconds(0.15)));
            },
            "lateness of sending is out of order: p50 100.0 ms, p99 200.0 ms, worst 150.0 ms",
        );
    }

    #[test]
    fn growing_memory_is_told() {
        let grows = |low| {
            move |level: &mut Level| {
                set(level, "memory growth", 1.2e6);
                let metric = level.metrics.iter_mut().find(|metric| metric.name == "memory growth");
                metric.expect("set").interval = Some(Interval { low, high: 1.3e6 });
            }
        };
        assert_one(grows(1.1e6), "resident memory grows 1.2 MB per request, 95 % interval 1.1 to 1.3");
        assert_found("requests", grows(-1.1e6), &[]);
    }
}
