//! Revises the place of a change when later runs arrive.

use super::super::noise::Noise;
use super::super::{Kind, LOOK_BACK, MIN_AFTER, median_of};
use super::{Detector, Level, Memory, WINDOW};

/// The number of runs after a change from which on it may be withdrawn.
const DOUBT_FROM: usize = 15;

/// The number of runs after a change up to which it may be withdrawn.
const DOUBT_TO: usize = 60;

/// The distance, in deviations of the noise, beyond both levels from which on a run belongs to neither.
const WILD: f64 = 4.0;

impl Detector {
    /// Continues the stretch before the last change, because the line is back at its level.
    pub(super) fn rejoin(&mut self, memory: Memory) {
        let Memory { level, values, numbers, .. } = memory;
        let mean_of = &values[values.len().saturating_sub(40)..];
        let mean = mean_of.iter().sum::<f64>() / mean_of.len().max(1) as f64;
        self.level = Some(Level { median: level, mean, runs: mean_of.len() as f64 });
        self.values.splice(0..0, values);
        self.numbers.splice(0..0, numbers);
        self.smooth.clear();
        self.bounds.clear();
        self.divided = 0;
        self.lost = 0;
        self.memory = None;
        self.is_open = false;
        if let Some(more) = self.values.len().checked_sub(WINDOW).filter(|more| *more > 0) {
            self.forget(more);
        }
    }

    /// Revises the last change: its place, and whether it is withdrawn.
    pub(super) fn doubt(&mut self, number: usize) {
        let len = self.values.len();
        let (Some(change), Some(memory)) = (self.changes.last_mut(), self.memory.as_mut()) else { return };
        if len > DOUBT_TO {
            self.is_open = false;
            return;
        }
        let now = median_of(&self.values);
        let height = change.after - memory.level;
        if len >= DOUBT_FROM {
            let left = (now - memory.level) * height.signum();
            let least = (self.settings.min_shift * memory.level.abs()).max(height.abs() / 4.0);
            if left < least.min(height.abs() / 2.0) {
                change.withdrawn = Some(number);
                if let Some(memory) = self.memory.take() {
                    self.rejoin(memory);
                }
                return;
            }
        }
        if change.kind == Kind::Step && number <= change.found + LOOK_BACK {
            // Towards the past only, and no farther than was known to be possible.
            let possible = memory.numbers.partition_point(|run| *run < change.earliest);
            let earlier = nearest_split(&memory.values, &self.values, possible);
            if earlier < memory.values.len() {
                change.at = memory.numbers[earlier];
                self.values.splice(0..0, memory.values.drain(earlier..));
                self.numbers.splice(0..0, memory.numbers.drain(earlier..));
                self.smooth.clear();
                self.bounds.clear();
                self.divided = 0;
                self.lost = 0;
            }
        }
    }

    /// Returns the place of a step near `near`, and the first and last run at which it may lie instead: there, twice
    /// the logarithm of the likelihood is at most 7.7 below the best (95 %; Hinkley, "Inference about the change-point
    /// in a sequence of random variables", Biometrika 57, 1970). Runs are clipped, and correlated ones count as fewer.
    pub(super) fn place(&self, near: usize, noise: Noise) -> (usize, usize, usize) {
        const REACH: usize = 12;
        const BELOW: f64 = 7.7;
        let last = self.values.len() - MIN_AFTER;
        let bound =
            self.bounds.iter().copied().filter(|bound| *bound < near).max().map_or(1, |bound| bound + 1);
        let (from, to) = (
            near.saturating_sub(REACH).max(bound).min(near),
            (near + REACH).min(last + MIN_AFTER - 1).max(near),
        );
        let (before, after) = (
            median_of(&self.values[bound.saturating_sub(1).max(near.saturating_sub(60))..near]),
            median_of(&self.values[near..]),
        );
        // Moving the step past a run changes the level that this run is compared with.
        let scale = noise.deviation * noise.inflation().sqrt();
        let square = |value: f64, level: f64| ((value - level) / scale).clamp(-4.0, 4.0).powi(2);
        let is_wild = |value: f64| is_beyond(value, before, after, WILD * scale);
        let mut costs = vec![0.0];
        for value in &self.values[from..to] {
            let cost = costs.last().copied().unwrap_or(0.0);
            let for_later = square(*value, before) - square(*value, after);
            costs.push(if is_wild(*value) { cost } else { cost + for_later });
        }
        let (best, least) = costs.iter().enumerate().take(last.max(near) - from + 1).fold(
            (0, f64::INFINITY),
            // Of places that differ by wild runs alone, the latest is taken: no level begins with a wild run.
            |best, (number, cost)| {
                let is_better = *cost < best.1 || *cost <= best.1 && is_wild(self.values[from + number - 1]);
                if is_better { (number, *cost) } else { best }
            },
        );
        let is_possible = |cost: &f64| *cost <= least + BELOW;
        let earliest = costs.iter().position(is_possible).unwrap_or(best);
        let latest = costs.iter().rposition(is_possible).unwrap_or(best);
        (from + best, from + earliest, from + latest)
    }
}

/// Whether a run lies beyond both levels by more than `by`: it does not show where one level became the other.
fn is_beyond(value: f64, before: f64, after: f64, by: f64) -> bool {
    value > before.max(after) + by || value < before.min(after) - by
}

/// Returns the index in `before`, from `from` to its length, at which the step to `after` lies: the one with the least
/// sum of absolute differences from the medians of both sides.
fn nearest_split(before: &[f64], after: &[f64], from: usize) -> usize {
    let from = from.max(1);
    if from >= before.len() {
        return before.len();
    }
    let old = median_of(&before[from.saturating_sub(60)..from.max(MIN_AFTER).min(before.len())]);
    let new = median_of(after);
    let (mut cost, mut best) = (0.0, (0.0, before.len()));
    for at in (from..before.len()).rev() {
        if is_beyond(before[at], old, new, (new - old).abs()) {
            continue;
        }
        cost += (before[at] - new).abs() - (before[at] - old).abs();
        if cost < best.0 {
            best = (cost, at);
        }
    }
    best.1
}
