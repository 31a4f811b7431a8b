//! All targets of a run together.

use serde::{Deserialize, Serialize};

use crate::record::CaseRecord;
use crate::target::{Outcome, TargetResult};

/// The least that a target counts in the score: one that is missed by far should weigh heavily, and not make
/// all others count for nothing.
const LEAST: f64 = 0.01;

/// How [`TargetSummary::score`] comes about, in words. What is unsure and has no value does not count.
pub const FORMULA: &str = "100 × geometric mean of attainments (limit/value for <= and <, value/limit for >= and >, 0.01 \
                           to 1; a miss without a value is 0.01)";

/// All targets of a run together.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct TargetSummary {
    /// Targets of all cases.
    pub total: usize,
    /// Those that were met.
    pub met: usize,
    /// Those that were missed.
    pub missed: usize,
    /// The others.
    pub unsure: usize,
    /// Those that were met, as a share of all.
    pub pass_rate: f64,
    /// `missed` where any is, `met` where all are, and `unsure` otherwise.
    pub status: Outcome,
    /// From 1 to 100, as [`FORMULA`] says; absent where no target has an attainment.
    pub score: Option<f64>,
}

impl TargetSummary {
    /// Counts the targets of `cases`; `None` where there is none.
    pub fn of(cases: &[CaseRecord]) -> Option<Self> {
        let results: Vec<&TargetResult> = cases.iter().flat_map(|case| &case.targets).collect();
        let count = |outcome| results.iter().filter(|result| result.outcome == outcome).count();
        let (met, missed, unsure) = (count(Outcome::Met), count(Outcome::Missed), count(Outcome::Unsure));
        let status = match (missed, unsure) {
            (0, 0) => Outcome::Met,
            (0, _) => Outcome::Unsure,
            _ => Outcome::Missed,
        };
        (!results.is_empty()).then(|| TargetSummary {
            total: results.len(),
            met,
            missed,
            unsure,
            pass_rate: met as f64 / results.len() as f64,
            status,
            score: score(&results),
        })
    }
}

/// A geometric mean, since attainments are ratios (Fleming and Wallace, "How not to lie with statistics", CACM
/// 29, 1986).
fn score(results: &[&TargetResult]) -> Option<f64> {
    let logs: Vec<f64> = results
        .iter()
        .filter_map(|result| match (result.attainment, result.outcome) {
            (Some(attainment), _) => Some(attainment.clamp(LEAST, 1.0).ln()),
            (None, Outcome::Missed) => Some(LEAST.ln()),
            (None, _) => None,
        })
        .collect();
    crate::stats::mean(&logs).map(|mean| 100.0 * mean.exp())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::benchmark::Category;

    fn summary(results: &[(Outcome, Option<f64>)]) -> Option<TargetSummary> {
        let mut case = CaseRecord::blank("unit/x", Category::Unit);
        let result = |(outcome, attainment): &(Outcome, Option<f64>)| TargetResult {
            attainment: *attainment,
            ..TargetResult::without_figure("median <= 1s", *outcome, "")
        };
        case.targets = results.iter().map(result).collect();
        TargetSummary::of(&[case, CaseRecord::blank("unit/y", Category::Unit)])
    }

    #[test]
    fn the_score_is_the_geometric_mean() {
        use Outcome::{Met, Missed, Unsure};
        let score = |results: &[(Outcome, Option<f64>)]| summary(results).expect("targets").score;
        let near = |found: Option<f64>, wanted: f64| (found.expect("a score") - wanted).abs() < 1e-9;
        assert!(near(score(&[(Met, Some(1.0)), (Missed, Some(0.25))]), 50.0));
        assert!(near(score(&[(Met, Some(1.0)), (Missed, None)]), 10.0));
        assert!(near(score(&[(Missed, Some(0.0))]), 1.0));
        assert!(near(score(&[(Met, Some(1.0)), (Unsure, None)]), 100.0));
        assert_eq!(score(&[(Unsure, None)]), None);
    }

    #[test]
    fn one_miss_is_a_miss_and_doubt_is_none() {
        use Outcome::{Met, Missed, Unsure};
        assert_eq!(summary(&[]), None);
        let found = summary(&[(Met, Some(1.0)), (Unsure, None), (Missed, None), (Met, None)]).expect("four");
        assert_eq!((found.total, found.met, found.missed, found.unsure), (4, 2, 1, 1));
        assert_eq!((found.status, found.pass_rate), (Missed, 0.5));
        assert_eq!(summary(&[(Met, None), (Unsure, None)]).expect("two").status, Unsure);
        assert_eq!(summary(&[(Met, None)]).expect("one").status, Met);
    }
}
