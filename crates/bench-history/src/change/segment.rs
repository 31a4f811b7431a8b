//! The stretches between changes.

use bench_stats as stats;
use bench_stats::Interval;
use serde::Serialize;

use super::baseline::Baseline;
use super::{Change, Kind, LOOK_BACK, MIN_AFTER};

/// Runs at one level.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Segment {
    /// Its first run.
    pub from: usize,
    /// The run after its last one.
    pub to: usize,
    /// Median of its runs, in the unit of the series; NaN where none is a finite number.
    pub median: f64,
    /// 95 % interval of the median by order statistics, independent runs supposed; absent below six runs.
    pub interval: Option<Interval>,
}

/// The segments that `changes` divide `values` into, in order.
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

/// Where each step lies, now that the runs after it are known too, at most [`LOOK_BACK`] runs from where it was
/// found, and the medians on both sides. Drifts stay where they are.
pub fn relocate(values: &[f64], changes: &[Change]) -> Vec<Change> {
    let mut moved = changes.to_vec();
    for i in 0..moved.len() {
        let from = if i == 0 { 0 } else { moved[i - 1].at };
        let to = moved.get(i + 1).map_or(values.len(), |next| next.at);
        if moved[i].kind == Kind::Step {
            let finite: Vec<usize> = (from..to).filter(|number| values[*number].is_finite()).collect();
            let near = finite.partition_point(|number| *number < moved[i].at);
            let runs: Vec<f64> = finite.iter().map(|number| values[*number]).collect();
            moved[i].at = finite[split(&runs, near)];
        }
        moved[i].before = segment(values, from, moved[i].at).median;
        moved[i].after = segment(values, moved[i].at, to).median;
    }
    moved
}

/// The split near `near` from whose medians on both sides the runs around lie least far off, in sum of absolute
/// differences: ranks tell that there is a change, distances tell better where.
pub(super) fn split(values: &[f64], near: usize) -> usize {
    let from = near.saturating_sub(2 * LOOK_BACK);
    let to = (near + 2 * LOOK_BACK).min(values.len());
    let mut best = (f64::INFINITY, near);
    for at in near.saturating_sub(LOOK_BACK).max(from + MIN_AFTER)..=(near + LOOK_BACK).min(to - MIN_AFTER) {
        let off = distance(&values[from..at]) + distance(&values[at..to]);
        if off < best.0 {
            best = (off, at);
        }
    }
    best.1
}

/// Sum of the absolute differences from the median.
fn distance(values: &[f64]) -> f64 {
    let ascending = stats::sorted(values);
    stats::median(&ascending).map_or(0.0, |median| values.iter().map(|value| (value - median).abs()).sum())
}

/// Whether a line through `values` tells more of them than a step at `split`, in squares, single wild ones clipped.
pub(super) fn ramps(values: &[f64], split: usize) -> bool {
    const WILD: f64 = 4.0;
    let all = Baseline::of(values);
    let middle = all.median();
    // Where most runs are the very same, there is no deviation to tell the wild ones by.
    let reach = Some(WILD * all.robust_deviation()).filter(|reach| *reach > 0.0).unwrap_or(f64::INFINITY);
    let off: Vec<f64> = values.iter().map(|value| (value - middle).clamp(-reach, reach)).collect();
    let n = off.len() as f64;
    let mean = off.iter().sum::<f64>() / n;
    let along: f64 = off.iter().enumerate().map(|(i, off)| (i as f64 - (n - 1.0) / 2.0) * (off - mean)).sum();
    let by_line = along * along / (n * (n * n - 1.0) / 12.0);
    let before: f64 = off[..split].iter().map(|off| off - mean).sum();
    let by_step = before * before * n / (split as f64 * (n - split as f64));
    by_line > by_step
}
