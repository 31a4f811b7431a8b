//! The round: one worker process that measures one case.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{RoundCounts, Served, Surroundings};
use bench_protocol::{Counter, ProbeReport, WarmUp};
use bench_stats as stats;

/// The record of a round: the measurement of one worker process.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RoundRecord {
    /// Number of the round within its case, from 0.
    pub round: u32,
    /// Seconds from the beginning of the run to the beginning of the round.
    pub started_s: f64,
    /// The wall time of the round, from the start of the process to its end, in seconds.
    pub wall_s: f64,
    /// The part of `wall_s` before the benchmark's own code ran: the start of the process, imports, the start of a
    /// runtime; in nanoseconds. It does not count against the budget of the case. Absent in records of earlier
    /// versions, and if the worker never became ready.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_up_ns: Option<u64>,
    /// The time that the levels of a load take by their settings, in seconds, as the round has reported it; absent if
    /// it reported none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_s: Option<f64>,
    /// The number of inputs of `iter_batched` that were alive at once; absent if the benchmark has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inputs_alive: Option<u64>,
    /// The `load` step, in nanoseconds; absent if the benchmark has none.
    pub load_ns: Option<u64>,
    /// The first iteration of the process, in nanoseconds.
    pub first_call_ns: Option<u64>,
    /// The course of the warm-up.
    pub warm_up: Option<WarmUp>,
    /// Iterations in each sample.
    pub iterations_per_sample: u64,
    /// The time of each sample, all its iterations together, in nanoseconds, in order of time.
    pub sample_ns: Vec<u64>,
    /// The counters of one iteration.
    pub counters: Vec<Counter>,
    /// The reports of the probes.
    pub probes: Vec<ProbeReport>,
    /// The requests that were served, if the case serves requests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub served: Option<Served>,
    /// The counts, if instructions were counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counts: Option<RoundCounts>,
    /// The clock's resolution, in nanoseconds.
    pub clock_resolution_ns: Option<u64>,
    /// The duration of an empty iteration, in nanoseconds.
    pub empty_iteration_ns: Option<f64>,
    /// The reason why the round has no figures; absent if it has some.
    pub failure: Option<Failure>,
    /// The reason why the case cannot run here; absent if it can.
    pub skipped: Option<String>,
    /// The state of the machine around the round; absent if it was not observed.
    #[serde(default)]
    pub surroundings: Option<Surroundings>,
    /// The reason why the round counts as disturbed; absent if it does not. This is decided from its surroundings and
    /// those of the whole run, never from its times.
    #[serde(default)]
    pub disturbed: Option<String>,
}

impl RoundRecord {
    /// Creates a round with only these samples.
    pub fn sampled(iterations_per_sample: u64, sample_ns: Vec<u64>) -> Self {
        RoundRecord { iterations_per_sample, sample_ns, ..RoundRecord::default() }
    }

    /// Creates a round with only these served requests.
    pub fn serving(served: Served) -> Self {
        RoundRecord { served: Some(served), ..RoundRecord::default() }
    }

    /// Creates a round that failed before it had figures.
    pub fn failed(failure: Failure) -> Self {
        RoundRecord { failure: Some(failure), ..RoundRecord::default() }
    }

    /// Returns the seconds per iteration of each sample, in order of time.
    pub fn per_iteration(&self) -> impl Iterator<Item = f64> + '_ {
        let iterations = self.iterations_per_sample.max(1) as f64;
        self.sample_ns.iter().map(move |ns| *ns as f64 / 1e9 / iterations)
    }

    /// Returns the median over the samples, in seconds per iteration; `None` if there are no samples.
    pub fn median_s(&self) -> Option<f64> {
        stats::median(&stats::sorted(&self.per_iteration().collect::<Vec<_>>()))
    }

    /// Returns the reading of a metric, by its name; `None` if no probe has read it.
    pub fn reading(&self, metric: &str) -> Option<f64> {
        let mut readings = self.probes.iter().flat_map(|report| &report.readings);
        readings.find(|reading| reading.metric == metric).map(|reading| reading.value)
    }

    /// Returns the wall time without start-up, in seconds, which counts against the budget of the case.
    pub fn spent_s(&self) -> f64 {
        (self.wall_s - self.start_up_ns.unwrap_or_default() as f64 / 1e9).max(0.0)
    }

    /// Whether the round has figures.
    pub fn is_ok(&self) -> bool {
        self.failure.is_none() && self.skipped.is_none()
    }
}

/// The reason why a round failed, and the output of the worker.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Failure {
    /// The cause of the failure.
    pub cause: Cause,
    /// The message.
    pub message: String,
    /// The end of what the worker wrote to stdout and stderr, at most 8 KiB.
    pub output_tail: String,
}

impl Failure {
    /// Creates the failure of a worker that had printed nothing.
    pub fn new(cause: Cause, message: impl Into<String>) -> Self {
        Failure { cause, message: message.into(), output_tail: String::new() }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.cause, self.message)
    }
}

/// The cause of a round's failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Cause {
    /// A panic, caught in the worker.
    Panic,
    /// The benchmark returned `Err`.
    Error,
    /// A signal, such as SIGSEGV or SIGABRT.
    Signal,
    /// The stack overflowed.
    StackOverflow,
    /// The worker used more memory than it is allowed to.
    OutOfMemory,
    /// The worker exited before the round had ended.
    Exit,
    /// The case took longer than its timeout.
    Timeout,
    /// The worker sent something that is not in the protocol.
    Protocol,
    /// The worker could not be started.
    Start,
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Cause::Panic => "panicked",
            Cause::Error => "error",
            Cause::Signal => "killed by a signal",
            Cause::StackOverflow => "stack overflow",
            Cause::OutOfMemory => "out of memory",
            Cause::Exit => "exited",
            Cause::Timeout => "timed out",
            Cause::Protocol => "broke the worker protocol",
            Cause::Start => "could not start",
        })
    }
}
