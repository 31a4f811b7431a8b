//! Throughput and latency of a load case, level by level.

use bench_core::domain::Metric;
use bench_core::record::{HARNESS_BOUND, Pace, Told};
use bench_load::report::{Group, GroupLevel};
use serde::Serialize;

/// All levels of one benchmark.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Load {
    id: String,
    domain: String,
    /// The metric that the field looks at first.
    primary: String,
    /// The metrics that are worth a chart against the setting.
    plots: Vec<String>,
    /// What tells the levels apart, with its unit.
    setting: &'static str,
    /// What their latency is called.
    latency: &'static str,
    levels: Vec<Level>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct Level {
    label: String,
    /// The setting, where it is a number.
    at: Option<f64>,
    scenario: String,
    requests: u64,
    failed: u64,
    window_s: f64,
    metrics: Vec<Metric>,
    pace: Pace,
    valid: bool,
    /// Why it is not valid.
    reasons: Vec<String>,
    errors: Vec<Told>,
    warnings: Vec<String>,
}

impl Load {
    pub(crate) fn of(group: &Group<'_>) -> Self {
        Load {
            id: group.id(),
            domain: group.domain.clone(),
            primary: group.primary.clone(),
            plots: group.plots.clone(),
            setting: group.setting.title(),
            latency: group.latency_name(),
            levels: group.levels.iter().map(Level::of).collect(),
        }
    }
}

impl Level {
    fn of(level: &GroupLevel<'_>) -> Self {
        let GroupLevel { label, at, level, .. } = level;
        let mut reasons = level.validity.reasons.clone();
        if level.validity.harness_bound && !reasons.iter().any(|reason| reason.contains(HARNESS_BOUND)) {
            reasons.insert(0, HARNESS_BOUND.to_owned());
        }
        Level {
            label: label.clone(),
            at: *at,
            scenario: level.scenario.clone(),
            requests: level.requests,
            failed: level.failed,
            window_s: level.window_s.0,
            metrics: level.metrics.clone(),
            pace: level.pace.clone(),
            valid: level.validity.valid,
            reasons,
            errors: level.errors.clone(),
            warnings: level.warnings.clone(),
        }
    }
}
