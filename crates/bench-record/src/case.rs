//! The record of one case.

use std::collections::BTreeMap;

use bench_protocol::{Build, Counter};
use bench_syntax::Category;
use bench_syntax::quantity::{Bytes, Seconds};
use serde::{Deserialize, Serialize};

use crate::{
    CaseCounts, Failure, HARNESS_BOUND, Machine, Measure, Metric, ObjectiveResult, RoundRecord, Surroundings,
    Time,
};

/// The record of one case of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CaseRecord {
    /// The id: `model/category/name[argument=value,…]`.
    pub id: String,
    /// The model that the benchmark belongs to; `None` if it belongs to none.
    pub model: Option<String>,
    /// The category.
    pub category: Category,
    /// The benchmark's name.
    pub name: String,
    /// Arguments and their values.
    pub arguments: BTreeMap<String, String>,
    /// Labels of any text, by which cases can be selected.
    pub tags: Vec<String>,
    /// The place of the function in the source code: for people, never for matching.
    pub source: String,
    /// The bench target that contains it.
    pub target: String,
    /// The build of the program that contains it, if it differs from that in the record's environment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub build: Option<Build>,
    /// The machine that measured it, if it differs from that in the record's environment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machine: Option<Machine>,
    /// The settings with which it was measured.
    pub settings: Settings,
    /// Whether there are figures.
    pub status: Status,
    /// The reason why it failed; `None` if it did not.
    pub failure: Option<Failure>,
    /// The reason why it cannot run here; `None` if it was not skipped.
    pub skip_reason: Option<String>,
    /// Time per iteration.
    pub time: Option<Time>,
    /// The counts of an iteration, if instructions were counted instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counts: Option<CaseCounts>,
    /// Median over the rounds of the first iteration of a process, in seconds.
    pub first_call_s: Option<Seconds>,
    /// Median over the rounds of the `load` step, in seconds.
    pub load_s: Option<Seconds>,
    /// Median over the rounds of processor time (user + system, all threads), in seconds per iteration.
    pub cpu_time_s: Option<Seconds>,
    /// The peak of a worker's resident memory while it was measuring, over all rounds, in bytes.
    pub peak_memory_bytes: Option<Bytes>,
    /// The counters of one iteration.
    pub counters: Vec<Counter>,
    /// Rates and other figures that follow from time and counters.
    pub metrics: Vec<Metric>,
    /// The readings of probes, over the rounds.
    #[serde(default)]
    pub observed: Vec<Metric>,
    /// Its targets and their results.
    #[serde(default)]
    pub targets: Vec<ObjectiveResult>,
    /// Warnings that a careful reader should know before trusting the figures.
    pub warnings: Vec<String>,
    /// The rounds, in order of time.
    pub rounds: Vec<RoundRecord>,
}

/// Whether a case has figures.
///
/// Exhaustive: an exporter that did not know a status could take a failure for a success.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It has figures.
    Ok,
    /// It failed.
    Failed,
    /// It cannot run on this machine.
    Skipped,
    /// The run was interrupted before its first round had ended.
    NotRun,
}

/// The settings with which a case was measured, after flags, attribute and defaults have been combined.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Settings {
    /// The measured quantity.
    #[serde(default)]
    pub measure: Measure,
    /// The number of warm-up iterations; absent means until times are steady.
    pub warmup: Option<u64>,
    /// The number of samples over all rounds; absent means until the result is precise enough or the budget is used
    /// up.
    pub repeats: Option<u64>,
    /// The number of rounds; absent means as many as precision and budget require.
    pub rounds: Option<u32>,
    /// The budget over all rounds, in seconds.
    pub max_time_s: f64,
    /// Whether the user set the budget, so that it ends a case whose `repeats` are not complete.
    pub max_time_is_hard: bool,
    /// The time after which the case has failed, over all rounds, in seconds.
    pub timeout_s: f64,
    /// Whether the user set `timeout_s`. Otherwise, the time that a round expects to take is added to it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub timeout_is_hard: bool,
    /// Sampling stops at this half-width of the median's 95 % interval, as a share of the median.
    pub target_precision: f64,
    /// The share below which a change of time is of no practical interest, if the benchmark says so itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threshold: Option<f64>,
}

impl CaseRecord {
    /// Returns the surroundings of each round, as far as they are known.
    pub fn surroundings(&self) -> impl Iterator<Item = Surroundings> {
        self.rounds.iter().filter_map(|round| round.surroundings)
    }

    /// Creates a case without any measurement.
    pub fn blank(id: &str, category: Category) -> Self {
        CaseRecord {
            id: id.to_owned(),
            model: None,
            category,
            name: String::new(),
            arguments: BTreeMap::new(),
            tags: Vec::new(),
            source: String::new(),
            target: String::new(),
            build: None,
            machine: None,
            settings: Settings::default(),
            status: Status::NotRun,
            failure: None,
            skip_reason: None,
            time: None,
            counts: None,
            first_call_s: None,
            load_s: None,
            cpu_time_s: None,
            peak_memory_bytes: None,
            counters: Vec::new(),
            metrics: Vec::new(),
            observed: Vec::new(),
            targets: Vec::new(),
            warnings: Vec::new(),
            rounds: Vec::new(),
        }
    }

    /// Returns a note that names the levels at which the harness was slower than the system it measured; `None` if
    /// there are none.
    pub fn harness_bound(&self) -> Option<String> {
        let levels =
            self.rounds.iter().filter_map(|round| round.served.as_ref()).flat_map(|served| &served.levels);
        let mut bound: Vec<&str> = Vec::new();
        for level in levels.filter(|level| level.validity.harness_bound) {
            if !bound.contains(&level.name.as_str()) {
                bound.push(&level.name);
            }
        }
        (!bound.is_empty()).then(|| format!("{HARNESS_BOUND} at {}", bound.join(", ")))
    }
}
