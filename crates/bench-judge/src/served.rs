//! Served work: combines the rounds of a load case.

use std::collections::BTreeSet;

use bench_record::{Level, Metric, RoundRecord, Served, Told};
use bench_stats as stats;

/// The maximum number of error messages of a level.
const MOST_ERRORS: usize = 10;

/// Combines the rounds: each figure is the median over the rounds, with its interval over them if there are at least
/// two; parts that can only be shown for one round come from the round whose primary metric is the middle one. A level
/// is valid if it was valid in every round.
pub(crate) fn over(rounds: &[RoundRecord]) -> Option<Served> {
    let served: Vec<&Served> = rounds.iter().filter_map(|round| round.served.as_ref()).collect();
    let first = *served.first()?;
    if served.len() == 1 {
        return Some(first.clone());
    }
    let mut names: Vec<&str> = Vec::new();
    for level in served.iter().flat_map(|served| &served.levels) {
        if !names.contains(&level.name.as_str()) {
            names.push(&level.name);
        }
    }
    let levels = names
        .into_iter()
        .filter_map(|name| {
            let of_rounds: Vec<&Level> = served
                .iter()
                .filter_map(|served| served.levels.iter().find(|level| level.name == name))
                .collect();
            together(&of_rounds, &first.primary)
        })
        .collect();
    let mut metrics = metrics_together(served.iter().map(|served| served.metrics.as_slice()).collect());
    // A figure that most rounds do not have has no median over them.
    let rounds_with = |name: &str| {
        let has_found = |served: &&&Served| served.metrics.iter().any(|metric| metric.name == name);
        served.iter().filter(has_found).count()
    };
    metrics.retain(|metric| 2 * rounds_with(&metric.name) > served.len());
    let mut together = first.clone();
    together.levels = levels;
    together.metrics = metrics;
    Some(together)
}

/// Combines one level over several rounds.
fn together(levels: &[&Level], primary: &str) -> Option<Level> {
    let mut by_primary: Vec<(&Level, f64)> = levels
        .iter()
        .map(|level| (*level, level.metric(primary).map_or(f64::NEG_INFINITY, |metric| metric.value)))
        .collect();
    by_primary.sort_by(|a, b| a.1.total_cmp(&b.1));
    let middle = by_primary.get(by_primary.len() / 2)?.0;
    if levels.len() == 1 {
        return Some(middle.clone());
    }
    let sum = |count: fn(&Level) -> u64| levels.iter().map(|level| count(level)).sum();
    let mut level = middle.clone();
    level.requests = sum(|level| level.requests);
    level.succeeded = sum(|level| level.succeeded);
    level.failed = sum(|level| level.failed);
    level.timed_out = sum(|level| level.timed_out);
    level.warm_up = sum(|level| level.warm_up);
    level.metrics = metrics_together(levels.iter().map(|level| level.metrics.as_slice()).collect());
    if let Some(steady) = &mut level.steady {
        let parts = || levels.iter().filter_map(|level| level.steady.as_ref());
        steady.requests = parts().map(|steady| steady.requests).sum();
        steady.metrics = metrics_together(parts().map(|steady| steady.metrics.as_slice()).collect());
    }
    level.validity.valid = levels.iter().all(|level| level.validity.valid);
    level.validity.harness_bound = levels.iter().any(|level| level.validity.harness_bound);
    level.validity.reasons = distinct(levels.iter().flat_map(|level| &level.validity.reasons));
    let causes = levels.iter().flat_map(|level| &level.validity.causes).copied();
    level.validity.causes = causes.collect::<BTreeSet<_>>().into_iter().collect();
    level.errors = errors_together(levels.iter().flat_map(|level| &level.errors));
    level.warnings = distinct(levels.iter().flat_map(|level| &level.warnings));
    Some(level)
}

fn metrics_together(rounds: Vec<&[Metric]>) -> Vec<Metric> {
    let mut by_name: Vec<Vec<&Metric>> = Vec::new();
    for metric in rounds.into_iter().flatten() {
        match by_name.iter_mut().find(|known| known[0].name == metric.name) {
            Some(known) => known.push(metric),
            None => by_name.push(vec![metric]),
        }
    }
    by_name
        .into_iter()
        .map(|of_rounds| {
            let values: Vec<f64> = of_rounds.iter().map(|metric| metric.value).collect();
            let mut metric = of_rounds[0].clone();
            metric.value = stats::median(&stats::sorted(&values)).unwrap_or(metric.value);
            metric.interval = stats::median_interval(&values).or(metric.interval);
            let all_supported = || of_rounds.iter().all(|metric| metric.supported == Some(true));
            metric.supported = metric.supported.map(|_| all_supported());
            metric
        })
        .collect()
}

/// Returns how often each message came in all rounds, the most frequent first, as far as the rounds have kept them.
fn errors_together<'a>(errors: impl Iterator<Item = &'a Told>) -> Vec<Told> {
    let mut together: Vec<Told> = Vec::new();
    for error in errors {
        match together.iter_mut().find(|known| known.message == error.message) {
            Some(known) => known.count += error.count,
            None => together.push(error.clone()),
        }
    }
    together.sort_by_key(|told| std::cmp::Reverse(told.count));
    together.truncate(MOST_ERRORS);
    together
}

fn distinct<'a>(texts: impl Iterator<Item = &'a String>) -> Vec<String> {
    let mut distinct: Vec<String> = Vec::new();
    for text in texts {
        if !distinct.contains(text) {
            distinct.push(text.clone());
        }
    }
    distinct
}

#[cfg(test)]
mod tests {
    use super::*;
    use bench_protocol::Better;
    use bench_record::Steady;

    fn round(value: f64, valid: bool) -> RoundRecord {
        let mut level = Level::named("concurrency 1");
        (level.requests, level.succeeded, level.failed) = (10, 9, 1);
        level.metrics = vec![Metric::new("RPS", "req/s", value, Better::Higher)];
        level.validity.valid = valid;
        level.validity.reasons = if valid { Vec::new() } else { vec!["too few".to_owned()] };
        level.errors = vec![Told::new(format!("at {value}"), 1), Told::new("full", 2)];
        let mut steady = Steady::default();
        steady.requests = 8;
        level.steady = Some(steady);
        // The first of the rounds has found nothing.
        let found = Metric::new("found", "req/s", 100.0 * value, Better::Higher);
        let metrics = if value == 3.0 { Vec::new() } else { vec![found] };
        let mut served = Served::at_levels(vec![level]);
        served.primary = "RPS".to_owned();
        served.metrics = metrics;
        RoundRecord::serving(served)
    }

    #[test]
    fn rounds_are_taken_together() {
        let rounds = [round(3.0, true), round(1.0, true), round(2.0, false)];
        let served = over(&rounds).expect("served");
        let level = &served.levels[0];
        assert_eq!((level.requests, level.succeeded, level.failed), (30, 27, 3));
        assert_eq!(level.steady.as_ref().map(|steady| steady.requests), Some(24));
        let rps = level.metric("RPS").expect("RPS");
        assert_eq!(rps.value, 2.0);
        let interval = rps.interval.expect("three rounds");
        assert!(interval.low <= 1.0 && interval.high >= 3.0, "{interval:?}");
        assert!(!level.validity.valid);
        assert_eq!(level.validity.reasons, ["too few"]);
        let told: Vec<(&str, u64)> =
            level.errors.iter().map(|told| (told.message.as_str(), told.count)).collect();
        assert_eq!(told, [("full", 6), ("at 3", 1), ("at 1", 1), ("at 2", 1)]);
        assert_eq!(served.metrics.iter().map(|found| found.value).collect::<Vec<_>>(), [150.0]);
        assert_eq!(over(&rounds[..1]).expect("one").levels[0].requests, 10);
        assert_eq!(over(&[]), None);
    }
}
