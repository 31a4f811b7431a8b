//! The movement of all cases of a machine on one night, whether or not a change was found in them.

use bench_stats as stats;

use crate::store::{Point, Series};
use crate::trend::Place;

/// The number of runs on either side from which a level is estimated, if there are that many.
const SIDE: usize = 20;

/// The number of runs on a side below which no level is estimated.
const FEWEST: usize = 5;

/// Whether a line has runs before and after a night.
pub(super) fn is_there(line: &Series, night: &Place) -> bool {
    let at = first_since(line, night);
    at > 0 && at < line.points.len()
}

/// The number of lines that moved in the direction of a change, and of those that moved against it.
///
/// A case that is too noisy for a change to be found leans to either side equally often, unless it has moved.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Lean {
    with: usize,
    against: usize,
}

impl Lean {
    /// Counts the lines that have moved on a night by at least half of `by`, the logarithm of a ratio.
    pub(super) fn of<'a>(lines: impl Iterator<Item = &'a Series>, night: &Place, by: f64) -> Self {
        let mut lean = Lean::default();
        for moved in lines.filter_map(|line| step(line, night)).map(|moved| moved * by.signum()) {
            lean.with += usize::from(moved >= by.abs() / 2.0);
            lean.against += usize::from(moved <= -by.abs() / 2.0);
        }
        lean
    }

    /// Returns the surplus in one direction.
    pub(super) fn net(self) -> isize {
        self.with as isize - self.against as isize
    }

    /// Whether chance alone would hardly make this many lines lean in one direction: their number is more than two
    /// standard errors above half.
    pub(super) fn is_clear(self) -> bool {
        self.net() as f64 > 2.0 * ((self.with + self.against) as f64).sqrt()
    }
}

/// Returns the logarithm of the ratio of the median since a night to the median before it; `None` if there are too few
/// runs, or if a median is not positive.
fn step(line: &Series, night: &Place) -> Option<f64> {
    let at = first_since(line, night);
    let level = |points: &[Point]| {
        let values: Vec<f64> =
            points.iter().map(|point| point.value).filter(|value| value.is_finite()).collect();
        stats::median(&stats::sorted(&values)).filter(|median| *median > 0.0 && values.len() >= FEWEST)
    };
    let before = level(&line.points[at.saturating_sub(SIDE)..at])?;
    let after = level(&line.points[at..(at + SIDE).min(line.points.len())])?;
    Some((after / before).ln())
}

/// Returns the index of the first run of a line that is not older than a night.
fn first_since(line: &Series, night: &Place) -> usize {
    line.points.partition_point(|point| point.timestamp < night.timestamp)
}
