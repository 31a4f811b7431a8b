//! Change points of a series, found as its runs come in.
//!
//! Pure functions and one small machine over slices: no clock, no I/O. It rests on ranks, so that it is the same for any
//! unit and any distribution of the noise.
//!
//! Each of the last [`LOOK_BACK`] runs (more, while a line is short and something is suspected) is scored by its place among the older runs since the last accepted change
//! (`baseline`). For every split of them into before and after, from [`MIN_AFTER`] runs on, the sum of the scores after
//! it is compared with what unchanged runs would give, their autocorrelation weighed in (`autocorrelation`) unless the
//! new level lies so far off that none explains it. The limit ([`Settings::threshold`]) is set so high that looking at
//! every split on every night raises fewer than 0.2 false alarms in 1000 runs of long series; `benchmarks/history`
//! measures that. At that rate, even one who knew level and spread of the noise beforehand, and looked at the means of
//! the last 5 to 20 runs, would find but 94 % of steps of twice its spread within seven runs.
//!
//! What creeps is compared with the first runs of the segment as well: a baseline that moves along would never
//! find it.

mod autocorrelation;
mod baseline;
mod detector;
mod segment;

pub use detector::{Detector, Settings};
pub use segment::{Segment, relocate, segments};

use serde::Serialize;

/// A baseline has at least so many runs: with fewer, no place among them is extreme enough to mean anything.
pub const MIN_BEFORE: usize = 15;

/// A change has lasted at least so many runs: a spike is none, and neither is a bad weekend.
pub const MIN_AFTER: usize = 5;

/// How many of the last runs are held against the older ones. What needs more to be seen is small, and is
/// found as drift.
pub const LOOK_BACK: usize = 20;

/// How a series changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// From one run to the next.
    Step,
    /// Little by little, since the beginning of the segment.
    Drift,
}

/// A change of level.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Change {
    /// The first run at the new level; for [`Kind::Drift`], the first of the runs that showed it.
    pub at: usize,
    /// The run at which it was found.
    pub found: usize,
    /// Whether it came at once.
    pub kind: Kind,
    /// Median of the runs before, in the unit of the series.
    pub before: f64,
    /// Median of the runs since, up to `found`.
    pub after: f64,
    /// How far the scores of the runs since lie from those of unchanged runs, in standard deviations.
    pub z: f64,
}

impl Change {
    /// `after / before − 1`: 0.03 is three per cent more. Infinite where it was 0 before.
    pub fn shift(&self) -> f64 {
        shift(self.before, self.after)
    }
}

/// `after / before − 1`; 0 where both are 0.
fn shift(before: f64, after: f64) -> f64 {
    if before == after { 0.0 } else { (after - before) / before.abs() }
}

/// All changes of a series, each as it was found at its time. What is not a finite number is passed over.
pub fn changes(values: &[f64], settings: Settings) -> Vec<Change> {
    let mut detector = Detector::new(settings);
    values.iter().filter_map(|value| detector.push(*value)).collect()
}

#[cfg(test)]
pub(crate) mod tests;
