//! Findings about cases.

use bench_record::ObjectiveResult;
use bench_stats::Interval;
use serde::Serialize;

use super::{Confirmation, Ruling};
use crate::trend::Turn;

/// A finding about a case.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Finding {
    /// The case.
    pub case: String,
    /// The name of the figure, or the limit or target as it is written.
    pub figure: String,
    /// The consequence.
    pub ruling: Ruling,
    /// The unit of the figures below.
    pub unit: String,
    /// The figure before: its level in the history, or in the baseline. `None` for a failure, a limit or a target.
    pub before: Option<f64>,
    /// The figure now: its level in the history without the machine's share since `before`, or its value in this run.
    pub now: Option<f64>,
    /// The value that this run has measured.
    pub this_run: Option<f64>,
    /// The shift of the whole machine since `before`, as a share; `None` if there is none.
    pub of_machine: Option<f64>,
    /// The amount by which the figure may be worse.
    pub allowed: Option<f64>,
    /// The evidence for it.
    pub evidence: Evidence,
    /// The result of measuring both revisions in turn; `None` if that was not tried.
    pub confirmation: Option<Confirmation>,
}

/// The evidence for a finding.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "by")]
pub enum Evidence {
    /// The benchmark failed.
    Failure {
        /// The cause of the failure.
        reason: String,
    },
    /// A change of the history that has not been accepted, and that still lasts.
    History {
        /// The oldest such change.
        turn: Box<Turn>,
        /// Whether this run has revealed the change, or another one on top of it.
        new: bool,
    },
    /// A difference from the baseline.
    Baseline {
        /// The commit of the baseline, if its tree had no changes.
        commit: Option<String>,
        /// The interval of the relative change.
        interval: Option<Interval>,
        /// The reason why the finding is unsure; `None` if it is not.
        reason: Option<String>,
    },
    /// A limit of `bench.toml` that is exceeded.
    Limit {
        /// The result.
        result: ObjectiveResult,
    },
    /// A target of the benchmark that is not met.
    Objective {
        /// The result.
        result: ObjectiveResult,
    },
}

impl Finding {
    /// Returns the relative change, `now / before − 1`; `None` if a value is missing, or was 0 before.
    pub fn change(&self) -> Option<f64> {
        let (before, now) = (self.before?, self.now?);
        Some(now / before - 1.0).filter(|change| change.is_finite())
    }

    /// Returns the finding of a limit or target about a case.
    pub(super) fn of_result(case: &str, ruling: Ruling, result: ObjectiveResult, evidence: Evidence) -> Self {
        Finding {
            case: case.to_owned(),
            figure: result.text,
            ruling,
            unit: result.unit.unwrap_or_default(),
            before: None,
            now: result.value,
            this_run: result.value,
            of_machine: None,
            allowed: None,
            evidence,
            confirmation: None,
        }
    }
}
