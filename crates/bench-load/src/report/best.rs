//! Finds the level at which each metric is best.

use bench_protocol::Better;
use bench_record::Metric;

use crate::figure::FLAT;

use super::figure::{family, percentile};
use super::group::{Group, GroupLevel};

/// The level at which a metric is best.
#[derive(Clone, Copy, Debug)]
pub struct Best<'a> {
    /// The metric with its value at that level.
    pub metric: &'a Metric,
    /// The level.
    pub level: &'a GroupLevel<'a>,
}

/// Returns, for each of these metrics, the valid level at which it is best: the primary one, the requests per second, the
/// median, 95th and 99th percentile of the latency, goodput, and all that are plotted. A percentile that too few
/// requests support is used only if no level has enough.
pub fn best<'a>(group: &'a Group<'_>) -> Vec<Best<'a>> {
    notable(group).into_iter().filter_map(|name| best_of(group, &name)).collect()
}

/// Returns the names of the metrics that are reported for a group in addition to its table.
pub(super) fn notable(group: &Group<'_>) -> Vec<String> {
    let mut names = vec![group.primary.clone(), "RPS".to_owned()];
    names.extend(group.plots.iter().cloned());
    names.extend(["latency p50", "latency p95", "latency p99", "goodput"].map(str::to_owned));
    let mut kept: Vec<String> = Vec::new();
    for name in names {
        if !kept.contains(&name) && group.metric(&name).is_some() {
            kept.push(name);
        }
    }
    kept
}

fn best_of<'a>(group: &'a Group<'_>, name: &str) -> Option<Best<'a>> {
    let candidates = || {
        group
            .levels
            .iter()
            .filter(|level| level.level.validity.valid)
            .filter_map(|level| level.level.metric(name).map(|metric| Best { metric, level }))
            .filter(|best| best.metric.value.is_finite())
            // A throughput of 0 is not the best anywhere.
            .filter(|best| best.metric.value > 0.0 || best.metric.better == Better::Lower)
    };
    let supported = candidates().any(|best| best.metric.supported != Some(false));
    let figure = |best: &Best<'_>| match best.metric.better {
        Better::Higher => best.metric.value,
        Better::Lower => -best.metric.value,
    };
    let competing = || candidates().filter(|best| !supported || best.metric.supported != Some(false));
    let most = competing().map(|best| figure(&best)).reduce(f64::max)?;
    // The first of several equal levels, which has the lightest load, as in the recommendations.
    let equal = |best: &Best<'_>| match best.metric.better {
        Better::Higher => figure(best) >= most * (1.0 - FLAT),
        Better::Lower => figure(best) >= most,
    };
    competing().find(equal)
}

/// Returns the quantity of the first output, such as TTFA, TTFI or TTFT: the first one of times with percentiles that
/// is not a latency of whole requests, nor of a connection; `None` if there is none.
pub(crate) fn first_output(metrics: &[Metric]) -> Option<&str> {
    metrics
        .iter()
        .filter(|metric| metric.unit == "s" && percentile(&metric.name).is_some())
        .map(|metric| family(&metric.name))
        .find(|family| !family.ends_with("latency") && !["connect time", "time to head"].contains(family))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture::{case, closed, record};
    use crate::report::groups;

    #[test]
    fn only_valid_levels_are_best() {
        let mut levels: Vec<_> = [1, 4, 16].into_iter().map(closed).collect();
        levels[2].validity.valid = false;
        let record = record(vec![case("tts/performance/speak", vec![levels])]);
        let groups = groups(&record);
        let best = best(&groups[0]);
        let told: Vec<String> =
            best.iter().map(|best| format!("{} at {}", best.metric.name, best.level.label)).collect();
        assert_eq!(told[0], "ASPS at concurrency 4");
        assert!(told.contains(&"RTF p95 at concurrency 1".to_owned()), "{told:?}");
        assert!(told.contains(&"TTFA p95 at concurrency 1".to_owned()), "{told:?}");
    }

    #[test]
    fn no_speech_at_all_is_not_the_best_of_it() {
        let mut level = closed(1);
        level.metrics.iter_mut().filter(|metric| metric.name == "ASPS").for_each(|metric| metric.value = 0.0);
        let record = record(vec![case("tts/performance/speak", vec![vec![level]])]);
        let groups = groups(&record);
        let told: Vec<&str> = best(&groups[0]).iter().map(|best| best.metric.name.as_str()).collect();
        assert!(!told.contains(&"ASPS") && told.contains(&"RPS"), "{told:?}");
    }

    #[test]
    fn without_a_valid_level_nothing_is_best() {
        let mut level = closed(1);
        level.validity.valid = false;
        let record = record(vec![case("tts/performance/speak", vec![vec![level]])]);
        assert!(best(&groups(&record)[0]).is_empty());
    }

    #[test]
    fn the_first_output_is_no_latency() {
        assert_eq!(first_output(&closed(1).metrics), Some("TTFA"));
    }
}
