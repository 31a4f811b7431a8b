//! The history of one figure.

use std::sync::Arc;

use bench_protocol::Better;
use serde::Serialize;

use crate::circumstances::Circumstances;
use crate::key::SeriesKey;

/// One run of a series.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Point {
    /// The run's name.
    pub run: String,
    /// When it began, UTC, RFC 3339.
    pub timestamp: String,
    /// Git commit, if known.
    pub commit: Option<String>,
    /// The figure, in the unit of the series.
    pub value: f64,
    /// The circumstances of the run.
    #[serde(skip)]
    pub circumstances: Arc<Circumstances>,
}

/// The history of one figure.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Series {
    /// The key of the series.
    pub key: SeriesKey,
    /// Its unit.
    pub unit: String,
    /// Whether a lower or a higher value is better.
    pub better: Better,
    /// Its runs, by the time at which they began.
    pub points: Vec<Point>,
}

impl Series {
    /// Only the figures.
    pub fn values(&self) -> Vec<f64> {
        self.points.iter().map(|point| point.value).collect()
    }
}
