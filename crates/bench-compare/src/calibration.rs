//! Calibration: the rate of wrong comparisons, measured by comparing a program with itself.

use serde::{Deserialize, Serialize};

use super::{Follow, PairedComparison, Rules, Side, Symmetry, compare};
use bench_record::{RunError, RunState, Verdict};
use bench_runner::selection::Selection;
use bench_stats as stats;
use bench_stats::seed::mix;
use bench_stats::{Interval, proportion_interval};

/// The name by which a `calibration.json` is recognized.
const FORMAT: &str = "bench-calibration";

/// Version of the document's schema.
///
/// | version | what changed |
/// |---|---|
/// | 1 | first version |
const SCHEMA_VERSION: u32 = 1;

/// A program compared with itself many times.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Calibration {
    /// The name of the format: `bench-calibration`.
    pub format: String,
    /// The version of this schema.
    pub schema_version: u32,
    /// The cases, in the order of their ids.
    pub cases: Vec<CalibratedCase>,
    /// The counts over all cases.
    pub suite: Tally,
    /// The side to which all estimates leaned. `None` if work was injected, so that they lean on purpose, or in an
    /// older file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub symmetry: Option<Symmetry>,
    /// Every comparison, with all its measurements.
    pub comparisons: Vec<PairedComparison>,
}

/// The results of comparisons whose true change is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Tally {
    /// Comparisons that were measured.
    pub comparisons: u64,
    /// Verdicts `slower`.
    pub slower: u64,
    /// Verdicts `faster`.
    pub faster: u64,
    /// Verdicts `same`.
    pub same: u64,
    /// Verdicts `unsure`.
    pub unsure: u64,
    /// Comparisons with an interval of the ratio.
    pub intervals: u64,
    /// Intervals that contain the true ratio: 1, or the injected one.
    pub covering: u64,
    /// Comparisons whose smallest effect shows that they can detect the injected change.
    pub able: u64,
    /// Verdicts `slower` among these.
    pub able_slower: u64,
}

/// The result of a calibration for one case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CalibratedCase {
    /// The case.
    pub id: String,
    /// The results of its comparisons.
    pub tally: Tally,
    /// The side to which its estimates leaned, as in [`Calibration::symmetry`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub symmetry: Option<Symmetry>,
    /// The median, over the comparisons, of the spread between process pairs, as a standard deviation of log ratios.
    pub spread_between: Option<f64>,
    /// The same for the spread within a process pair.
    pub spread_within: Option<f64>,
    /// The median, over the comparisons, of the smallest change that can be seen in 1, 5 and 30 seconds.
    pub smallest_effects: [Option<f64>; 3],
    /// Mean time of a comparison, both sides together, in seconds.
    pub seconds: f64,
}

impl Tally {
    /// Returns the share of comparisons that reported a change although there was none, and its 95 % interval.
    pub fn false_alarms(&self) -> (f64, Interval) {
        share(self.slower + self.faster, self.comparisons)
    }

    /// Returns the share of intervals that contain the true change.
    pub fn coverage(&self) -> (f64, Interval) {
        share(self.covering, self.intervals)
    }

    /// Returns the share of `slower` among comparisons that can detect the injected change.
    pub fn power(&self) -> (f64, Interval) {
        share(self.able_slower, self.able)
    }

    fn add(&mut self, other: &Tally) {
        let pairs = [
            (&mut self.comparisons, other.comparisons),
            (&mut self.slower, other.slower),
            (&mut self.faster, other.faster),
            (&mut self.same, other.same),
            (&mut self.unsure, other.unsure),
            (&mut self.intervals, other.intervals),
            (&mut self.covering, other.covering),
            (&mut self.able, other.able),
            (&mut self.able_slower, other.able_slower),
        ];
        for (sum, more) in pairs {
            *sum += more;
        }
    }
}

fn share(hits: u64, of: u64) -> (f64, Interval) {
    (if of == 0 { f64::NAN } else { hits as f64 / of as f64 }, proportion_interval(hits, of))
}

/// Compares a program with itself `repeats` times. If interrupted, returns the comparisons until then.
///
/// With `layouts`, both sides are the same code in different layouts: for each comparison, this many of the side's
/// layouts are drawn for the base, and as many others for the candidate.
///
/// # Errors
/// Same as [`compare`](super::compare()); [`RunError::Usage`] if the side has fewer layouts than two sides need.
pub fn calibrate(
    side: &Side,
    selection: &Selection,
    rules: &Rules,
    repeats: u32,
    layouts: Option<usize>,
    follow: &mut dyn Follow,
) -> Result<Calibration, RunError> {
    let mut comparisons = Vec::new();
    for repeat in 0..repeats {
        let rules = Rules { seed: mix(rules.seed.wrapping_add(u64::from(repeat))), ..rules.clone() };
        follow.begins(repeat, repeats);
        let [base, candidate] = match layouts {
            Some(number) => side.apart(number, rules.seed)?,
            None => [side.clone(), side.clone()],
        };
        let comparison = compare(&base, &candidate, selection, &rules, follow)?;
        let interrupted = comparison.state == RunState::Interrupted;
        comparisons.push(comparison);
        if interrupted {
            break;
        }
    }
    Ok(Calibration::of(comparisons))
}

impl Calibration {
    /// Summarizes comparisons of a program with itself.
    pub fn of(comparisons: Vec<PairedComparison>) -> Self {
        let mut ids: Vec<&str> =
            comparisons.iter().flat_map(|one| &one.cases).map(|case| case.compared.id.as_str()).collect();
        ids.sort_unstable();
        ids.dedup();
        let cases: Vec<CalibratedCase> = ids.into_iter().map(|id| calibrated(id, &comparisons)).collect();
        let mut suite = Tally::default();
        cases.iter().for_each(|case| suite.add(&case.tally));
        let symmetry = symmetry(&comparisons, |_| true);
        Calibration {
            format: FORMAT.to_owned(),
            schema_version: SCHEMA_VERSION,
            cases,
            suite,
            symmetry,
            comparisons,
        }
    }

    /// Whether a case has failed.
    pub fn failed(&self) -> bool {
        self.comparisons.iter().any(|comparison| comparison.with(Verdict::Failed).next().is_some())
    }

    /// Whether it was interrupted.
    pub fn is_interrupted(&self) -> bool {
        self.comparisons.iter().any(|comparison| comparison.state == RunState::Interrupted)
    }
}

/// Returns the cases whose ids are `wanted` and that have not failed, each with the injected change. Interrupted
/// comparisons are left out, since their cases stopped before they were decided.
fn counted(
    comparisons: &[PairedComparison],
    wanted: impl Fn(&str) -> bool,
) -> impl Iterator<Item = (f64, &super::PairedCase)> {
    let whole = comparisons.iter().filter(|comparison| comparison.state == RunState::Complete);
    whole
        .flat_map(|comparison| comparison.cases.iter().map(move |case| (comparison.rules.inject, case)))
        .filter(move |(_, case)| wanted(&case.compared.id) && case.compared.verdict != Verdict::Failed)
}

/// Returns the side to which the estimates of the `wanted` cases leaned; `None` if anything was injected.
fn symmetry(comparisons: &[PairedComparison], wanted: impl Fn(&str) -> bool) -> Option<Symmetry> {
    let is_injected = comparisons.iter().any(|comparison| comparison.rules.inject > 0.0);
    (!is_injected)
        .then(|| Symmetry::of(counted(comparisons, wanted).filter_map(|(_, case)| case.compared.change)))
}

fn calibrated(id: &str, comparisons: &[PairedComparison]) -> CalibratedCase {
    let cases: Vec<_> = counted(comparisons, |case| case == id).collect();
    let mut tally = Tally::default();
    for (inject, case) in &cases {
        let compared = &case.compared;
        let one = |yes: bool| u64::from(yes);
        let is = |verdict| one(compared.verdict == verdict);
        let able = *inject > 0.0 && compared.smallest_effect.is_some_and(|effect| effect <= *inject);
        tally.add(&Tally {
            comparisons: 1,
            slower: is(Verdict::Slower),
            faster: is(Verdict::Faster),
            same: is(Verdict::Same),
            unsure: is(Verdict::Unsure),
            intervals: one(compared.interval.is_some()),
            covering: one(compared
                .interval
                .is_some_and(|interval| interval.low <= *inject && *inject <= interval.high)),
            able: one(able),
            able_slower: one(able && compared.verdict == Verdict::Slower),
        });
    }
    let median = |figure: &dyn Fn(&super::PairedCase) -> Option<f64>| {
        stats::median(&stats::sorted(&cases.iter().filter_map(|(_, case)| figure(case)).collect::<Vec<_>>()))
    };
    CalibratedCase {
        id: id.to_owned(),
        tally,
        symmetry: symmetry(comparisons, |case| case == id),
        spread_between: median(&|case| case.spread_between),
        spread_within: median(&|case| case.spread_within),
        smallest_effects: [0, 1, 2].map(|which| median(&|case| case.smallest_effects[which])),
        seconds: stats::mean(&cases.iter().map(|(_, case)| case.seconds).collect::<Vec<_>>())
            .unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::trial::Trial;
    use super::super::trial::tests::around;
    use super::*;

    fn comparison(inject: f64, log_ratios: &[f64], state: RunState) -> PairedComparison {
        let rules = Rules { inject, max_time: Duration::from_secs(3), ..Rules::default() };
        let trial = Trial::told(log_ratios, 2.0);
        let verdict = trial.verdict(true);
        let cases = vec![trial.into_case(verdict, &rules, 1)];
        PairedComparison { state, rules, ..PairedComparison::of_cases(cases) }
    }

    #[test]
    fn same_against_same_is_tallied() {
        let of = |centre, spread| comparison(0.0, &around(centre, spread, 40), RunState::Complete);
        let found = Calibration::of(vec![of(0.0, 0.004), of(0.0, 0.2), of(0.05, 0.004), of(-0.05, 0.004)]);
        let expected = Tally {
            comparisons: 4,
            same: 1,
            unsure: 1,
            slower: 1,
            faster: 1,
            intervals: 4,
            covering: 2,
            able: 0,
            able_slower: 0,
        };
        assert_eq!((found.suite, found.cases[0].tally), (expected, expected));
        assert!((found.suite.false_alarms().0 - 0.5).abs() < 1e-12);
        assert!((found.suite.coverage().0 - 0.5).abs() < 1e-12);
        assert!(found.suite.power().0.is_nan(), "nothing was injected");
        assert!((found.cases[0].seconds - 2.0).abs() < 1e-9);
    }

    /// A comparison counts towards the power if its smallest effect shows that the injected change can be seen.
    #[test]
    fn what_is_injected_is_the_truth() {
        let of =
            |centre: f64, spread| comparison(0.05, &around(centre.ln_1p(), spread, 40), RunState::Complete);
        let found = Calibration::of(vec![of(0.05, 0.004), of(0.0, 0.004), of(0.05, 0.5)]).suite;
        assert_eq!((found.slower, found.covering, found.able, found.able_slower), (1, 2, 2, 1));
    }

    #[test]
    fn estimates_that_lean_to_one_side_are_counted() {
        let of = |inject, centre, state| comparison(inject, &around(centre, 0.004, 40), state);
        let mut comparisons: Vec<PairedComparison> =
            [0.01, 0.01, -0.01].map(|centre| of(0.0, centre, RunState::Complete)).into();
        comparisons.push(of(0.0, 0.01, RunState::Interrupted));
        let found = Calibration::of(comparisons.clone());
        let symmetry = found.symmetry.expect("nothing was injected");
        assert_eq!((symmetry.slower, symmetry.faster, symmetry.p_value), (2, 1, 1.0));
        assert_eq!(found.cases[0].symmetry, Some(symmetry), "one case is the suite");
        comparisons.push(of(0.05, 0.05, RunState::Complete));
        assert_eq!(Calibration::of(comparisons).symmetry, None, "injected work leans on purpose");
    }

    #[test]
    fn an_interrupted_comparison_counts_for_nothing() {
        let whole = comparison(0.0, &around(0.0, 0.004, 40), RunState::Complete);
        let half = comparison(0.0, &around(0.05, 0.004, 40), RunState::Interrupted);
        let found = Calibration::of(vec![whole, half]);
        assert!(found.is_interrupted() && !found.failed());
        assert_eq!((found.suite.comparisons, found.suite.slower), (1, 0));
    }
}
