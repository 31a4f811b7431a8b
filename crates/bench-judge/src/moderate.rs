//! Estimates how far the rounds of a case lie apart with the help of all cases of a run.

use bench_record::{CaseRecord, Status};
use bench_stats::SpreadOfCases;

use crate::time::round_medians;

/// The number of rounds from which on a case needs no other cases ([`bench_stats::median_interval`]).
const ENOUGH: usize = 6;

/// Gives cases of few rounds an interval whose spread is moderated by that of the others, if the run has enough of
/// them. Served requests vary by themselves, and are left out.
pub fn moderate(cases: &mut [CaseRecord]) {
    let is_timed = |case: &CaseRecord| {
        case.status == Status::Ok && case.rounds.iter().all(|round| round.served.is_none())
    };
    let medians: Vec<Option<Vec<f64>>> =
        cases.iter().map(|case| is_timed(case).then(|| round_medians(&case.rounds))).collect();
    let Some(spread) = SpreadOfCases::of_rounds(medians.iter().flatten().map(Vec::as_slice)) else { return };
    for (case, medians) in cases.iter_mut().zip(&medians) {
        let Some((time, medians)) = case.time.as_mut().zip(medians.as_ref()) else { continue };
        // The figure is the median of the rounds; with few rounds, it may differ from the mean of their logarithms.
        let interval = spread.interval(medians).filter(|_| medians.len() < ENOUGH);
        time.moderated_s = interval.map(|interval| interval.with(time.median_s.0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bench_record::RoundRecord;
    use bench_syntax::Category;

    use crate::Summarize;

    /// Creates a case whose rounds take these times, in nanoseconds.
    fn case(rounds: &[u64]) -> CaseRecord {
        let mut case = CaseRecord::blank("unit/x", Category::Unit);
        for ns in rounds {
            case.push(RoundRecord::sampled(1, vec![*ns; 20]));
        }
        case
    }

    #[test]
    fn few_rounds_borrow_from_the_other_cases() {
        let mut cases: Vec<CaseRecord> =
            (0..40).map(|number| case(&[100_000, 100_500 + 70 * number, 101_000])).collect();
        cases.push(case(&[100_000]));
        cases.push(case(&[100_000, 100_001]));
        cases.push(case(&[100_000, 101_000, 100_300, 100_700, 100_500, 100_200]));
        moderate(&mut cases);
        let time = |number: usize| cases[number].time.as_ref().expect("a time");
        assert!(time(0).moderated_precision().is_some_and(|share| share > 0.002 && share < 0.02));
        let one = time(40);
        assert!(one.interval_s.is_none() && one.moderated_precision().is_some_and(|share| share < 0.05));
        // Two rounds that agree by chance.
        let two = time(41);
        assert!(two.precision() < Some(0.001) && two.moderated_precision() > Some(0.002), "{two:?}");
        assert_eq!(time(42).moderated_s, None, "six say enough by themselves");
    }

    #[test]
    fn a_run_of_few_cases_knows_nothing_of_others() {
        let mut cases: Vec<CaseRecord> = (0..29).map(|_| case(&[100_000, 100_500])).collect();
        moderate(&mut cases);
        assert!(cases.iter().all(|case| case.time.as_ref().is_some_and(|time| time.moderated_s.is_none())));
    }
}
