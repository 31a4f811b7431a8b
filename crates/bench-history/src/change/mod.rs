//! Change points of a series, found as its runs come in.
//!
//! Pure functions and one small state machine over slices: no clock, no I/O.
//!
//! # The principle
//! A line is a sequence of *pieces*, each a level with noise around it in which neighbouring runs may resemble each
//! other (a first-order autoregression). Whether a piece ends at a run is decided by the generalised least squares
//! estimate of the step there, divided by its standard error (`step`; Kay, "Fundamentals of Statistical Signal
//! Processing", vol. I, 1993, section 4.5; for the setting, Romano, Rigaill, Runge and Fearnhead, JASA 117, 2022).
//! Spread and correlation of the noise are estimated *within* pieces, with wild runs clipped (`noise`), so that a step
//! does not count as noise. Every night the line since the last reported change is divided into pieces (`pieces`), and
//! then there is one decision: whether its newest piece has lasted, and differs from the level that was last reported
//! (`detector`).
//!
//! The properties that the tests check follow from this: pieces may be short, so that a change soon after another is
//! found; whatever is never reported (odd first runs, steps below the smallest shift of interest, excursions of a few
//! runs) forms a separate piece and hides nothing; exact figures have a scale, because the noise of a figure is
//! assumed to be at least a quarter of the smallest shift of interest; and the noise before a change is remembered
//! after it.
//!
//! # What was reported stays reported
//! A change is identified by the run at which it was found. Later runs may move it towards the past, within the
//! uncertainty that was known on the night of the report, and may withdraw it explicitly ([`Change::withdrawn`]). They
//! never move it past that night and never change its sign.

mod detector;
mod noise;
mod pieces;
mod segment;
mod step;

pub use detector::{Detector, Settings};
pub(crate) use segment::standing;
pub use segment::{Segment, segments};

use serde::Serialize;

/// The number of runs below which a line has too little history for any report.
pub const FEWEST: usize = 15;

/// The number of runs that a change must have lasted: a spike is not a change, and neither is a bad weekend.
pub const MIN_AFTER: usize = 5;

/// The number of last runs among which a step is searched for. A shift that needs more runs to be detected is found as
/// drift.
pub const LOOK_BACK: usize = 20;

/// The kind of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A change from one run to the next.
    Step,
    /// A gradual change since the beginning of the segment.
    Drift,
}

/// A change of level.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Change {
    /// The first run at the new level; for [`Kind::Drift`], the first of the runs that showed it. Later runs may move
    /// it towards the past, down to `earliest`.
    pub at: usize,
    /// The earliest run that may be the first one at the new level, as known on the night of the report.
    pub earliest: usize,
    /// The latest run that may be the first one at the new level; never after `found`.
    pub latest: usize,
    /// The run at which the change was found. It never moves, and so identifies the change.
    pub found: usize,
    /// Whether it is a step or a drift.
    pub kind: Kind,
    /// The median of the runs before the change, in the unit of the series, as known on the night of the report.
    pub before: f64,
    /// The median of the runs since, up to `found`.
    pub after: f64,
    /// The estimated step divided by its standard error, as a normal quantile.
    pub z: f64,
    /// Whether the level is back where it was before the change that precedes this one.
    pub back: bool,
    /// The run at which the change was withdrawn: the runs since `at` are no longer different from those before.
    /// `None` if it was not withdrawn.
    pub withdrawn: Option<usize>,
}

impl Change {
    /// Returns `after / before − 1`: 0.03 is three per cent more. Infinite if the level was 0 before.
    pub fn shift(&self) -> f64 {
        shift(self.before, self.after)
    }
}

/// Returns `after / before − 1`; 0 if both are 0.
fn shift(before: f64, after: f64) -> f64 {
    if before == after { 0.0 } else { (after - before) / before.abs() }
}

/// Returns all changes of a series in the order in which they were found, including those that were withdrawn. Values
/// that are not finite numbers are counted and skipped.
pub fn changes(values: &[f64], settings: Settings) -> Vec<Change> {
    let mut detector = Detector::new(settings);
    for value in values {
        detector.push(*value);
    }
    detector.into_changes()
}

/// Returns the median of `values`, which are reordered; NaN if there are none.
fn median(values: &mut [f64]) -> f64 {
    let n = values.len();
    if n == 0 {
        return f64::NAN;
    }
    let (below, upper, _) = values.select_nth_unstable_by(n / 2, f64::total_cmp);
    if n % 2 == 1 {
        return *upper;
    }
    let lower = below.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    lower / 2.0 + *upper / 2.0
}

/// Returns the median of a slice.
fn median_of(values: &[f64]) -> f64 {
    median(&mut values.to_vec())
}

#[cfg(test)]
pub(crate) mod tests;
