//! One run after the other.

use super::autocorrelation::{autocorrelation, inflation, without_line};
use super::baseline::Baseline;
use super::segment::{ramps, split};
use super::{Change, Kind, LOOK_BACK, MIN_AFTER, MIN_BEFORE, shift};

/// What creeps is held against so many runs at the beginning of its segment.
const ANCHOR: usize = 30;

/// From so many runs on, the correlation of neighbours is known well enough to decide within [`LOOK_BACK`] runs.
const SETTLED: usize = 3 * LOOK_BACK;

/// What lies so many robust deviations from the median of the older runs, where hardly one of them was, is judged as if
/// they were independent: that neighbours resemble each other makes excursions longer, not higher.
const FAR: f64 = 4.0;

/// A deviation known from few runs may be half too small: `FAR · (1 + FEW / n)` for n of them.
const FEW: f64 = 5.0;

/// By how much more the scores must lie off where there are e times as many of them. Nearly all of the search for a
/// step goes by in its first runs, so that is where the false alarms that one can afford are spent.
const RISE: f64 = 0.3;

/// When to speak.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// Standard deviations that the scores of [`MIN_AFTER`] runs after a change must lie off; of more runs, a little
    /// more: 0.4 at [`LOOK_BACK`].
    pub threshold: f64,
    /// A change of the median by less than this share is of no interest.
    pub min_shift: f64,
}

impl Default for Settings {
    /// At most 0.2 false alarms in 1000 runs of independent or autocorrelated noise in long series, and changes of 0.5 %
    /// or more.
    fn default() -> Self {
        Settings { threshold: 3.85, min_shift: 0.005 }
    }
}

/// Finds the changes of one series as its runs come in. It holds no more than the runs since the last change.
#[derive(Clone, Debug)]
pub struct Detector {
    settings: Settings,
    /// The runs since the last change.
    segment: Vec<f64>,
    /// The number of the run at the beginning of `segment`, those that were passed over not counted…
    numbers: Vec<usize>,
    /// …and of the next run, all counted.
    next: usize,
    baseline: Baseline,
    anchor: Option<Baseline>,
    /// Whether the last runs would have been a change, were they independent.
    suspected: bool,
}

/// The strongest split that was seen.
#[derive(Clone, Copy)]
struct Candidate {
    /// Runs after it.
    after: usize,
    z: f64,
    kind: Kind,
    before: f64,
}

impl Detector {
    /// Nothing is known yet.
    pub fn new(settings: Settings) -> Self {
        Detector {
            settings,
            segment: Vec::new(),
            numbers: Vec::new(),
            next: 0,
            baseline: Baseline::default(),
            anchor: None,
            suspected: false,
        }
    }

    /// Forgets what came before the next run, as after a change that someone has accepted.
    pub fn restart(&mut self) {
        self.keep_last(0);
    }

    /// Runs since the last change.
    pub fn runs(&self) -> usize {
        self.segment.len()
    }

    /// Adds a run; what is not a finite number is counted and passed over. Answers with the change that this run
    /// has brought to light. It is told once: what follows is measured against the new level.
    pub fn push(&mut self, value: f64) -> Option<Change> {
        let number = self.next;
        self.next += 1;
        if !value.is_finite() {
            return None;
        }
        self.segment.push(value);
        self.numbers.push(number);
        let len = self.segment.len();
        if len < MIN_BEFORE + MIN_AFTER {
            return None;
        }
        // While there are few runs, most of them are needed to know what is usual, and what is suspected must not
        // become usual before it is decided.
        let recent = match len {
            ..SETTLED if self.suspected => 2 * LOOK_BACK,
            _ => LOOK_BACK.min(len / 3),
        };
        for older in self.baseline.len()..len.saturating_sub(recent).max(MIN_BEFORE) {
            self.baseline.insert(self.segment[older]);
        }
        if len == 2 * ANCHOR {
            self.anchor = Some(Baseline::of(&self.segment[..ANCHOR]));
        }
        let candidate = self.scan().or_else(|| self.creep())?;
        let change = self.change(candidate);
        self.keep_last(candidate.after);
        Some(change)
    }

    /// The split of the last runs whose scores lie furthest off.
    fn scan(&mut self) -> Option<Candidate> {
        let first = self.baseline.len();
        let mut strongest: Option<Candidate> = None;
        let (mut sum, mut correlation, mut reach) = (0.0, None, None);
        self.suspected = false;
        for (start, value) in self.segment.iter().enumerate().skip(first).rev() {
            sum += self.baseline.score(*value);
            let after = self.segment.len() - start;
            if after < MIN_AFTER || off(&self.baseline, sum, after, 0.0) < self.limit(after) {
                continue;
            }
            // Worth the cost only where independent runs would speak.
            self.suspected = true;
            let reach = *reach.get_or_insert_with(|| self.reach());
            let correlation = if self.is_far(after, reach) {
                0.0
            } else {
                *correlation.get_or_insert_with(|| autocorrelation(&self.older_scores()))
            };
            let z = off(&self.baseline, sum, after, correlation);
            if z >= strongest.map_or(self.limit(after), |other| other.z.max(self.limit(after))) {
                strongest = Some(Candidate { after, z, kind: Kind::Step, before: self.baseline.median() });
            }
        }
        let found = strongest.filter(|found| self.matters(*found))?;
        let len = self.segment.len();
        let at = split(&self.segment, len - found.after);
        if ramps(&self.segment, at) {
            return Some(Candidate { kind: Kind::Drift, ..found });
        }
        Some(Candidate { after: len - at, ..found })
    }

    /// The last runs against the first ones of the segment.
    fn creep(&self) -> Option<Candidate> {
        let len = self.segment.len();
        let anchor = self.anchor.as_ref()?;
        let sum: f64 = self.segment[len - LOOK_BACK..].iter().map(|value| anchor.score(*value)).sum();
        let limit = self.limit(LOOK_BACK);
        if off(anchor, sum, LOOK_BACK, 0.0) < limit {
            return None;
        }
        let correlation = autocorrelation(&without_line(&self.older_scores()));
        let z = off(anchor, sum, LOOK_BACK, correlation);
        let found = Candidate { after: LOOK_BACK, z, kind: Kind::Drift, before: anchor.median() };
        (z >= limit && self.matters(found)).then_some(found)
    }

    /// The scores of the baseline's own runs, in order of time.
    fn older_scores(&self) -> Vec<f64> {
        self.segment[..self.baseline.len()].iter().map(|value| self.baseline.score(*value)).collect()
    }

    /// How many standard deviations the scores of `after` runs must lie off.
    fn limit(&self, after: usize) -> f64 {
        self.settings.threshold + RISE * (after as f64 / MIN_AFTER as f64).ln()
    }

    /// How far from the median of the older runs a level may lie by their resembling their neighbours.
    fn reach(&self) -> f64 {
        FAR * (1.0 + FEW / self.baseline.len() as f64) * self.baseline.robust_deviation()
    }

    /// Whether the level of the last `after` runs lies beyond `reach`, and is new: at most one of the runs before them
    /// was there, such as a spike. Machines that take turns for days on end come back to levels that were there before.
    fn is_far(&self, after: usize, reach: f64) -> bool {
        let level = self.median_of_last(after);
        let off = level - self.baseline.median();
        let was_there = |value: &&f64| if off > 0.0 { **value >= level } else { **value <= level };
        let before = &self.segment[..self.segment.len() - after];
        // Where most runs are the very same, as whole pages of memory are, there is no deviation to measure by.
        reach > 0.0 && off.abs() > reach && before.iter().filter(was_there).take(2).count() < 2
    }

    fn matters(&self, found: Candidate) -> bool {
        shift(found.before, self.median_of_last(found.after)).abs() >= self.settings.min_shift
    }

    fn median_of_last(&self, runs: usize) -> f64 {
        Baseline::of(&self.segment[self.segment.len() - runs..]).median()
    }

    fn change(&self, found: Candidate) -> Change {
        Change {
            at: self.numbers[self.segment.len() - found.after],
            found: self.next - 1,
            kind: found.kind,
            before: found.before,
            after: self.median_of_last(found.after),
            z: found.z,
        }
    }

    fn keep_last(&mut self, runs: usize) {
        let gone = self.segment.len() - runs;
        self.segment.drain(..gone);
        self.numbers.drain(..gone);
        self.baseline = Baseline::default();
        self.anchor = None;
        self.suspected = false;
    }
}

/// How many standard deviations `sum`, the scores of `after` runs against `baseline`, lies off. All of them share
/// the baseline, whose own chance adds `after² / n`.
fn off(baseline: &Baseline, sum: f64, after: usize, correlation: f64) -> f64 {
    let m = after as f64;
    let shared = m * m / baseline.len() as f64;
    let variance = m * inflation(correlation, after) + shared * (1.0 + correlation) / (1.0 - correlation);
    sum.abs() / (baseline.score_variance() * variance).sqrt()
}
