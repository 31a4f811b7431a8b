//! Decides whether the newest runs are a change.

use super::super::noise::{CAUTION, JUMP, Noise};
use super::super::step::{Prefix, Step};
use super::super::{Change, FEWEST, Kind, LOOK_BACK, MIN_AFTER, median_of};
use super::{Detector, Level, Memory, Settings};

/// The increase of the required distance, in standard errors, if a step has lasted e times as many runs. Nearly all of
/// the search takes place in the first runs after a split, so most of the tolerated false alarms are spent there.
const RISE: f64 = 0.25;

/// The smallest distance of a drift, in standard errors.
const DRIFT: f64 = 5.0;

/// The smallest height of a step, in deviations of the noise. Smaller ones are found as drift.
const SMALLEST: f64 = 1.3;

/// The share of the way to the new level that a run has to go to count as arrived.
const ARRIVED: f64 = 0.33;

/// The share of runs since a change that must have arrived at the new level: noise of two modes whose shares shift is
/// not a new level.
const PURE: f64 = 0.7;

/// The smallest share of the estimated step that the medians must confirm: a few wild runs move a mean, but are not a
/// level.
const AGREE: f64 = 0.65;

/// In a line with fewer runs than this, a change must last longer than [`MIN_AFTER`].
const YOUNG: usize = 60;

/// A change must last one run longer for each of this many runs that a line lacks to [`YOUNG`]: two machines that take
/// turns of some days look like one change until the first one comes back.
const PATIENCE: usize = 7;

/// While the whole line has fewer runs than this, only steps of [`GLARING`] are reported.
const INFANT: usize = 25;

/// The height, in deviations, from which on a step needs no patience.
const GLARING: f64 = 16.0;

/// Runs that vary by more than this share of the step to them are a burst, unless there are [`SETTLED`] of them. The
/// deviation of a level is a small part of the step that leads to it.
const SCATTERED: f64 = 0.25;

/// Runs that vary by less than the first number of deviations of the noise are not a burst, however small the step is:
/// five runs at one level may vary as much. Runs that vary by more than the second number are a burst, however high the
/// step is.
const CALM: (f64, f64) = (1.8, 2.5);

/// The number of runs from which on wild runs are not a burst.
const SETTLED: usize = 12;

/// In a line without an earlier change, a step must be this many deviations high to be left out of the noise before it
/// is certain. Otherwise the levels of machines that take turns would be left out, too.
const APART: f64 = 5.0;

/// A line that stayed at one level for this many runs does not come from machines that take turns of some days.
const KNOWN: usize = 40;

/// A level at least [`JUMP`] deviations away is not news if the line was there in one of this many runs before.
const USUAL_EVERY: usize = 40;

/// The share of a step by which it may miss a level and still count as reaching it: the level before the last change,
/// to which it returns, or one that a single run visits.
const RETURNED: f64 = 0.3;

impl Detector {
    /// Compares the last piece with the reported level; returns a change if they differ.
    pub(super) fn boundary(
        &mut self,
        off: &[f64],
        sums: &Prefix,
        level: Level,
        floor: f64,
    ) -> Option<Change> {
        let len = off.len();
        let at = *self.bounds.last()?;
        let from = self.bounds.len().checked_sub(2).map_or(0, |number| self.bounds[number]);
        if self.bounds.len() == 1 && at < MIN_AFTER {
            return None;
        }
        let noise = self.noise(off, &self.bounds, CAUTION, floor);
        let after = (len - at) as f64;
        let mean = sums.sum(at, len) / after;
        let wild: f64 = off[at..].iter().map(|value| (value - mean).powi(2)).sum();
        let deviation = noise.recent_deviation(wild, after - 1.0);
        let t = if self.bounds.len() == 1 {
            let step = Step::between(off, sums, (0, at, len), noise.correlation);
            step.height.abs() / noise.error_with_slow(step.height, step.error * deviation, at as f64)
        } else {
            let error = (noise.inflation() * (1.0 / after + 1.0 / level.runs)).sqrt();
            (mean + self.smooth[0] - level.median).abs()
                / noise.error_with_slow(mean + self.smooth[0] - level.median, error * deviation, level.runs)
        };
        let z = noise.normal(t);
        let (before, now) = (median_of(&self.values[from..at]), median_of(&self.values[at..]));
        let height = (now - level.median).abs();
        let is_told = z >= self.limit(len - at)
            && height >= SMALLEST * deviation
            && self.has_settled(at, before, noise.deviation)
            && self.has_lasted(at, level.median)
            && self.has_lasted(at, before)
            && !self.is_usual(at, before, now, noise.deviation)
            && self.is_patient(len - at, height / noise.deviation);
        if is_told { self.report(at, z, Kind::Step, level, noise) } else { None }
    }

    /// Looks for a step between the last runs and the rest of the last piece.
    pub(super) fn scan(&mut self, off: &[f64], sums: &Prefix, floor: f64) -> Option<Change> {
        let len = off.len();
        let from = self.bounds.last().copied().unwrap_or(0);
        let older = len - LOOK_BACK.min(len / 3);
        let bounds: Vec<usize> = self.bounds.iter().copied().filter(|bound| *bound < older).collect();
        // A new level must not become part of the noise before it is decided on.
        let noise_before = self.noise(&off[..older], &bounds, CAUTION, floor);
        let mut strongest: Option<(f64, usize, f64, Noise)> = None;
        for after in MIN_AFTER..=LOOK_BACK.min((len - from).saturating_sub(MIN_AFTER)) {
            let at = len - after;
            let noise =
                if at < older { self.noise_beside(off, at, floor, noise_before) } else { noise_before };
            let step = Step::between(off, sums, (from, at, len), noise.correlation);
            if step.height.abs() / (step.error * noise.deviation) < self.limit(after) {
                continue;
            }
            let deviation = recent(off, sums, (from.max(at.saturating_sub(FEWEST)), at, len), noise);
            let error = noise.error_with_slow(step.height, step.error * deviation, (at - from) as f64);
            let z = noise.normal(step.height / error);
            if z >= self.limit(after)
                && step.height.abs() >= SMALLEST * deviation
                && strongest.is_none_or(|(other, ..)| z > other)
            {
                strongest = Some((z, at, step.height, noise));
            }
        }
        let (z, at, height, noise) = strongest?;
        // Nor does the new level count towards the level before it.
        let level = self.level_within(&self.bounds_with(at));
        let (before, now) = (median_of(&self.values[from..at]), median_of(&self.values[at..]));
        let is_told = (now > before) == (now > level.median)
            && (now - before) * height.signum() >= AGREE * height.abs()
            && self.has_settled(at, before, noise.deviation)
            && self.has_lasted(at, before)
            && !self.is_usual(at, before, now, noise.deviation)
            && self.is_patient(len - at, (now - before).abs() / noise.deviation);
        if is_told { self.report(at, z, Kind::Step, level, noise) } else { None }
    }

    /// Returns the noise on both sides of a step at `at`, for a step so long that the noise `before` contains some of
    /// its runs. Returns `before` if there was no earlier change and the step is lower than [`APART`].
    fn noise_beside(&self, off: &[f64], at: usize, floor: f64, before: Noise) -> Noise {
        let beside = self.noise(off, &self.bounds_with(at), CAUTION, floor);
        let from = self.bounds.last().copied().unwrap_or(0);
        let mean = |part: &[f64]| part.iter().sum::<f64>() / part.len() as f64;
        let height = (mean(&off[at..]) - mean(&off[from..at])).abs();
        if self.memory.is_some() || height >= APART * beside.deviation { beside } else { before }
    }

    /// Returns the bounds of the pieces with one more at `at`, which divides the last one.
    fn bounds_with(&self, at: usize) -> Vec<usize> {
        self.bounds.iter().copied().chain([at]).collect()
    }

    /// Looks for a drift: compares the last runs with the reported level, whatever lies between.
    pub(super) fn creep(&mut self, off: &[f64], level: Level, floor: f64) -> Option<Change> {
        let len = off.len();
        let from = self.bounds.last().copied().unwrap_or(0);
        if len < 60 || len - from < 2 * LOOK_BACK || level.runs < 20.0 {
            return None;
        }
        let recent = off[len - LOOK_BACK..].iter().sum::<f64>() / LOOK_BACK as f64;
        let height = recent + self.smooth[0] - level.mean;
        let spread = (1.0 / LOOK_BACK as f64 + 1.0 / level.runs.min(40.0)).sqrt();
        let limit = DRIFT + self.settings.threshold - Settings::default().threshold;
        let quick = self.noise(off, &self.bounds, 0.0, floor);
        if height.abs() < limit * spread * quick.deviation {
            return None;
        }
        let last = &self.values[len - LOOK_BACK..];
        let now = median_of(last);
        let arrived = level.median + 0.4 * (now - level.median);
        let beyond = last.iter().filter(|value| (**value - arrived) * (now - level.median) > 0.0).count();
        if 3 * beyond < 2 * LOOK_BACK {
            return None;
        }
        // A drift must not count as correlation.
        let flat = without_line(off);
        let noise = Noise::within(&flat, &self.bounds, CAUTION).at_least(floor);
        let error =
            noise.error_with_slow(height, noise.deviation * noise.inflation().sqrt() * spread, level.runs);
        let z = noise.normal(height / error);
        if z < limit || (height > 0.0) != (now > level.median) {
            return None;
        }
        self.report(len - LOOK_BACK, z, Kind::Drift, level, noise)
    }

    /// The number of standard errors by which a step that has lasted `after` runs must differ.
    fn limit(&self, after: usize) -> f64 {
        self.settings.threshold + RISE * (after as f64 / MIN_AFTER as f64).ln()
    }

    /// Whether a line of this age may report a step of this `height`, in deviations, that has lasted `after` runs.
    fn is_patient(&self, after: usize, height: f64) -> bool {
        let missing = YOUNG.saturating_sub(self.total);
        // The level before the last change is well known.
        let is_known = self.memory.as_ref().is_some_and(|memory| memory.values.len() >= KNOWN);
        is_known
            || height >= GLARING
            || self.total >= INFANT && after >= MIN_AFTER + missing.div_ceil(PATIENCE)
    }

    /// Whether enough runs since `at` have left the level `before`, and most of the last ones have.
    fn has_lasted(&self, at: usize, before: f64) -> bool {
        let since = &self.values[at..];
        let now = median_of(since);
        let arrived = before + ARRIVED * (now - before);
        let beyond = |value: &&f64| if now > before { **value > arrived } else { **value < arrived };
        let last = since[since.len() - MIN_AFTER..].iter().filter(beyond).count();
        let count = since.iter().filter(beyond).count();
        count >= MIN_AFTER && 2 * last > MIN_AFTER && count as f64 >= PURE * since.len() as f64
    }

    /// Whether the runs since `at` agree with each other nearly as well as the runs of a level. A burst lies away from
    /// the old level, as a new level does, but does not last.
    fn has_settled(&self, at: usize, before: f64, deviation: f64) -> bool {
        let since = &self.values[at..];
        let now = median_of(since);
        // `max` and `min` ignore NaN.
        let calm = (SCATTERED * (now - before).abs()).max(CALM.0 * deviation).min(CALM.1 * deviation);
        let off: Vec<f64> = since.iter().map(|value| (value - now).abs()).collect();
        since.len() >= SETTLED || 1.4826 * median_of(&off) <= calm
    }

    /// Whether the line has been at the new level so often before that it is not news, as with machines that take
    /// turns. A return to the level before the last change is news however long the line was there.
    fn is_usual(&self, at: usize, before: f64, now: f64, deviation: f64) -> bool {
        let is_return = |memory: &Memory| (now - memory.level).abs() < RETURNED * (now - before).abs();
        if (now - before).abs() < JUMP * deviation
            || self.values.len() - at > LOOK_BACK
            || self.memory.as_ref().is_some_and(is_return)
        {
            return false;
        }
        let older = self.memory.as_ref().map_or(&[][..], |memory| &memory.values);
        let (mut visits, mut stays, mut length) = (0, 0, 0);
        for value in older.iter().chain(&self.values[..at]) {
            // A visit ends at the other level, not when noise moves a run a little towards it.
            let way = (*value - before) / (now - before);
            length = if way > 1.0 - RETURNED || length > 0 && way > 0.5 { length + 1 } else { 0 };
            visits += usize::from(length == 1);
            stays += usize::from(length == 2);
        }
        let runs = older.len() + self.values.len();
        stays > runs / USUAL_EVERY || visits > runs / (USUAL_EVERY / 3 + 2)
    }
}

/// Returns the deviation of the noise, raised if the runs around a split are wilder.
fn recent(off: &[f64], sums: &Prefix, (from, at, to): (usize, usize, usize), noise: Noise) -> f64 {
    let square = |from: usize, to: usize| {
        let mean = sums.sum(from, to) / (to - from) as f64;
        off[from..to].iter().map(|value| (value - mean).powi(2)).sum::<f64>()
    };
    noise.recent_deviation(square(from, at) + square(at, to), (to - from) as f64 - 2.0)
}

/// Returns `values` less their least-squares line.
fn without_line(values: &[f64]) -> Vec<f64> {
    let n = values.len() as f64;
    let middle = (n - 1.0) / 2.0;
    let mean = values.iter().sum::<f64>() / n;
    let along: f64 = values.iter().enumerate().map(|(i, value)| (i as f64 - middle) * (value - mean)).sum();
    let slope = along / (n * (n * n - 1.0) / 12.0).max(1.0);
    values.iter().enumerate().map(|(i, value)| value - slope * (i as f64 - middle)).collect()
}
