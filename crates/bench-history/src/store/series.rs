//! The history of one figure.

use std::sync::Arc;

use bench_protocol::Better;
use bench_stats::Interval;
use serde::Serialize;

use super::Value;
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
    /// How well the figure is known.
    #[serde(skip)]
    pub known: Known,
    /// The circumstances of the run.
    #[serde(skip)]
    pub circumstances: Arc<Circumstances>,
}

/// How well a figure is known.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Known {
    /// Its 95 % interval, if that is known.
    pub interval: Option<Interval>,
    /// The number of rounds from which it is computed; `None` if the run was added before the store kept them.
    pub rounds: Option<u32>,
}

impl Known {
    /// Reads the columns `low`, `high` and `rounds` of a store.
    pub(super) fn of_row(columns: &[Value]) -> Self {
        let [low, high, rounds] = columns else { return Known::default() };
        let interval = low.as_real().zip(high.as_real()).map(|(low, high)| Interval { low, high });
        Known { interval, rounds: rounds.as_integer().and_then(|rounds| u32::try_from(rounds).ok()) }
    }
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
    /// Returns the figures of all runs, in their order.
    pub fn values(&self) -> Vec<f64> {
        self.points.iter().map(|point| point.value).collect()
    }
}
