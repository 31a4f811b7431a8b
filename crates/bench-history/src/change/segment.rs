//! The stretches between changes.

use bench_stats as stats;
use bench_stats::Interval;
use serde::Serialize;

use super::{Change, Kind, shift};

/// Runs at one level.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Segment {
    /// Its first run.
    pub from: usize,
    /// The run after its last one.
    pub to: usize,
    /// The median of its runs, in the unit of the series; NaN if none is a finite number.
    pub median: f64,
    /// The 95 % interval of the median by order statistics, assuming independent runs; `None` below six runs.
    pub interval: Option<Interval>,
}

/// Returns the segments that `changes` divide `values` into, in order. The changes must be in the order of their
/// places, and none may be withdrawn.
pub fn segments(values: &[f64], changes: &[Change]) -> Vec<Segment> {
    let starts = std::iter::once(0).chain(changes.iter().map(|change| change.at));
    let ends = changes.iter().map(|change| change.at).chain(std::iter::once(values.len()));
    starts.zip(ends).map(|(from, to)| segment(values, from, to)).collect()
}

fn segment(values: &[f64], from: usize, to: usize) -> Segment {
    let finite: Vec<f64> = values[from..to].iter().copied().filter(|value| value.is_finite()).collect();
    let ascending = stats::sorted(&finite);
    let at = |rank: u64| ascending.get(rank as usize - 1).copied();
    let interval = stats::quantile_ranks(ascending.len() as u64, 0.5)
        .and_then(|(low, high)| Some(Interval { low: at(low)?, high: at(high)? }));
    Segment { from, to, median: stats::median(&ascending).unwrap_or(f64::NAN), interval }
}

/// Returns `changes` without those that were withdrawn, in the order of their places, with the medians on both sides as
/// they are known now. A change whose medians would by now contradict its report keeps those of the report.
pub(crate) fn standing(values: &[f64], changes: &[Change], min_shift: f64) -> Vec<Change> {
    let mut standing: Vec<Change> =
        changes.iter().filter(|change| change.withdrawn.is_none()).copied().collect();
    standing.sort_by_key(|change| change.at);
    // Two reports never share a run: the first to be found keeps it.
    standing.dedup_by_key(|change| change.at);
    let places: Vec<usize> = standing.iter().map(|change| change.at).collect();
    for (number, change) in standing.iter_mut().enumerate() {
        let from = number.checked_sub(1).map_or(0, |previous| places[previous]);
        let to = places.get(number + 1).copied().unwrap_or(values.len());
        let (before, after) =
            (segment(values, from, change.at).median, segment(values, change.at, to).median);
        let now = shift(before, after);
        let is_told =
            now.abs() >= min_shift.max(change.shift().abs() / 2.0) && (now > 0.0) == (change.shift() > 0.0);
        if is_told && change.kind == Kind::Step {
            (change.before, change.after) = (before, after);
        }
    }
    standing
}
