//! What is said of a target.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::stats::Interval;
use crate::target::Target;

/// Whether a target was met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// The whole interval lies on the right side of the limit.
    Met,
    /// The whole interval lies on the wrong side, or the case failed.
    Missed,
    /// Neither, or nothing is known of the figure.
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

/// A target of a case, and what came of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TargetResult {
    /// The target, as it was declared.
    pub text: String,
    /// What is said of it.
    pub outcome: Outcome,
    /// The figure, if there is one.
    pub value: Option<f64>,
    /// What the figure and its interval are counted in.
    pub unit: Option<String>,
    /// The figure's 95 % interval, where it is known.
    pub interval: Option<Interval>,
    /// How much of the limit is reached, from 0 to 1 ([`Relation::attainment`](crate::target::Relation::attainment)).
    pub attainment: Option<f64>,
    /// What should be known: why it is unsure, why there is no figure, which level was the worst.
    pub reason: Option<String>,
}

impl TargetResult {
    /// A target of which nothing can be said yet.
    pub(crate) fn declared(target: &Target) -> Self {
        TargetResult::without_figure(&target.text, Outcome::Unsure, "not judged: the run has not ended")
    }

    pub(super) fn without_figure(text: &str, outcome: Outcome, reason: impl Into<String>) -> Self {
        TargetResult {
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
