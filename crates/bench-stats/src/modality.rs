//! Decides whether values gather around one centre or two.

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use super::dip::dip;
use super::{density, median, sorted};

/// The critical value of √n · dip. That of uniform values stays below it in 90 % of cases or more, whatever n (seeded
/// simulation of n = 10 to 2000: the `ignored` test), and the uniform distribution has the largest dip of all unimodal
/// ones (Hartigan and Hartigan, 1985, section 4): two in a thousand sets of normal values exceed it at n = 60, fewer at
/// larger n. That alone would be lenient. With the condition on the valley as well, none of 16 000 simulated sets of
/// eight shapes and n = 60 to 600 passes, while sets of two modes 25 % apart, 70 to 30, pass in 97 % at n = 60; at the
/// 99.5 % point, 0.66, it would be 78 %.
const CRITICAL: f64 = 0.5;

/// The share of the lower mode's density to which the density must fall between the modes: a shoulder is not a mode.
const VALLEY: f64 = 0.5;

/// The smallest share of the values that is a mode; a smaller one consists of outliers.
const SMALLEST_SHARE: f64 = 0.1;

/// The smallest distance of two modes, as a share: a smaller one changes no conclusion, and clocks with steps of up to
/// 1 % of a sample could cause it.
const CLOSEST: f64 = 0.03;

/// Standard deviation of the narrowest kernel, of logarithms: steps of 1 % leave no ripple under it.
const NARROWEST: f64 = 0.005;

/// The largest number of order statistics that are used: these determine the distribution function to 1/2048.
const MOST: usize = 1024;

/// The number of rounds below which it is unknown how far samples of one round resemble each other.
const FEWEST_ROUNDS: usize = 5;

/// Two modes, the faster first.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct Modes {
    /// The mode of the smaller values.
    pub low: Mode,
    /// The mode of the larger values.
    pub high: Mode,
}

/// A value around which others gather.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct Mode {
    /// Median of its values, in their unit.
    pub centre: f64,
    /// Its share of all values, from 0 to 1.
    pub share: f64,
}

/// Finds two modes of independent positive values, if
/// * the distribution is further from a single mode than chance can explain (Hartigan's dip test),
/// * the density of the logarithms has two peaks, and falls to half of the lower one or less between them, and
/// * each mode has at least a tenth of the values, and their centres are at least 3 % apart.
///
/// The first two conditions exclude chance, the third excludes modes that are real but do not matter. Returns `None`
/// otherwise, and if a value is not positive and finite. Values that are *not* independent (samples of one process)
/// look as if they had many modes: for these there is [`modes_of_rounds`].
pub fn modes(values: &[f64]) -> Option<Modes> {
    two_modes(values, |_| values.len() as f64)
}

/// Finds two modes of the samples of several rounds. Same as [`modes`], with the test's n corrected.
///
/// Neither all samples nor only the rounds' medians are enough. Samples of a process resemble each other: twenty
/// processes, each at its own level, make twenty clusters, and a test that assumes that their two thousand samples are
/// independent finds modes in all of them. Medians are independent, but a kernel that is slow in one sample of three,
/// in every process, has medians that agree. So the distribution is that of all samples, but n is the number of samples
/// that are *effectively* independent: their number over Kish's design effect `1 + (m − 1)·ρ`, m samples per round,
/// with ρ the correlation within rounds of lying beyond the valley. If every process keeps to one side, ρ is 1, and n
/// is the number of processes; if each is on both sides by chance, ρ is 0, and every sample counts; plateaus within a
/// process lie between.
///
/// Kish, *Survey Sampling*, 1965, 5.4; ρ from the one-way analysis of variance (Donner and Koval, 1980). `None` also
/// below five rounds.
pub fn modes_of_rounds(rounds: &[Vec<f64>]) -> Option<Modes> {
    let rounds: Vec<&Vec<f64>> = rounds.iter().filter(|round| !round.is_empty()).collect();
    if rounds.len() < FEWEST_ROUNDS {
        return None;
    }
    two_modes(&rounds.iter().copied().flatten().copied().collect::<Vec<_>>(), |cut| effective(&rounds, cut))
}

/// Finds two modes. `independent` returns how many independent values would determine the share beyond a cut as well.
fn two_modes(values: &[f64], independent: impl Fn(f64) -> f64) -> Option<Modes> {
    if values.len() < 4 || values.iter().any(|value| !(*value > 0.0 && value.is_finite())) {
        return None;
    }
    let all = sorted(&values.iter().map(|value| value.ln()).collect::<Vec<_>>());
    let logs = thinned(&all);
    let dip = dip(&logs);
    // Most cases end here, before anything that takes long.
    if (values.len() as f64).sqrt() * dip < CRITICAL {
        return None;
    }
    let cut = valley(&logs)?;
    if independent(cut.exp()).sqrt() * dip < CRITICAL {
        return None;
    }
    let (low, high) = all.split_at(all.partition_point(|log| *log <= cut));
    let mode = |part: &[f64]| {
        let share = part.len() as f64 / all.len() as f64;
        median(part).filter(|_| share >= SMALLEST_SHARE).map(|centre| Mode { centre: centre.exp(), share })
    };
    let found = Modes { low: mode(low)?, high: mode(high)? };
    (found.high.centre >= (1.0 + CLOSEST) * found.low.centre).then_some(found)
}

/// Returns at most [`MOST`] order statistics, at even distances.
fn thinned(ascending: &[f64]) -> Vec<f64> {
    let kept = ascending.len().min(MOST);
    (0..kept).map(|k| ascending[(2 * k + 1) * ascending.len() / (2 * kept)]).collect()
}

/// Returns the deepest valley of the density with a peak on both sides that is high enough above it; `None` without
/// one.
fn valley(ascending: &[f64]) -> Option<f64> {
    const POINTS: usize = 512;
    // A mode has at least a tenth of the values, so none lies beyond this range. Otherwise one wild value would take
    // all the points of the curve.
    let edge = (ascending.len() as f64 * SMALLEST_SHARE / 2.0) as usize;
    let range = (*ascending.get(edge)?, *ascending.get(ascending.len() - 1 - edge)?);
    let step = (range.1 - range.0) / (POINTS - 1) as f64;
    let curve = density(ascending, range, POINTS, NARROWEST.max(step));
    let highest = |part: &[f64]| part.iter().copied().fold(0.0, f64::max);
    let depth = |at: usize| highest(&curve[..at]).min(highest(&curve[at + 1..])) - curve[at];
    let deepest = (1..POINTS - 1).max_by(|a, b| depth(*a).total_cmp(&depth(*b)))?;
    let deep = depth(deepest) >= (1.0 / VALLEY - 1.0) * curve[deepest] && depth(deepest) > 0.0;
    deep.then_some(range.0 + step * deepest as f64)
}

/// Returns the number of independent values that determine the share beyond `cut` as well as those of `rounds` do; no
/// round is empty.
fn effective(rounds: &[&Vec<f64>], cut: f64) -> f64 {
    let k = rounds.len() as f64;
    let n: f64 = rounds.iter().map(|round| round.len() as f64).sum();
    let beyond = |round: &[f64]| round.iter().filter(|value| **value > cut).count() as f64;
    let share = rounds.iter().map(|round| beyond(round)).sum::<f64>() / n;
    let (mut between, mut within, mut squares) = (0.0, 0.0, 0.0);
    for round in rounds {
        let size = round.len() as f64;
        let own = beyond(round) / size;
        between += size * (own - share).powi(2);
        within += size * own * (1.0 - own);
        squares += size.powi(2);
    }
    let typical = (n - squares / n) / (k - 1.0);
    // With one value per round, all are independent, and nothing varies within a round.
    let (between, within) = (between / (k - 1.0), if n > k { within / (n - k) } else { 0.0 });
    let correlation = (between - within) / (between + (typical - 1.0) * within);
    let correlation = if correlation.is_finite() { correlation.clamp(0.0, 1.0) } else { 1.0 };
    n / (1.0 + (squares / n - 1.0) * correlation)
}

#[cfg(test)]
#[path = "modality_simulation.rs"]
mod simulation;
