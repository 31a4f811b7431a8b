//! Throughput and latency of a load case, level by level.

use bench_load::recommendation::{Group as Advised, recommendations};
use bench_load::report::{Group, GroupLevel, groups};
use bench_record::{Metric, Record, SloCondition, Told};
use serde::Serialize;

/// All levels of one benchmark.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Load {
    id: String,
    /// The primary metric of the domain.
    primary: String,
    /// The metrics that are drawn in charts over the setting.
    plots: Vec<String>,
    /// The setting that distinguishes the levels, with its unit.
    setting: &'static str,
    /// The name of the latency that the levels report.
    latency: &'static str,
    levels: Vec<Level>,
    /// The metrics of all levels together.
    found: Vec<Metric>,
    /// The conditions of the service level objective; those of one level apply to all levels.
    slo: Vec<SloCondition>,
    /// The recommendations, in the order in which to act on them.
    advice: Vec<Advice>,
}

/// A recommendation.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Advice {
    /// The level that the recommendation concerns; `None` for all levels.
    level: Option<String>,
    text: String,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct Level {
    label: String,
    /// The setting; `None` if it is not a number.
    at: Option<f64>,
    requests: u64,
    failed: u64,
    metrics: Vec<Metric>,
    valid: bool,
    /// Whether the harness was the bottleneck, so that the figures are those of the harness.
    harness_bound: bool,
    /// The reasons why the level is not valid.
    reasons: Vec<String>,
    errors: Vec<Told>,
    warnings: Vec<String>,
}

impl Load {
    /// Returns all load benchmarks of a record, in the order of its cases.
    pub(crate) fn all(record: &Record) -> Vec<Self> {
        let advised = Advised::all(record);
        groups(record)
            .iter()
            .map(|group| {
                let id = group.id();
                let advised = advised.iter().filter(|known| known.benchmark == id);
                let advice = advised.flat_map(recommendations);
                let advice =
                    advice.map(|found| Advice { level: found.level, text: found.notice.text }).collect();
                Load::of(group, advice)
            })
            .collect()
    }

    fn of(group: &Group<'_>, advice: Vec<Advice>) -> Self {
        Load {
            id: group.id(),
            primary: group.primary.clone(),
            plots: group.plots.clone(),
            setting: group.setting.title(),
            latency: group.latency_name(),
            levels: group.levels.iter().map(Level::of).collect(),
            found: group.found.clone(),
            slo: group.levels.first().map(|level| level.level.slo.clone()).unwrap_or_default(),
            advice,
        }
    }
}

impl Level {
    fn of(level: &GroupLevel<'_>) -> Self {
        let GroupLevel { label, at, level, .. } = level;
        Level {
            label: label.clone(),
            at: *at,
            requests: level.requests,
            failed: level.failed,
            metrics: level.metrics.clone(),
            valid: level.validity.valid,
            harness_bound: level.validity.harness_bound,
            reasons: level.validity.reasons.clone(),
            errors: level.errors.clone(),
            warnings: level.warnings.clone(),
        }
    }
}
