//! The results of a load case: one [`Level`] for each setting of concurrency or rate.
//!
//! `bench-load` fills these in; they are defined here because every reader of a record, with or without that crate,
//! must understand all of its parts.

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
    /// The name of the most important metric of the field; the first of each level's metrics.
    pub primary: String,
    /// The names of the metrics that are plotted against the setting.
    pub plots: Vec<String>,
    /// The levels, in the order in which they were run.
    pub levels: Vec<Level>,
    /// Metrics of all levels together: for a search, the throughput that it has found.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub metrics: Vec<Metric>,
}

impl Served {
    /// Creates the result of requests at these levels, of no particular field.
    pub fn at_levels(levels: Vec<Level>) -> Self {
        Served { levels, ..Served::default() }
    }

    /// Reads the text that a worker has sent.
    ///
    /// # Errors
    /// A description of the fault in the text.
    pub fn from_json(text: &str) -> Result<Self, String> {
        // As bytes, as everything else is read: serde generates code for each way of reading.
        serde_json::from_slice(text.as_bytes()).map_err(|error| error.to_string())
    }
}

/// A level: one setting of concurrency or rate, kept until its requests were served.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Level {
    /// The setting that distinguishes it from the others: `concurrency 4`, `12.5 req/s`.
    pub name: String,
    /// The way in which requests were made: `closed_loop`, `open_loop`, `offline`, …
    pub scenario: String,
    /// The number of clients, or the maximum of requests in flight, if the scenario sets it.
    pub concurrency: Option<u32>,
    /// The rate at which requests were to be sent, in requests per second, if the scenario sets it.
    pub rate: Option<f64>,
    /// The number of requests that count, without warm-up.
    pub requests: u64,
    /// The number of these that were served.
    pub succeeded: u64,
    /// The number of these that failed: errors, panics and timeouts.
    pub failed: u64,
    /// The number of failed ones that ran out of time.
    pub timed_out: u64,
    /// The number of warm-up requests, which are in none of the figures.
    pub warm_up: u64,
    /// Wall time from the first send to the last end, in seconds.
    pub window_s: Seconds,
    /// The latency that leads the report: the scheduled latency if requests have a schedule, otherwise the service
    /// latency.
    pub headline: Headline,
    /// Figures over the whole window, the primary one first.
    pub metrics: Vec<Metric>,
    /// The same figures over the steady part of the window, if there is one.
    pub steady: Option<Steady>,
    /// The settings of the harness, and how well it kept them.
    pub pace: Pace,
    /// Whether the figures can be relied on.
    pub validity: Validity,
    /// The headline latency, in ascending bins of at most 0.1 % width.
    pub latency: Vec<Bin>,
    /// Requests over time, thinned evenly to at most 2000; failures are kept before others.
    pub timeline: Vec<Dot>,
    /// The error messages of failed requests, most frequent first, at most ten.
    pub errors: Vec<Told>,
    /// Contradictions and other notes that a reader should know before trusting a figure.
    pub warnings: Vec<String>,
    /// The conditions that served requests, or the level as a whole, were to meet; empty if nothing was set, and in
    /// records of earlier versions.
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
    /// Its address, as the other workers see it.
    pub host: String,
    /// Requests that it has sent.
    pub requests: u64,
    /// The number of these that failed.
    pub failed: u64,
    /// The possible error of its clock against that of the first worker, in seconds. It limits the accuracy of the
    /// level's beginning on this worker, and of the window over which rates are computed. Latencies do not depend on
    /// it.
    pub clock_error_s: Seconds,
    /// Whether its part can be relied on.
    pub valid: bool,
}

/// The latency that leads a level's report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Headline {
    /// Measured from the call to its end.
    #[default]
    Service,
    /// Measured from the time at which the call was due to its end: free of coordinated omission.
    Scheduled,
}

/// The part of a level after its ramp-up and before its last requests.
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

/// How well the harness kept to its schedule.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Pace {
    /// The requests per second of the schedule.
    pub offered_rate: Option<f64>,
    /// Requests per second that were sent.
    pub achieved_rate: Option<f64>,
    /// The lateness with which requests were sent; absent if there is no schedule.
    pub send_lag: Option<Lag>,
    /// The lateness with which the client's event loops handled ready events; absent if requests have threads, and in
    /// records from before there were event loops.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_stall: Option<Lag>,
    /// Requests in flight, on average over the window.
    pub mean_concurrency: Option<f64>,
    /// The processor time of the harness itself, as a share of one core over the window.
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
    /// The largest value.
    pub max_s: Seconds,
}

/// Whether the figures of a level can be relied on, and why not.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Validity {
    /// Whether the figures are valid: `VALID` or `INVALID` in the words of MLPerf Inference.
    pub valid: bool,
    /// Whether the harness was slower than what it measured.
    pub harness_bound: bool,
    /// The reasons why it is not valid; empty if it is.
    pub reasons: Vec<String>,
    /// The distinct causes, the most severe first; also empty in records that were written before causes were recorded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub causes: Vec<InvalidCause>,
}

/// A reason why the figures of a level cannot be relied on. The most severe cause comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum InvalidCause {
    /// The harness sent requests later than scheduled, though more could have been in flight.
    HarnessLate,
    /// The maximum number of requests was in flight, and others had to wait.
    Saturated,
    /// More requests failed than allowed.
    Failures,
    /// Too few requests were served for the goal of the level.
    TooFewRequests,
    /// The time limit of the case ended the level before its requests or its duration did.
    TimeLimit,
    /// The user ended it before its requests or its duration did.
    Interrupted,
    /// The objective of a search was not met: the figures themselves are valid.
    ObjectiveMissed,
}

impl InvalidCause {
    /// Returns the cause as a sentence without a full stop: `the model was saturated`.
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
    /// Returns the validity of figures without any doubt.
    pub fn valid() -> Self {
        Validity { valid: true, ..Validity::default() }
    }

    /// Returns the reasons why it is not valid; if the harness was too slow, that comes first.
    pub fn told(&self) -> Vec<String> {
        let harness = self.harness_bound.then(|| HARNESS_BOUND.to_owned());
        harness.into_iter().chain(self.reasons.iter().cloned()).collect()
    }
}

/// A bin of latencies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Bin {
    /// The largest latency in the bin, in seconds.
    pub up_to_s: f64,
    /// The number of latencies.
    pub count: u64,
}

/// One request on the timeline.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Dot {
    /// The time at which it was sent, in seconds from the level's first send.
    pub at_s: f64,
    /// Its headline latency, in seconds.
    pub latency_s: f64,
    /// Whether it was served.
    pub ok: bool,
}

/// A message, and the number of requests with it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Told {
    /// The message.
    pub message: String,
    /// The number of requests with this message.
    pub count: u64,
}

/// The note that is shown with figures whose harness was slower than the system it measured.
pub const HARNESS_BOUND: &str = "invalid: the harness was the bottleneck";

impl Lag {
    /// Creates a lateness from its median, its 99th percentile and its worst value.
    pub const fn new(p50_s: Seconds, p99_s: Seconds, max_s: Seconds) -> Self {
        Lag { p50_s, p99_s, max_s }
    }
}

impl Steady {
    /// Creates the part between these two times, in seconds from the first send, without requests.
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
    /// Creates a request sent at this time, with its latency.
    pub const fn new(at_s: f64, latency_s: f64, ok: bool) -> Self {
        Dot { at_s, latency_s, ok }
    }
}

impl Told {
    /// Creates a message with the number of its requests.
    pub fn new(message: impl Into<String>, count: u64) -> Self {
        Told { message: message.into(), count }
    }
}

impl Worker {
    /// Creates a worker that has sent no requests.
    pub fn new(number: u32, host: impl Into<String>) -> Self {
        Worker { number, host: host.into(), valid: true, ..Worker::default() }
    }
}

impl Level {
    /// Creates a level with this name, without requests.
    pub fn named(name: impl Into<String>) -> Self {
        Level { name: name.into(), ..Level::default() }
    }

    /// Returns the reason why no figure of the level can meet a limit or be compared, as a sentence that names the
    /// level; `None` if the figures can be relied on. A search whose objective is missed at a level has still measured
    /// that level well.
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

    /// Returns the metric with this name; `None` if there is none.
    pub fn metric(&self, name: &str) -> Option<&Metric> {
        self.metrics.iter().find(|metric| metric.name == name)
    }

    /// Returns served requests as a share of all; `None` if there were none.
    pub fn success_rate(&self) -> Option<f64> {
        (self.requests > 0).then(|| self.succeeded as f64 / self.requests as f64)
    }
}

impl Served {
    /// Returns the level at which the primary metric is best, among the valid ones if there are any.
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
