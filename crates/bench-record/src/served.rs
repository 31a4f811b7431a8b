//! What a load case has seen: one [`Level`] for each setting of concurrency or rate.
//!
//! `bench-load` fills these in; they stand here because the record is one contract, and every reader
//! of it, with or without that crate, must understand all of it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Metric, SloCondition};
use bench_protocol::Better;
use bench_syntax::quantity::Seconds;

/// The requests that one round of a load case has served.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
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

impl Served {
    /// Requests at these levels, of no field in particular.
    pub fn at_levels(levels: Vec<Level>) -> Self {
        Served { levels, ..Served::default() }
    }

    /// Reads what a worker has sent.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn from_json(text: &str) -> Result<Self, String> {
        // As bytes, as everything else is read: serde generates code for each way of reading.
        serde_json::from_slice(text.as_bytes()).map_err(|error| error.to_string())
    }
}

/// One setting of concurrency or rate, held until its requests were served.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
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
    /// What served requests, or the level as a whole, were to meet; empty if nothing was set, and in records of earlier
    /// versions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub slo: Vec<SloCondition>,
    /// The workers that have shared the level, by number; empty if one process has served it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub workers: Vec<Worker>,
}

/// A worker's part of a level that several have shared. The figures of the level are of all their requests together.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Worker {
    /// Its number, from 1.
    pub number: u32,
    /// Its address, as the others see it.
    pub host: String,
    /// Requests that it has sent.
    pub requests: u64,
    /// Of these, failed.
    pub failed: u64,
    /// How far its clock can be from that of the first worker, in seconds. It bounds when the level began here and the window
    /// of its rates, and is part of no latency.
    pub clock_error_s: Seconds,
    /// Whether its part can be relied on.
    pub valid: bool,
}

/// Which latency leads a level's report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Headline {
    /// From the call to its end.
    #[default]
    Service,
    /// From the moment at which the schedule wanted the call to its end: free of coordinated omission.
    Scheduled,
}

/// The part of a level after its ramp-up and before it ran dry.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
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
#[non_exhaustive]
pub struct Pace {
    /// Requests per second that the schedule wanted.
    pub offered_rate: Option<f64>,
    /// Requests per second that were sent.
    pub achieved_rate: Option<f64>,
    /// How late requests were sent; absent if there is no schedule.
    pub send_lag: Option<Lag>,
    /// How late the client's event loops came to what was ready; absent if requests have threads, and in records from
    /// before there were event loops.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_stall: Option<Lag>,
    /// Requests in flight, on average over the window.
    pub mean_concurrency: Option<f64>,
    /// The harness's own share of the processor time that went by, 1 being all of one core.
    pub harness_cpu: Option<f64>,
}

/// Lateness of the harness, in seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
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
#[non_exhaustive]
pub struct Validity {
    /// `VALID` or `INVALID`, in the words of MLPerf Inference.
    pub valid: bool,
    /// Whether the harness was slower than what it measured.
    pub harness_bound: bool,
    /// Why it is not valid; empty if it is.
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
    /// A person ended it before its requests or its duration did.
    Interrupted,
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
            InvalidCause::Interrupted => "it was interrupted",
            InvalidCause::ObjectiveMissed => "the objective was not met",
        }
    }
}

impl Validity {
    /// Nothing speaks against the figures.
    pub fn valid() -> Self {
        Validity { valid: true, ..Validity::default() }
    }

    /// Why it is not valid, first of all that the harness was too slow.
    pub fn told(&self) -> Vec<String> {
        let harness = self.harness_bound.then(|| HARNESS_BOUND.to_owned());
        harness.into_iter().chain(self.reasons.iter().cloned()).collect()
    }
}

/// Latencies that fell together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Bin {
    /// The largest of them, in seconds.
    pub up_to_s: f64,
    /// How many.
    pub count: u64,
}

/// One request on the timeline.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
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
#[non_exhaustive]
pub struct Told {
    /// What was said.
    pub message: String,
    /// How often.
    pub count: u64,
}

/// What is said of figures whose harness was slower than what it measured, wherever they are shown.
pub const HARNESS_BOUND: &str = "invalid: the harness was the bottleneck";

impl Lag {
    /// Lateness from its median, its 99th percentile and its worst.
    pub const fn new(p50_s: Seconds, p99_s: Seconds, max_s: Seconds) -> Self {
        Lag { p50_s, p99_s, max_s }
    }
}

impl Steady {
    /// The part between these two times, in seconds from the first send, without requests.
    pub fn between(from_s: f64, to_s: f64) -> Self {
        Steady { from_s, to_s, ..Steady::default() }
    }
}

impl fmt::Display for Headline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Headline::Service => "service",
            Headline::Scheduled => "scheduled",
        })
    }
}

impl Bin {
    /// Creates a bin of `count` latencies, the largest of which is `up_to_s`.
    pub const fn new(up_to_s: f64, count: u64) -> Self {
        Bin { up_to_s, count }
    }
}

impl Dot {
    /// A request sent at this time, and how long it took.
    pub const fn new(at_s: f64, latency_s: f64, ok: bool) -> Self {
        Dot { at_s, latency_s, ok }
    }
}

impl Told {
    /// A message that so many requests have brought.
    pub fn new(message: impl Into<String>, count: u64) -> Self {
        Told { message: message.into(), count }
    }
}

impl Worker {
    /// A worker that has sent nothing.
    pub fn new(number: u32, host: impl Into<String>) -> Self {
        Worker { number, host: host.into(), valid: true, ..Worker::default() }
    }
}

impl Level {
    /// A level of this name, without requests.
    pub fn named(name: impl Into<String>) -> Self {
        Level { name: name.into(), ..Level::default() }
    }

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

    /// Served requests as a share of all; `None` if there were none.
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
}
