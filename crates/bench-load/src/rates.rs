//! The rates that a search tries.

use bench_record::{InvalidCause, Level, Validity};

/// The maximum number of rates that are tried.
const MOST_POINTS: usize = 16;

/// The number of steps between a rate and its double. The search ends when the rate is known to one step, 4.4 %.
const STEPS: i32 = 16;

/// The lowest rate that is tried, in steps from the first: a sixteenth. Each halving takes twice as long as the last
/// one, and if the rate is not the reason why the objective is missed, no rate is low enough.
const LOWEST: i32 = -4 * STEPS;

/// The rates of a search, one after another.
#[derive(Debug)]
pub(crate) struct Rates {
    /// The rate at step 0.
    unit: f64,
    first: i32,
    next: i32,
    met: Option<i32>,
    missed: Option<i32>,
    tried: usize,
    /// Whether the last one is to be tried once more.
    again: bool,
}

/// The result of a rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trial {
    Met,
    Missed,
    /// Requests failed. The search continues as if the objective were missed: fewer requests may be rejected at a
    /// lower rate.
    Failing,
    /// The harness was the bottleneck: on a shared machine, that may be momentary, and must not decide the direction
    /// of the search.
    Hindered,
}

impl Trial {
    pub(crate) fn of(level: &Level) -> Self {
        let Validity { valid, harness_bound, causes, .. } = &level.validity;
        match (valid, harness_bound) {
            (true, _) => Trial::Met,
            (false, true) => Trial::Hindered,
            (false, false) if causes.contains(&InvalidCause::Failures) => Trial::Failing,
            (false, false) => Trial::Missed,
        }
    }
}

impl Rates {
    /// Begins with this rate.
    pub(crate) fn from(rate: f64) -> Self {
        Rates { unit: rate, first: 0, next: 0, met: None, missed: None, tried: 0, again: false }
    }

    /// Begins with the power of two nearest to this rate, which may differ from round to round.
    pub(crate) fn near(rate: f64) -> Self {
        let first = STEPS * rate.log2().round() as i32;
        Rates { first, next: first, ..Rates::from(1.0) }
    }

    /// Returns the next rate to try; `None` when the search is over.
    pub(crate) fn next(&mut self) -> Option<f64> {
        if self.tried >= MOST_POINTS {
            return None;
        }
        let next = match (self.met, self.missed) {
            _ if self.again => self.next,
            (None, None) => self.next,
            (Some(met), None) => met + STEPS,
            (None, Some(missed)) if missed > self.first + LOWEST => missed - STEPS,
            (Some(met), Some(missed)) if missed > met + 1 => i32::midpoint(met, missed),
            _ => return None,
        };
        self.tried += 1;
        self.next = next;
        Some(self.rate(next))
    }

    /// Records the result of the last rate. A hindered one is tried once more; hindered twice counts as missed.
    pub(crate) fn tell(&mut self, trial: Trial) {
        self.again = trial == Trial::Hindered && !self.again;
        if !self.again {
            let bound = if trial == Trial::Met { &mut self.met } else { &mut self.missed };
            *bound = Some(self.next);
        }
    }

    /// Whether the next rate is the last one again.
    pub(crate) fn is_again(&self) -> bool {
        self.again
    }

    pub(crate) fn found(&self) -> Option<f64> {
        self.met.map(|step| self.rate(step))
    }

    /// Returns the reason why the highest rate is not known from both sides; `None` if it is.
    pub(crate) fn open_end(&self) -> Option<&'static str> {
        match (self.met, self.missed) {
            (Some(_), None) => Some(
                "the objective is met at every rate that was tried: the highest rate that meets it is not below this one, \
                 and not known; begin higher",
            ),
            (Some(met), Some(missed)) if missed > met + 1 => Some(
                "the search ended before the rate was known to 4.4 %: its bounds are those of the levels",
            ),
            _ => None,
        }
    }

    fn rate(&self, step: i32) -> f64 {
        self.unit * (f64::from(step) / f64::from(STEPS)).exp2()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trial(met: bool) -> Trial {
        if met { Trial::Met } else { Trial::Missed }
    }

    #[test]
    fn what_was_hindered_is_tried_once_more() {
        let mut rates = Rates::from(100.0);
        let told = [Trial::Hindered, Trial::Met, Trial::Hindered, Trial::Hindered, Trial::Met];
        let tried: Vec<f64> = told
            .into_iter()
            .map(|trial| {
                let rate = rates.next().expect("a rate").round();
                rates.tell(trial);
                rate
            })
            .collect();
        assert_eq!(tried, [100.0, 100.0, 200.0, 200.0, 141.0]);
        assert!(!rates.is_again());
    }

    #[test]
    fn the_highest_rate_is_found_from_either_side() {
        for from in [1.0, 37.0, 1900.0] {
            let mut rates = Rates::from(from);
            while let Some(rate) = rates.next() {
                rates.tell(trial(rate <= 123.0));
            }
            let found = rates.found().expect("a rate");
            assert!(found <= 123.0 && found * 1.045 > 123.0, "{from}: {found}");
        }
        let mut never = Rates::from(1.0);
        let mut tried = Vec::new();
        while let Some(rate) = never.next() {
            tried.push(rate);
            never.tell(trial(false));
        }
        assert_eq!(tried, [1.0, 0.5, 0.25, 0.125, 0.0625]);
        assert_eq!(never.found(), None);
    }

    #[test]
    fn a_bracket_that_is_not_closed_says_so() {
        let end = |limit: f64| {
            let mut rates = Rates::from(1.0);
            while let Some(rate) = rates.next() {
                rates.tell(trial(rate <= limit));
            }
            rates.open_end()
        };
        assert_eq!(end(123.0), None);
        assert!(end(f64::INFINITY).expect("open").contains("at every rate"));
        // Ten doublings leave too few trials for as many halvings.
        assert!(end(8000.0).expect("not closed").contains("4.4 %"));
        assert_eq!(end(0.0), None);
    }

    #[test]
    fn rounds_that_begin_elsewhere_try_the_same_rates() {
        let tried = |from: f64| {
            let mut rates = Rates::near(from);
            let mut tried = Vec::new();
            while let Some(rate) = rates.next() {
                tried.push(rate.to_bits());
                rates.tell(trial(rate <= 123.0));
            }
            (tried, rates.found())
        };
        let ((one, found), (other, found_too)) = (tried(51.0), tried(49.5));
        assert_eq!(found, found_too);
        let common = other.iter().filter(|rate| one.contains(rate)).count();
        assert!(common >= 2, "{one:?} {other:?}");
        assert_eq!(tried(50.0).0, tried(50.1).0);
    }
}
