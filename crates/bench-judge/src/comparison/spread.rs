//! Estimates how much one run of a case differs from the next, from its own earlier runs and those of the other cases.

use bench_stats as stats;
use bench_stats::SpreadOfCases;

/// The assumed standard deviation of a run before any run is known. It weighs as much as one observation
/// ([`PRIOR_DEGREES`]), as in the moderated t of Smyth (2004), *Linear Models and Empirical Bayes Methods*: five runs
/// which happened to agree do not show that a machine has no bad minutes. 4 % is about the smallest value at which
/// every world of `simulation.rs` has less than one wrong verdict in a hundred (at 3 %, heavy tails exceed it). So two
/// runs are assumed to differ by at least 13 % after five earlier ones, and by 4 % after thirty, if the case is judged
/// alone.
const PRIOR_DEVIATION: f64 = 0.04;
const PRIOR_DEGREES: f64 = 1.0;

/// The mean moving range of normal data is this many standard deviations (d₂ for two; Montgomery,
/// *Introduction to Statistical Quality Control*, 6.4).
const MOVING_RANGE: f64 = 1.128;

/// Degrees of freedom of a mean moving range, for each of its moves: neighbours share a run.
const DEGREES_A_MOVE: f64 = 0.62;

/// The largest move that counts: a larger one counts as this much. No machine did worse for long, so the code has
/// changed.
const LARGEST_MOVE: f64 = 0.25;

/// The maximum number of degrees of freedom of the other cases for each step from one run to the next, however many
/// cases there are: an effect of a run on all of them is observed only once in each run.
const SUITE_DEGREES_A_STEP: f64 = 2.5;

/// The share of moves that may exceed the distance that is assumed for all cases ([`Suite::farthest`]). At 1 %, more
/// than one verdict in a hundred is wrong for cases that keep to plateaus.
const FARTHER: f64 = 0.0015;

/// The variation of a case from one run to the next.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Spread {
    /// Standard deviation of a run's log median, drift removed.
    pub(super) deviation: f64,
    /// Degrees of freedom of the deviation.
    pub(super) degrees: f64,
    /// The distance by which two runs were seen to differ without a change. By the case itself: the largest move but
    /// one from a run to the next, as a step in the code is one large move and a bad run is two, out and back. Or by
    /// the other cases, if that is more.
    pub(super) seen: f64,
}

/// The moves of one case from each run to the next, on the logarithmic scale.
///
/// Moves are used instead of deviations from a centre because a benchmark gets faster on purpose, and a run is compared
/// with another one near it. A step in the code is then one move of many, whose weight fades.
#[derive(Clone, Debug)]
pub(super) struct Moves {
    sizes: Vec<f64>,
    /// Whether each move seems to be a step in the code: it is neither undone by the next move, nor does it undo
    /// the previous one. The first and the last are not counted as steps, because the first may have undone an
    /// earlier move, and the last may yet be undone.
    are_steps: Vec<bool>,
}

/// The spread that the cases of a suite show together.
pub(super) struct Suite {
    spread: SpreadOfCases,
    /// The largest move of a case, in standard deviations of its moves: all but the share [`FARTHER`] of the moves of
    /// all cases are shorter. Each is divided by the deviation of its case without this move, moderated by the other
    /// cases, so that one move of each case is enough. If some cases keep to plateaus, the others are not assumed to be
    /// quiet.
    farthest: f64,
}

impl Moves {
    /// Computes the moves from the log medians of a case in order of time, without drift; `None` with fewer than two.
    pub(super) fn of(levels: &[f64]) -> Option<Self> {
        let steps: Vec<f64> = levels.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let undoes = |later: f64, earlier: f64| (earlier + later).abs() <= earlier.abs() / 2.0;
        let is_step = |number: usize| {
            let (Some(before), Some(next)) = (number.checked_sub(1), steps.get(number + 1)) else {
                return false;
            };
            !undoes(*next, steps[number]) && !undoes(steps[number], steps[before])
        };
        let moves = Moves {
            sizes: steps.iter().map(|step| step.abs().min(LARGEST_MOVE.ln_1p())).collect(),
            are_steps: (0..steps.len()).map(is_step).collect(),
        };
        (!steps.is_empty()).then_some(moves)
    }

    /// Returns the spread of the case, moderated by the `suite` and by what is known of machines in general.
    pub(super) fn spread(&self, suite: Option<&Suite>) -> Spread {
        let (variance, degrees) = moderated(self.observed(), suite.map(|suite| &suite.spread));
        let of_case = self.sizes.len().checked_sub(2).map(|second| stats::sorted(&self.sizes)[second]);
        let of_suite = suite.map(|suite| {
            // With the degrees of freedom that were behind each standardized move: those of all moves but one.
            let degrees = DEGREES_A_MOVE * (self.sizes.len() - 1) as f64;
            let (variance, _) = moderated((self.observed().0, degrees), Some(&suite.spread));
            suite.farthest * (2.0 * variance).sqrt()
        });
        let seen = of_case.unwrap_or_default().max(of_suite.unwrap_or_default());
        Spread { deviation: variance.sqrt(), degrees, seen }
    }

    /// Returns the variance of a run, computed from these moves, and its degrees of freedom.
    fn observed(&self) -> (f64, f64) {
        variance(self.sizes.iter().sum(), self.sizes.len())
    }

    /// Returns each move, divided by the standard deviation of moves that is known without it; 0 for a step in the
    /// code.
    fn standardized<'a>(&'a self, suite: &'a SpreadOfCases) -> impl Iterator<Item = f64> + 'a {
        let total: f64 = self.sizes.iter().sum();
        self.sizes.iter().zip(&self.are_steps).map(move |(size, is_step)| {
            let (variance, _) = moderated(variance(total - size, self.sizes.len() - 1), Some(suite));
            if *is_step { 0.0 } else { size / (2.0 * variance).sqrt() }
        })
    }
}

impl Suite {
    /// Computes it from the moves of all cases over this many `runs`. `None` for fewer cases than
    /// [`SpreadOfCases::FEWEST_CASES`].
    pub(super) fn of<'a>(cases: impl Iterator<Item = &'a Moves> + Clone, runs: usize) -> Option<Self> {
        let found: Vec<(f64, f64)> = cases.clone().map(Moves::observed).collect();
        let most = SUITE_DEGREES_A_STEP * runs.saturating_sub(1) as f64;
        let spread = SpreadOfCases::of_variances(&found, most)?;
        let moves: Vec<f64> = cases.flat_map(|moves| moves.standardized(&spread)).collect();
        // The order statistic that one more move exceeds with the probability [`FARTHER`], or the largest.
        let rank = ((moves.len() + 1) as f64 * (1.0 - FARTHER)) as usize;
        let farthest = *stats::sorted(&moves).get(rank.min(moves.len()).checked_sub(1)?)?;
        Some(Suite { spread, farthest })
    }
}

/// Returns the variance of a run, computed from `count` moves with the sum `total`, and its degrees of freedom.
fn variance(total: f64, count: usize) -> (f64, f64) {
    let mean = if count == 0 { 0.0 } else { total / count as f64 };
    ((mean / MOVING_RANGE).powi(2), DEGREES_A_MOVE * count as f64)
}

/// Moderates a variance with its degrees of freedom by the suite and by what is known of machines in general.
fn moderated((variance, degrees): (f64, f64), suite: Option<&SpreadOfCases>) -> (f64, f64) {
    let (variance, degrees) = suite.map_or((variance, degrees), |suite| suite.moderated(variance, degrees));
    let all = degrees + PRIOR_DEGREES;
    ((degrees * variance + PRIOR_DEGREES * PRIOR_DEVIATION.powi(2)) / all, all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alone(levels: &[f64]) -> Spread {
        Moves::of(levels).expect("levels").spread(None)
    }

    #[test]
    fn a_step_of_the_code_fades_and_a_bad_run_stays() {
        let quiet = [0.0; 20];
        let mut step = quiet;
        step[10..].fill(-0.5);
        let mut bad = quiet;
        bad[10] = 0.2;
        assert!(alone(&step).deviation < 1.5 * alone(&quiet).deviation, "{:?}", alone(&step));
        assert_eq!(alone(&step).seen, 0.0);
        assert!((alone(&bad).seen - 0.2).abs() < 1e-12, "{:?}", alone(&bad));
        let longer = alone(&[0.0; 30]).deviation;
        assert!(alone(&quiet).deviation > longer && longer > 0.005);
        assert!(Moves::of(&[0.0]).is_none());
    }

    #[test]
    fn only_a_step_with_moves_on_both_sides_is_told_from_a_bad_run() {
        let steps = |levels: &[f64]| Moves::of(levels).expect("levels").are_steps;
        assert_eq!(steps(&[0.0, 0.0, 0.2, 0.2]), [false, true, false]);
        assert_eq!(steps(&[0.0, 0.0, 0.2, 0.01]), [false, false, false], "out and back");
        assert_eq!(
            steps(&[0.2, 0.0, 0.0, 0.2]),
            [false, true, false],
            "the first or the last may be a bad run"
        );
    }

    /// Creates thirty cases of this many runs: `wild`, and 29 that move by 1 % to and fro.
    fn suite(runs: usize, wild: &[f64]) -> Vec<Moves> {
        let quiet = |case: usize| -> Vec<f64> {
            (0..runs).map(|run| if (run + case).is_multiple_of(2) { 0.0 } else { 0.01 }).collect()
        };
        let levels = (0..30).map(|case| if case == 0 { wild.to_vec() } else { quiet(case) });
        levels.map(|levels| Moves::of(&levels).expect("levels")).collect()
    }

    #[test]
    fn other_cases_stand_in_for_runs() {
        let moves = suite(2, &[0.0, 0.01]);
        let together = Suite::of(moves.iter(), 2).expect("enough cases");
        let (of_suite, of_case) = (moves[1].spread(Some(&together)), moves[1].spread(None));
        assert!(of_suite.degrees >= 3.0 && of_case.degrees < 2.0, "{of_suite:?} {of_case:?}");
        assert!(of_suite.deviation < of_case.deviation);
        assert!(Suite::of(moves[1..].iter(), 2).is_none(), "29 are too few");
    }

    #[test]
    fn however_many_cases_there_are_runs_limit_what_they_weigh() {
        let moves: Vec<Moves> = (0..100).flat_map(|_| suite(2, &[0.0, 0.01])).collect();
        let together = Suite::of(moves.iter(), 2).expect("enough cases");
        let degrees = moves[0].spread(Some(&together)).degrees;
        assert!(degrees <= SUITE_DEGREES_A_STEP + DEGREES_A_MOVE + PRIOR_DEGREES, "{degrees}");
    }

    #[test]
    fn a_far_move_of_one_case_is_held_possible_for_all_but_a_step_is_not() {
        let seen = |wild: &[f64]| {
            let moves = suite(4, wild);
            moves[1].spread(Suite::of(moves.iter(), 4).as_ref()).seen
        };
        let quiet = seen(&[0.0, 0.01, 0.0, 0.01]);
        assert!(quiet < 0.03, "{quiet}");
        assert!(seen(&[0.0, 0.0, 0.2, 0.0]) > 4.0 * quiet);
        assert!(seen(&[0.0, 0.0, 0.2, 0.2]) < 1.5 * quiet);
    }
}
