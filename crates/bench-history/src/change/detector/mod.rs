//! Detects the changes of a series, run by run.

mod decide;
mod revise;
mod slope;

use super::noise::{Noise, clipped, reach};
use super::pieces::pieces;
use super::step::Prefix;
use super::{Change, FEWEST, Kind, LOOK_BACK, MIN_AFTER, median_of, shift};

/// The number of runs that are kept since the last change. They are enough to know the noise of the line, and limit the
/// cost of each night.
const WINDOW: usize = 400;

/// A stretch shorter than this is divided into pieces every night.
const SHORT: usize = 100;

/// A stretch of at least [`SHORT`] runs is divided into pieces once in this many runs.
const BETWEEN: usize = 8;

/// The largest number of runs of an excursion after which the stretch before it is continued.
const EXCURSION: usize = 30;

/// The conditions for reporting a change.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// The distance, in standard errors, from which on a step that has lasted [`MIN_AFTER`] runs is reported; for one
    /// that has lasted longer, a little more.
    pub threshold: f64,
    /// A change of the median by less than this share is not reported. The noise of a figure is assumed to be at least
    /// a quarter of this share.
    pub min_shift: f64,
}

impl Default for Settings {
    /// Reports changes of 0.5 % or more, with about 0.2 false alarms in 1000 runs of independent or autocorrelated
    /// noise.
    fn default() -> Self {
        Settings { threshold: 3.7, min_shift: 0.005 }
    }
}

/// The level, the noise and the runs before the last change.
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
    /// The mean of the clipped runs from which the level is estimated, and their number.
    mean: f64,
    runs: f64,
}

/// Finds the changes of one series as its runs come in.
#[derive(Clone, Debug)]
pub struct Detector {
    settings: Settings,
    /// The runs since the last change: at most 1.25 times [`WINDOW`].
    values: Vec<f64>,
    /// The clipped values of these runs.
    smooth: Vec<f64>,
    /// The numbers of these runs.
    numbers: Vec<usize>,
    /// The number of the next run, including skipped ones.
    next: usize,
    /// The number of runs since the line began, or was restarted.
    total: usize,
    /// The first run of every piece but the first.
    bounds: Vec<usize>,
    /// The number of runs when `bounds` were found.
    divided: usize,
    /// The number of nights in a row on which fewer pieces were found than before.
    lost: usize,
    reach: f64,
    /// The level, once the runs that it rests on are no longer kept.
    level: Option<Level>,
    memory: Option<Memory>,
    changes: Vec<Change>,
    /// Whether the last change may still be moved or withdrawn.
    is_open: bool,
}

impl Detector {
    /// Creates a detector without any runs.
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

    /// Forgets all runs, as after a change that was accepted. Reported changes are kept.
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

    /// Adds a run; a value that is not a finite number is counted and skipped. Returns the change that this run has
    /// revealed. Each change is returned once; see [`Detector::changes`] for its later state.
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

    /// Returns the level that was last reported, or the first of the line that lasted. The first runs after a change
    /// are left out once there are enough others.
    fn level(&self) -> Level {
        self.level_within(&self.bounds)
    }

    /// Returns the same level for a stretch that is divided at `bounds`.
    fn level_within(&self, bounds: &[usize]) -> Level {
        if let Some(level) = self.level {
            return level;
        }
        let mut from = 0;
        let mut to = self.values.len();
        for bound in bounds.iter().copied().chain([self.values.len()]) {
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
        // The last runs were clipped before their later neighbours were known.
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
            .or_else(|| self.scan(&off, &sums, floor))
            .or_else(|| self.creep(&off, level, floor))
    }

    /// Returns the noise within pieces, averaged with the noise that is remembered from before the last change.
    fn noise(&self, values: &[f64], bounds: &[usize], caution: f64, floor: f64) -> Noise {
        let own = Noise::within(values, bounds, caution);
        let Some(memory) = &self.memory else { return own.at_least(floor) };
        // A higher level varies more; whether a lower one varies less is not known yet.
        let scale = (self.level().median / memory.level).abs();
        let scale = if scale.is_finite() { scale.max(1.0) } else { 1.0 };
        own.at_least(floor).with(memory.noise, scale)
    }

    /// Returns a change, and begins a new stretch with it; `None` if it is too small.
    fn report(&mut self, at: usize, z: f64, kind: Kind, level: Level, noise: Noise) -> Option<Change> {
        let before = level.median;
        // A step that a slope explains better is only the run at which the slope is high enough, or a bad night.
        let (at, kind) = match kind {
            Kind::Step if self.crept(at) => (self.values.len() - LOOK_BACK, Kind::Drift),
            other => (at, other),
        };
        let (at, earliest, latest) = match kind {
            Kind::Step => self.place(at, noise),
            Kind::Drift => (at, at, at),
        };
        let after = median_of(&self.values[at..]);
        // A shift that is not a number cannot be reported.
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

    /// Whether a slope explains the runs since the beginning of the piece before `at` better than a step at `at`.
    fn crept(&self, at: usize) -> bool {
        let from = self.bounds.iter().copied().filter(|bound| *bound < at).max().unwrap_or(0);
        slope::explains_better(&self.smooth[from..], at - from)
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
}
