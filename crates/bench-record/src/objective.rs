//! The result of a target.

use std::fmt;

use serde::{Deserialize, Serialize};

use bench_stats::Interval;
use bench_syntax::objective::Objective;

/// Whether a target was met.
///
/// Exhaustive: a gate that did not know an outcome would let it pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// The whole interval lies on the right side of the limit.
    Met,
    /// The whole interval lies on the wrong side, or the case failed.
    Missed,
    /// The limit lies within the interval, or the figure is not known.
    Unsure,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Outcome::Met => "met",
            Outcome::Missed => "missed",
            Outcome::Unsure => "unsure",
        })
    }
}

/// A target of a case, and its result.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ObjectiveResult {
    /// The target, as it was declared.
    pub text: String,
    /// The outcome.
    pub outcome: Outcome,
    /// The figure, if there is one.
    pub value: Option<f64>,
    /// The unit of the figure and its interval.
    pub unit: Option<String>,
    /// The figure's 95 % interval, if it is known.
    pub interval: Option<Interval>,
    /// The share of the limit that is reached, from 0 to 1
    /// ([`Relation::attainment`](bench_syntax::objective::Relation::attainment)).
    pub attainment: Option<f64>,
    /// An explanation: why it is unsure, why there is no figure, which level was the worst.
    pub reason: Option<String>,
}

impl ObjectiveResult {
    /// Creates the result of a target that has not been judged yet.
    pub fn declared(target: &Objective) -> Self {
        ObjectiveResult::without_figure(&target.text, Outcome::Unsure, "not judged: the run has not ended")
    }

    /// Creates the result of a target without a figure, with the reason.
    pub fn without_figure(text: &str, outcome: Outcome, reason: impl Into<String>) -> Self {
        ObjectiveResult {
            text: text.to_owned(),
            outcome,
            value: None,
            unit: None,
            interval: None,
            attainment: None,
            reason: Some(reason.into()),
        }
    }
}

/// All targets of a run together.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ObjectiveSummary {
    /// The number of targets of all cases.
    pub total: usize,
    /// The number of targets that were met.
    pub met: usize,
    /// The number of targets that were missed.
    pub missed: usize,
    /// The number of targets that are unsure.
    pub unsure: usize,
    /// The share of targets that were met.
    pub pass_rate: f64,
    /// `missed` if any target is missed, `met` if all are met, and `unsure` otherwise.
    pub status: Outcome,
    /// A number from 1 to 100, computed as `bench_judge::objective::FORMULA` describes; absent if no target has an
    /// attainment.
    pub score: Option<f64>,
}

impl ObjectiveSummary {
    /// Counts `results`; `None` if there are none. The score is not computed here.
    pub fn of(results: &[&ObjectiveResult]) -> Option<Self> {
        let count = |outcome| results.iter().filter(|result| result.outcome == outcome).count();
        let (met, missed, unsure) = (count(Outcome::Met), count(Outcome::Missed), count(Outcome::Unsure));
        let status = match (missed, unsure) {
            (0, 0) => Outcome::Met,
            (0, _) => Outcome::Unsure,
            _ => Outcome::Missed,
        };
        let total = results.len();
        let pass_rate = met as f64 / total as f64;
        (total > 0).then_some(ObjectiveSummary { total, met, missed, unsure, pass_rate, status, score: None })
    }
}
