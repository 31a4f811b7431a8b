//! One run after the other.

use super::noise::{CAUTION, Noise, clipped, reach};
use super::pieces::pieces;
use super::step::{Prefix, Step};
use super::{Change, FEWEST, Kind, LOOK_BACK, MIN_AFTER, median_of, shift};

/// Runs that are kept since the last change. The noise of the line is known well enough from as many, and finding
/// changes costs the same every night.
const WINDOW: usize = 400;

/// A stretch shorter than this is divided into pieces every night…
const SHORT: usize = 100;

/// …and a longer one as often as so many runs have come in.
const BETWEEN: usize = 8;

/// By how much farther off a step must lie if it has lasted e times as many runs. Nearly all of the search goes by
/// in the first runs after a split, so that is where the affordable false alarms are spent.
const RISE: f64 = 0.4;

/// A drift lies at least so many standard errors off.
const DRIFT: f64 = 5.0;

/// A step is at least so many deviations of the noise high. Smaller ones are found as drift.
const SMALLEST: f64 = 1.3;

/// The share of the way to the new level that a run has to go to count as arrived.
const ARRIVED: f64 = 0.33;

/// At least this share of the runs since a change has arrived: noise of two modes whose shares shift is no new level.
const PURE: f64 = 0.7;

/// The median and the estimate of a step agree to this share: a few wild runs make a mean, not a level.
const AGREE: f64 = 0.65;

/// While the whole line has fewer runs than this, a change must last longer than [`MIN_AFTER`]…
const YOUNG: usize = 60;

/// …by one run for so many that are missing: two machines that take turns of some days look like one change as long as neither
/// has come back.
const PATIENCE: usize = 7;

/// While the whole line has fewer runs than this, only steps of [`GLARING`] are reported.
const INFANT: usize = 25;

/// Steps so many deviations high need no patience.
const GLARING: f64 = 16.0;

/// A line that stayed at one level for so many runs is no machine that takes turns of some days.
const KNOWN: usize = 40;

/// A level so many deviations off is not news if the line has been there once in so many runs already.
const USUAL_HEIGHT: f64 = 4.0;
const USUAL_EVERY: usize = 40;

/// An excursion that is over within so many runs leaves the stretch before it as it was.
const EXCURSION: usize = 30;

/// Whether a change has come to nothing is looked at from so many runs after it…
const DOUBT_FROM: usize = 15;

/// …to so many.
const DOUBT_TO: usize = 60;

/// When to report.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// Standard errors that a step which has lasted [`MIN_AFTER`] runs must lie off; one that has lasted longer, a little
    /// more.
    pub threshold: f64,
    /// A change of the median by less than this share is not reported. No figure is taken to repeat more exactly than
    /// a quarter of it.
    pub min_shift: f64,
}

impl Default for Settings {
    /// About 0.2 false alarms in 1000 runs of independent or autocorrelated noise, and changes of 0.5 % or more.
    fn default() -> Self {
        Settings { threshold: 3.8, min_shift: 0.005 }
    }
}

/// What is known from before the last change.
#[derive(Clone, Debug)]
struct Memory {
    level: f64,
    noise: Noise,
    values: Vec<f64>,
    numbers: Vec<usize>,
}

/// The level that was last reported, or the first one of the line.
#[derive(Clone, Copy, Debug)]
struct Level {
    median: f64,
    /// Mean of the clipped runs that it rests on, and their number.
    mean: f64,
    runs: f64,
}

/// Finds the changes of one series as its runs come in.
#[derive(Clone, Debug)]
pub struct Detector {
    settings: Settings,
    /// The runs since the last change, at most [`WINDOW`] and a quarter…
    values: Vec<f64>,
    /// …clipped…
    smooth: Vec<f64>,
    /// …and their numbers.
    numbers: Vec<usize>,
    /// The number of the next run, those that were passed over counted.
    next: usize,
    /// Runs since the line began, or was restarted.
    total: usize,
    /// The first run of every piece but the first.
    bounds: Vec<usize>,
    /// How many runs there were when `bounds` were found.
    divided: usize,
    /// For how many nights in a row fewer pieces were found than before.
    lost: usize,
    reach: f64,
    /// The level, once the runs that it rests on are no longer kept.
    level: Option<Level>,
    memory: Option<Memory>,
    changes: Vec<Change>,
    /// Whether the last change is still open to doubt.
    is_open: bool,
}

impl Detector {
    /// Returns a detector that knows nothing yet.
    pub fn new(settings: Settings) -> Self {
        Detector {
            settings,
            values: Vec::new(),
            smooth: Vec::new(),
            numbers: Vec::new(),
            next: 0,
            total: 0,
            bounds: Vec::new(),
            divided: 0,
            lost: 0,
            reach: 0.0,
            level: None,
            memory: None,
            changes: Vec::new(),
            is_open: false,
        }
    }

    /// Forgets all runs, as after a change that someone has accepted. What was reported stays.
    pub fn restart(&mut self) {
        self.keep_from(self.values.len());
        self.memory = None;
        self.total = 0;
        self.is_open = false;
    }

    /// Returns how many runs since the last change are kept.
    pub fn runs(&self) -> usize {
        self.values.len()
    }

    /// Returns all changes as they stand now, in the order in which they were found.
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// Returns all changes as they stand now.
    pub fn into_changes(self) -> Vec<Change> {
        self.changes
    }

    /// Adds a run; a value that is not a finite number is counted and passed over. Returns the change that this run has
    /// brought to light. Each change is returned once; see [`Detector::changes`] for what has become of it.
    pub fn push(&mut self, value: f64) -> Option<Change> {
        let number = self.next;
        self.next += 1;
        if !value.is_finite() {
            return None;
        }
        self.values.push(value);
        self.numbers.push(number);
        self.total += 1;
        if self.values.len() > WINDOW + WINDOW / 4 {
            self.forget(WINDOW / 4);
        }
        if self.is_open {
            self.doubt(number);
        }
        let found = self.judge()?;
        self.changes.push(found);
        Some(found)
    }

    /// Forgets the oldest runs of the stretch, but not its level.
    fn forget(&mut self, runs: usize) {
        self.level = Some(self.level());
        self.values.drain(..runs);
        self.smooth.drain(..runs.min(self.smooth.len()));
        self.numbers.drain(..runs);
        self.bounds = self
            .bounds
            .iter()
            .filter_map(|bound| bound.checked_sub(runs))
            .filter(|bound| *bound > 1)
            .collect();
        self.divided = self.divided.saturating_sub(runs);
    }

    /// The last level that was reported, or the first of the line that lasted. The first runs after a change are left out once there are
    /// enough others.
    fn level(&self) -> Level {
        if let Some(level) = self.level {
            return level;
        }
        let mut from = 0;
        let mut to = self.values.len();
        for bound in self.bounds.iter().copied().chain([self.values.len()]) {
            if bound - from >= MIN_AFTER {
                to = bound;
                break;
            }
            from = bound;
        }
        let from = if to - from >= 40 { from + MIN_AFTER } else { from };
        let to = to.min(from + 60);
        let mean_of = &self.smooth[from.min(self.smooth.len())..to.min(from + 40).min(self.smooth.len())];
        Level {
            median: median_of(&self.values[from..to]),
            mean: mean_of.iter().sum::<f64>() / mean_of.len() as f64,
            runs: (to - from) as f64,
        }
    }

    fn judge(&mut self) -> Option<Change> {
        let len = self.values.len();
        if len < 2 * MIN_AFTER || self.total < FEWEST {
            return None;
        }
        let middle = self.level.map_or_else(|| median_of(&self.values[..len.min(60)]), |level| level.median);
        let floor = (self.settings.min_shift / 4.0).max(1e-9) * middle.abs();
        // A boundary is settled only once some runs have come in after it.
        let is_fresh = self.bounds.last().is_some_and(|bound| bound + 2 * LOOK_BACK > len);
        let is_due = len < SHORT || is_fresh || self.lost > 0 || len >= self.divided + BETWEEN;
        if is_due {
            self.reach = reach(&self.values, floor);
            self.smooth.clear();
        }
        // The last runs are clipped by neighbours that were not known yet.
        self.smooth.truncate(self.smooth.len().saturating_sub(5));
        for at in self.smooth.len()..len {
            self.smooth.push(clipped(&self.values, at, self.reach).clamp(-1e140, 1e140));
        }
        let middle = self.smooth[0];
        let off: Vec<f64> = self.smooth.iter().map(|value| value - middle).collect();
        let sums = Prefix::of(&off);
        if is_due {
            let is_whole = self.level.is_none() && self.memory.is_none();
            let found =
                pieces(&off, &sums, is_whole, |bounds, caution| self.noise(&off, bounds, caution, floor));
            // A new level that is not a piece yet hides the older ones for a night or two.
            self.lost = if len >= SHORT && found.len() < self.bounds.len() && self.lost < BETWEEN {
                self.lost + 1
            } else {
                0
            };
            if self.lost == 0 {
                self.bounds = found;
            }
            self.divided = len;
        }
        let level = self.level();
        self.boundary(&off, &sums, level, floor)
            .or_else(|| self.scan(&off, &sums, level, floor))
            .or_else(|| self.creep(&off, level, floor))
    }

    /// The noise within pieces, with what is remembered of it.
    fn noise(&self, values: &[f64], bounds: &[usize], caution: f64, floor: f64) -> Noise {
        let own = Noise::within(values, bounds, caution);
        let Some(memory) = &self.memory else { return own.at_least(floor) };
        // What takes longer varies more; whether what takes less varies less is not known yet.
        let scale = (self.level().median / memory.level).abs();
        let scale = if scale.is_finite() { scale.max(1.0) } else { 1.0 };
        own.with(memory.noise, scale).at_least(floor)
    }

    /// The last piece against the reported level.
    fn boundary(&mut self, off: &[f64], sums: &Prefix, level: Level, floor: f64) -> Option<Change> {
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
            step.height.abs() / step.error
        } else {
            let error = (noise.inflation() * (1.0 / after + 1.0 / level.runs)).sqrt();
            (mean + self.smooth[0] - level.median).abs() / error
        };
        let z = noise.normal(t / deviation);
        let (before, now) = (median_of(&self.values[from..at]), median_of(&self.values[at..]));
        let height = (now - level.median).abs();
        let is_told = z >= self.limit(len - at)
            && height >= SMALLEST * deviation
            && self.has_lasted(at, level.median)
            && self.has_lasted(at, before)
            && !self.is_usual(at, before, now, noise.deviation)
            && self.is_patient(len - at, height / noise.deviation);
        if is_told { self.report(at, z, Kind::Step, level, noise) } else { None }
    }

    /// The last runs against the rest of the last piece.
    fn scan(&mut self, off: &[f64], sums: &Prefix, level: Level, floor: f64) -> Option<Change> {
        let len = off.len();
        let from = self.bounds.last().copied().unwrap_or(0);
        let older = len - LOOK_BACK.min(len / 3);
        let bounds: Vec<usize> = self.bounds.iter().copied().filter(|bound| *bound < older).collect();
        // A new level must not become part of the noise before it is decided on.
        let noise = self.noise(&off[..older], &bounds, CAUTION, floor);
        let mut strongest: Option<(f64, usize, f64)> = None;
        for after in MIN_AFTER..=LOOK_BACK.min((len - from).saturating_sub(MIN_AFTER)) {
            let at = len - after;
            let step = Step::between(off, sums, (from, at, len), noise.correlation);
            if step.height.abs() / (step.error * noise.deviation) < self.limit(after) {
                continue;
            }
            let deviation = recent(off, sums, (from.max(at.saturating_sub(FEWEST)), at, len), noise);
            let z = noise.normal(step.height / (step.error * deviation));
            if z >= self.limit(after)
                && step.height.abs() >= SMALLEST * deviation
                && strongest.is_none_or(|(other, ..)| z > other)
            {
                strongest = Some((z, at, step.height));
            }
        }
        let (z, at, height) = strongest?;
        let (before, now) = (median_of(&self.values[from..at]), median_of(&self.values[at..]));
        let is_told = (now > before) == (now > level.median)
            && (now - before) * height.signum() >= AGREE * height.abs()
            && self.has_lasted(at, before)
            && !self.is_usual(at, before, now, noise.deviation)
            && self.is_patient(len - at, (now - before).abs() / noise.deviation);
        if is_told { self.report(at, z, Kind::Step, level, noise) } else { None }
    }

    /// The last runs against the reported level, whatever lies between.
    fn creep(&mut self, off: &[f64], level: Level, floor: f64) -> Option<Change> {
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
        // What creeps is not correlation.
        let flat = without_line(off);
        let noise = Noise::within(&flat, &self.bounds, CAUTION).at_least(floor);
        let z = noise.normal(height / (noise.deviation * noise.inflation().sqrt() * spread));
        if z < limit || (height > 0.0) != (now > level.median) {
            return None;
        }
        self.report(len - LOOK_BACK, z, Kind::Drift, level, noise)
    }

    /// How many standard errors off a step must lie that has lasted `after` runs.
    fn limit(&self, after: usize) -> f64 {
        self.settings.threshold + RISE * (after as f64 / MIN_AFTER as f64).ln()
    }

    /// Whether a line as young as this may report a step.
    fn is_patient(&self, after: usize, height: f64) -> bool {
        let missing = YOUNG.saturating_sub(self.total);
        // What the level before the last change was like is known.
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

    /// Whether the line has been at the new level so often that it is not news, as with machines that take turns.
    fn is_usual(&self, at: usize, before: f64, now: f64, deviation: f64) -> bool {
        if (now - before).abs() < USUAL_HEIGHT * deviation || self.values.len() - at > LOOK_BACK {
            return false;
        }
        let older = self.memory.as_ref().map_or(&[][..], |memory| &memory.values);
        let (mut visits, mut stays, mut length) = (0, 0, 0);
        for value in older.iter().chain(&self.values[..at]) {
            // A visit ends at the other level, not where noise leads away a little.
            let way = (*value - before) / (now - before);
            length = if way > 0.7 || length > 0 && way > 0.5 { length + 1 } else { 0 };
            visits += usize::from(length == 1);
            stays += usize::from(length == 2);
        }
        let runs = older.len() + self.values.len();
        stays > runs / USUAL_EVERY || visits > runs / (USUAL_EVERY / 3 + 2)
    }

    /// Reports a change, and begins a new stretch with it.
    fn report(&mut self, at: usize, z: f64, kind: Kind, level: Level, noise: Noise) -> Option<Change> {
        let before = level.median;
        let (at, earliest, latest) = match kind {
            Kind::Step => self.place(at, noise),
            Kind::Drift => (at, at, at),
        };
        let after = median_of(&self.values[at..]);
        // A shift that is no number is none that could be told.
        let moved = shift(before, after).abs();
        if moved.is_nan() || moved < self.settings.min_shift || before == after {
            return None;
        }
        let back = self.memory.as_ref().is_some_and(|memory| {
            let runs = (self.values.len() - at) as f64;
            let error = noise.deviation * (noise.inflation() * (1.0 / runs + 1.0 / 30.0)).sqrt();
            let off = (after - memory.level).abs();
            off <= (3.0 * error).max(self.settings.min_shift * memory.level.abs())
                && (before - memory.level).abs() > 2.0 * off
        });
        let number = |at: usize| self.numbers[at];
        let change = Change {
            at: number(at),
            earliest: number(earliest),
            latest: number(latest),
            found: self.next - 1,
            kind,
            before,
            after,
            z,
            back,
            withdrawn: None,
        };
        match self.memory.take() {
            Some(memory) if back && at <= EXCURSION => self.rejoin(memory),
            _ => {
                let values = self.values[..at].to_vec();
                let numbers = self.numbers[..at].to_vec();
                self.keep_from(at);
                self.memory = Some(Memory { level: before, noise, values, numbers });
                self.is_open = true;
            }
        }
        Some(change)
    }

    /// Takes up the stretch before the last change again, whose level is the level of the line once more.
    fn rejoin(&mut self, memory: Memory) {
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

    /// Keeps the runs from `at` on.
    fn keep_from(&mut self, at: usize) {
        self.values.drain(..at);
        self.numbers.drain(..at);
        self.smooth.clear();
        self.bounds.clear();
        self.divided = 0;
        self.lost = 0;
        self.level = None;
    }

    /// Looks again at the last change: where it lies, and whether it has come to nothing.
    fn doubt(&mut self, number: usize) {
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

    /// Where a step near `near` lies, and the first and last run at which it may lie instead: with twice the logarithm of the
    /// likelihood less than 7.7 below the best (95 %; Hinkley, "Inference about the change-point in a sequence of random
    /// variables", Biometrika 57, 1970), runs clipped, and correlated ones counted as fewer.
    fn place(&self, near: usize, noise: Noise) -> (usize, usize, usize) {
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
        // Moving the step past a run exchanges what that run is measured against.
        let scale = noise.deviation * noise.inflation().sqrt();
        let square = |value: f64, level: f64| ((value - level) / scale).clamp(-4.0, 4.0).powi(2);
        let mut costs = vec![0.0];
        for value in &self.values[from..to] {
            let cost = costs.last().copied().unwrap_or(0.0);
            costs.push(cost + square(*value, before) - square(*value, after));
        }
        let (best, least) = costs.iter().enumerate().take(last.max(near) - from + 1).fold(
            (0, f64::INFINITY),
            |best, (number, cost)| if *cost < best.1 { (number, *cost) } else { best },
        );
        let is_possible = |cost: &f64| *cost <= least + BELOW;
        let earliest = costs.iter().position(is_possible).unwrap_or(best);
        let latest = costs.iter().rposition(is_possible).unwrap_or(best);
        (from + best, from + earliest, from + latest)
    }
}

/// Returns where the step between `before` and `after` lies, from run `from` of `before` to its end: with the least
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
        cost += (before[at] - new).abs() - (before[at] - old).abs();
        if cost < best.0 {
            best = (cost, at);
        }
    }
    best.1
}

/// The deviation of the runs around a split, if they are wilder than the noise.
fn recent(off: &[f64], sums: &Prefix, (from, at, to): (usize, usize, usize), noise: Noise) -> f64 {
    let square = |from: usize, to: usize| {
        let mean = sums.sum(from, to) / (to - from) as f64;
        off[from..to].iter().map(|value| (value - mean).powi(2)).sum::<f64>()
    };
    noise.recent_deviation(square(from, at) + square(at, to), (to - from) as f64 - 2.0)
}

/// Returns `values` without their line of least squares.
fn without_line(values: &[f64]) -> Vec<f64> {
    let n = values.len() as f64;
    let middle = (n - 1.0) / 2.0;
    let mean = values.iter().sum::<f64>() / n;
    let along: f64 = values.iter().enumerate().map(|(i, value)| (i as f64 - middle) * (value - mean)).sum();
    let slope = along / (n * (n * n - 1.0) / 12.0).max(1.0);
    values.iter().enumerate().map(|(i, value)| value - slope * (i as f64 - middle)).collect()
}
