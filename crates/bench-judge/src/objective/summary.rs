//! All targets of a run together.

use bench_record::{CaseRecord, ObjectiveResult, ObjectiveSummary, Outcome};

/// The smallest attainment that counts in the score: a target that is missed by far should weigh heavily, but not make
/// all others irrelevant.
const LEAST: f64 = 0.01;

/// The formula of [`ObjectiveSummary::score`], in words. Unsure targets without a value do not count.
pub const FORMULA: &str = "100 × geometric mean of attainments (limit/value for <= and <, value/limit for >= and >, 0.01 \
                           to 1; a miss without a value is 0.01)";

/// Counts the targets of `cases`; `None` if there is none.
pub fn summary(cases: &[CaseRecord]) -> Option<ObjectiveSummary> {
    let results: Vec<&ObjectiveResult> = cases.iter().flat_map(|case| &case.targets).collect();
    let mut summary = ObjectiveSummary::of(&results)?;
    summary.score = score(&results);
    Some(summary)
}

/// A geometric mean, since attainments are ratios (Fleming and Wallace, "How not to lie with statistics", CACM
/// 29, 1986).
fn score(results: &[&ObjectiveResult]) -> Option<f64> {
    let logs: Vec<f64> = results
        .iter()
        .filter_map(|result| match (result.attainment, result.outcome) {
            (Some(attainment), _) => Some(attainment.clamp(LEAST, 1.0).ln()),
            (None, Outcome::Missed) => Some(LEAST.ln()),
            (None, _) => None,
        })
        .collect();
    bench_stats::mean(&logs).map(|mean| 100.0 * mean.exp())
}

#[cfg(test)]
mod tests {
    use super::*;
    use bench_syntax::Category;

    fn made_up(results: &[(Outcome, Option<f64>)]) -> Option<ObjectiveSummary> {
        let mut case = CaseRecord::blank("unit/x", Category::Unit);
        let result = |(outcome, attainment): &(Outcome, Option<f64>)| {
            let mut result = ObjectiveResult::without_figure("median <= 1s", *outcome, "");
            result.attainment = *attainment;
            result
        };
        case.targets = results.iter().map(result).collect();
        super::summary(&[case, CaseRecord::blank("unit/y", Category::Unit)])
    }

    #[test]
    fn the_score_is_the_geometric_mean() {
        use Outcome::{Met, Missed, Unsure};
        let score = |results: &[(Outcome, Option<f64>)]| made_up(results).expect("targets").score;
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
        assert_eq!(made_up(&[]), None);
        let found = made_up(&[(Met, Some(1.0)), (Unsure, None), (Missed, None), (Met, None)]).expect("four");
        assert_eq!((found.total, found.met, found.missed, found.unsure), (4, 2, 1, 1));
        assert_eq!((found.status, found.pass_rate), (Missed, 0.5));
        assert_eq!(made_up(&[(Met, None), (Unsure, None)]).expect("two").status, Unsure);
        assert_eq!(made_up(&[(Met, None)]).expect("one").status, Met);
    }
}
