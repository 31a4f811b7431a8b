//! Conditions that served requests were to meet.

use serde::{Deserialize, Serialize};

/// A condition of a service-level objective.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SloCondition {
    /// The condition as it was written: `ttft <= 200ms`.
    pub text: String,
    /// The name of the limited figure, in lower case with `_`: a quantity of a request such as `ttft`, or a
    /// metric such as `latency_p99`.
    pub figure: String,
    /// Whether the limit is an upper one.
    pub at_most: bool,
    /// The limit, in the unit of the figure; times are in seconds.
    pub limit: f64,
    /// Whether each request is judged by it, and not the level as a whole.
    pub of_requests: bool,
}

impl SloCondition {
    /// Creates a condition by which each request is judged.
    pub fn of_requests(
        text: impl Into<String>,
        figure: impl Into<String>,
        at_most: bool,
        limit: f64,
    ) -> Self {
        SloCondition { text: text.into(), figure: figure.into(), at_most, limit, of_requests: true }
    }
}
