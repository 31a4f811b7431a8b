//! What a load case has seen: one [`Level`] for each setting of concurrency or rate.
//!
//! `bench-load` fills these in; they stand here because the record is one contract, and every reader
//! of it, with or without that crate, must understand all of it.

use serde::{Deserialize, Serialize};

use crate::domain::{Better, Metric};
use crate::quantity::Seconds;
use crate::record::RoundRecord;
use crate::stats;

/// Messages of errors of a level.
const MOST_ERRORS: usize = 10;

/// The requests that one round of a load case has served.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Served {
    /// The field of work: `speech`, `images`.
    pub domain: String,
    /// Name of the metric that the field looks at first; the first of each level's metrics.
    pub primary: String,
    /// Names of the metrics that are worth a picture against the setting.
    pub plots: Vec<String>,
    /// In the order in which they were run.
    pub levels: Vec<Level>,
    /// What the levels say together: of a search, the throughput that it has found.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub metrics: Vec<Metric>,
}

/// One setting of concurrency or rate, held until its requests were served.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Level {
    /// What tells it from the others: `concurrency 4`, `12.5 req/s`.
    pub name: String,
    /// How requests were made: `closed_loop`, `open_loop`, `offline`, …
    pub scenario: String,
    /// Clients, or most requests in flight, where the scenario sets them.
    pub concurrency: Option<u32>,
    /// The rate at which requests were to be sent, in requests per second, where the scenario sets it.
    pub rate: Option<f64>,
    /// Requests that count: warm-up is not among them.
    pub requests: u64,
    /// Of these, served.
    pub succeeded: u64,
    /// Of these, failed: errors, panics and timeouts.
    pub failed: u64,
    /// Of those that failed, those that ran out of time.
    pub timed_out: u64,
    /// Requests of warm-up, in none of the figures.
    pub warm_up: u64,
    /// Wall time from the first send to the last end, in seconds.
    pub window_s: Seconds,
    /// Which latency leads: the scheduled one where requests have a schedule, else that of the service.
    pub headline: Headline,
    /// Figures over the whole window, the primary one first.
    pub metrics: Vec<Metric>,
    /// The same figures over the steady part of the window, where there is one.
    pub steady: Option<Steady>,
    /// What was asked of the harness itself, and what it kept.
    pub pace: Pace,
    /// Whether the figures can be relied on.
    pub validity: Validity,
    /// The headline latency, in ascending bins of at most 0.1 % width.
    pub latency: Vec<Bin>,
    /// Requests over time, thinned evenly to at most 2000; failures are kept before others.
    pub timeline: Vec<Dot>,
    /// What failed requests have said, most frequent first, at most ten.
    pub errors: Vec<Told>,
    /// What does not fit together, or should be known before trusting a figure.
    pub warnings: Vec<String>,
}

/// Which latency leads a level's report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Headline {
    /// From the call to its end.
    #[default]
    Service,
    /// From the moment at which the schedule wanted the call to its end: free of coordinated omission.
    Scheduled,
}

/// The part of a level after its ramp-up and before it ran dry.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Steady {
    /// Its beginning, in seconds from the first send.
    pub from_s: f64,
    /// Its end, in seconds from the first send.
    pub to_s: f64,
    /// Requests that began and ended in it.
    pub requests: u64,
    /// Their figures.
    pub metrics: Vec<Metric>,
}

/// How well the harness kept to what was asked of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Pace {
    /// Requests per second that the schedule wanted.
    pub offered_rate: Option<f64>,
    /// Requests per second that were sent.
    pub achieved_rate: Option<f64>,
    /// How late requests were sent; absent where there is no schedule.
    pub send_lag: Option<Lag>,
    /// Requests in flight, on average over the window.
    pub mean_concurrency: Option<f64>,
    /// The harness's own share of the processor time that went by, 1 being all of one core.
    pub harness_cpu: Option<f64>,
}

/// Lateness of the harness, in seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Lag {
    /// Median.
    pub p50_s: Seconds,
    /// 99th percentile.
    pub p99_s: Seconds,
    /// The worst.
    pub max_s: Seconds,
}

/// Whether the figures of a level can be relied on, and why not.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Validity {
    /// `VALID` or `INVALID`, in the words of MLPerf Inference.
    pub valid: bool,
    /// Whether the harness was slower than what it measured.
    pub harness_bound: bool,
    /// Why it is not valid; empty where it is.
    pub reasons: Vec<String>,
    /// The same in short, each cause once, the gravest first; empty in records from before there were causes, too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub causes: Vec<InvalidCause>,
}

/// Why the figures of a level cannot be relied on. The gravest cause comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum InvalidCause {
    /// The harness sent requests later than the schedule wanted, though more could have been in flight.
    HarnessLate,
    /// The model had all requests that may be in flight, and others had to wait.
    Saturated,
    /// More requests failed than may.
    Failures,
    /// Too few requests were served for what was to be shown.
    TooFewRequests,
    /// The time limit of the case ended the level before its requests or its duration did.
    TimeLimit,
    /// The objective of a search was not met: the figures themselves are right.
    ObjectiveMissed,
}

impl InvalidCause {
    /// The cause as a sentence without its end: `the model was saturated`.
    pub fn text(self) -> &'static str {
        match self {
            InvalidCause::HarnessLate => "the harness was the bottleneck",
            InvalidCause::Saturated => "the model was saturated",
            InvalidCause::Failures => "requests failed",
            InvalidCause::TooFewRequests => "too few requests were served",
            InvalidCause::TimeLimit => "the time limit ended it",
            InvalidCause::ObjectiveMissed => "the objective was not met",
        }
    }
}

impl Validity {
    /// Why it is not valid, first of all that the harness was too slow.
    pub fn told(&self) -> Vec<String> {
        let harness = self.harness_bound.then(|| HARNESS_BOUND.to_owned());
        harness.into_iter().chain(self.reasons.iter().cloned()).collect()
    }
}

/// Latencies that fell together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Bin {
    /// The largest of them, in seconds.
    pub up_to_s: f64,
    /// How many.
    pub count: u64,
}

/// One request on the timeline.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Dot {
    /// When it was sent, in seconds from the level's first send.
    pub at_s: f64,
    /// Its headline latency, in seconds.
    pub latency_s: f64,
    /// Whether it was served.
    pub ok: bool,
}

/// A message and how many requests have brought it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Told {
    /// What was said.
    pub message: String,
    /// How often.
    pub count: u64,
}

/// What is said of figures whose harness was slower than what it measured, wherever they are shown.
pub const HARNESS_BOUND: &str = "invalid: the harness was the bottleneck";

impl Level {
    /// Why no figure of the level can meet a limit or be compared, as a sentence that names the level; `None` if the
    /// figures can be relied on. A search whose objective is missed at a level has measured that level well.
    pub fn doubt(&self) -> Option<String> {
        let Validity { valid, harness_bound, reasons, causes } = &self.validity;
        if *valid {
            return None;
        }
        if *harness_bound {
            return Some(format!("{HARNESS_BOUND} at {}", self.name));
        }
        let texts: Vec<&str> = causes
            .iter()
            .filter(|cause| **cause != InvalidCause::ObjectiveMissed)
            .map(|cause| cause.text())
            .collect();
        match (texts.is_empty(), causes.is_empty()) {
            (false, _) => Some(format!("invalid: {} at {}", texts.join(", "), self.name)),
            (true, true) if !reasons.is_empty() => {
                Some(format!("invalid: {} at {}", reasons.join("; "), self.name))
            }
            (true, _) => None,
        }
    }

    /// The metric of this name.
    pub fn metric(&self, name: &str) -> Option<&Metric> {
        self.metrics.iter().find(|metric| metric.name == name)
    }

    /// Served requests as a share of all; `None` where there were none.
    pub fn success_rate(&self) -> Option<f64> {
        (self.requests > 0).then(|| self.succeeded as f64 / self.requests as f64)
    }
}

impl Served {
    /// The level at which the primary metric is best, among those that are valid if any is.
    pub fn best(&self) -> Option<&Level> {
        let valid = self.levels.iter().any(|level| level.validity.valid);
        let figure = |level: &Level| {
            level.metric(&self.primary).map_or(f64::NEG_INFINITY, |metric| match metric.better {
                Better::Higher => metric.value,
                Better::Lower => -metric.value,
            })
        };
        self.levels
            .iter()
            .filter(|level| level.validity.valid || !valid)
            .max_by(|a, b| figure(a).total_cmp(&figure(b)))
    }

    /// What the rounds have seen together: each figure is the median over the rounds, with their
    /// interval where there are at least two; what can only be shown of one round is that of the round
    /// whose primary metric is the middle one. A level is valid if it was in every round.
    pub fn over(rounds: &[RoundRecord]) -> Option<Served> {
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
        // What most rounds have not found is no median over them.
        let rounds_with = |name: &str| {
            let has_found = |served: &&&Served| served.metrics.iter().any(|metric| metric.name == name);
            served.iter().filter(has_found).count()
        };
        metrics.retain(|metric| 2 * rounds_with(&metric.name) > served.len());
        Some(Served { levels, metrics, ..first.clone() })
    }
}

/// One level over several rounds.
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
    let mut level = Level {
        requests: sum(|level| level.requests),
        succeeded: sum(|level| level.succeeded),
        failed: sum(|level| level.failed),
        timed_out: sum(|level| level.timed_out),
        warm_up: sum(|level| level.warm_up),
        metrics: metrics_together(levels.iter().map(|level| level.metrics.as_slice()).collect()),
        ..middle.clone()
    };
    if let Some(steady) = &mut level.steady {
        let parts = || levels.iter().filter_map(|level| level.steady.as_ref());
        steady.requests = parts().map(|steady| steady.requests).sum();
        steady.metrics = metrics_together(parts().map(|steady| steady.metrics.as_slice()).collect());
    }
    level.validity = Validity {
        valid: levels.iter().all(|level| level.validity.valid),
        harness_bound: levels.iter().any(|level| level.validity.harness_bound),
        reasons: distinct(levels.iter().flat_map(|level| &level.validity.reasons)),
        causes: {
            let causes = levels.iter().flat_map(|level| &level.validity.causes).copied();
            causes.collect::<std::collections::BTreeSet<_>>().into_iter().collect()
        },
    };
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
            let metric = of_rounds[0];
            let values: Vec<f64> = of_rounds.iter().map(|metric| metric.value).collect();
            Metric {
                value: stats::median(&stats::sorted(&values)).unwrap_or(metric.value),
                interval: stats::median_interval(&values).or(metric.interval),
                supported: metric
                    .supported
                    .map(|_| of_rounds.iter().all(|metric| metric.supported == Some(true))),
                ..metric.clone()
            }
        })
        .collect()
}

/// How often each message came in all rounds, the most frequent first, of those that the rounds have kept.
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

    fn round(value: f64, valid: bool) -> RoundRecord {
        let level = Level {
            name: "concurrency 1".to_owned(),
            requests: 10,
            succeeded: 9,
            failed: 1,
            metrics: vec![Metric::new("RPS", "req/s", value, Better::Higher)],
            validity: Validity {
                valid,
                reasons: if valid { Vec::new() } else { vec!["too few".to_owned()] },
                ..Validity::default()
            },
            errors: vec![
                Told { message: format!("at {value}"), count: 1 },
                Told { message: "full".to_owned(), count: 2 },
            ],
            steady: Some(Steady { requests: 8, ..Steady::default() }),
            ..Level::default()
        };
        // The first of the rounds has found nothing.
        let found = Metric::new("found", "req/s", 100.0 * value, Better::Higher);
        let metrics = if value == 3.0 { Vec::new() } else { vec![found] };
        let served = Served { primary: "RPS".to_owned(), levels: vec![level], metrics, ..Served::default() };
        RoundRecord { served: Some(served), ..RoundRecord::default() }
    }

    #[test]
    fn rounds_are_taken_together() {
        let rounds = [round(3.0, true), round(1.0, true), round(2.0, false)];
        let served = Served::over(&rounds).expect("served");
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
        assert_eq!(Served::over(&rounds[..1]).expect("one").levels[0].requests, 10);
        assert_eq!(Served::over(&[]), None);
    }
}
