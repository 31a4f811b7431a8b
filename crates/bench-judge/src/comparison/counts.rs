//! Compares two records of counted instructions: exact counts are compared exactly.

use crate::comparison::compared::{Compared, ComparedCounts, Comparison, case_by_case, without_figure};
use crate::comparison::machine;
use crate::comparison::verdict::judge;
use crate::comparison::width::NORMAL_99;
use bench_record::Verdict;
use bench_record::{CaseCounts, CaseRecord, Measure, Record, RoundCounts, RoundRecord, Status};
use bench_stats as stats;
use bench_stats::Interval;
use bench_syntax::UsageError;

/// Student's t of one and of two degrees of freedom, for which the expansion is too coarse.
const STUDENT_99: [f64; 2] = [63.66, 9.925];

impl ComparedCounts {
    fn of(old: Option<&CaseRecord>, new: Option<&CaseRecord>) -> Self {
        let (then, now) = (old.and_then(counts), new.and_then(counts));
        let instructions = |counts: &CaseCounts| counts.iteration.instructions;
        let cycles = |(then, now): (&CaseCounts, &CaseCounts)| {
            relative(now.iteration.estimated_cycles, then.iteration.estimated_cycles)
        };
        ComparedCounts {
            old: then.map(instructions),
            new: now.map(instructions),
            change_of_cycles: then.zip(now).map(cycles),
        }
    }
}

/// Checks that a run that measures `measure` can be compared with `old`.
///
/// # Errors
/// When `old` measured something else.
pub fn check_measure(old: &Record, measure: Measure) -> Result<(), UsageError> {
    if old.measure() == measure {
        return Ok(());
    }
    Err(UsageError(format!(
        "the run {} measured {}, and this one {measure}: they cannot be compared. Compare runs that were made with the \
         same `--measure`, and keep them apart with `--save-as`",
        old.run,
        old.measure()
    )))
}

/// Compares `new` with `old`, both of counted instructions.
pub(super) fn compare(
    old: &Record,
    new: &Record,
    threshold: f64,
    wanted: impl Fn(&CaseRecord) -> bool,
) -> Comparison {
    let removed = |case: &CaseRecord| Compared {
        counts: Some(ComparedCounts::of(Some(case), None)),
        ..Compared::blank(&case.id, Verdict::Removed)
    };
    let mut differences = machine::differences_of(old, new);
    differences.extend(tools(old, new));
    Comparison {
        measure: Measure::Instructions,
        baseline: old.run.clone(),
        baseline_commit: None,
        different: machine::in_a_line(&differences),
        notes: Vec::new(),
        drift: None,
        threshold,
        earlier_runs: 0,
        cases: case_by_case(old, new, wanted, |old, new| compare_case(old, new, threshold), removed),
    }
}

fn counts(case: &CaseRecord) -> Option<&CaseCounts> {
    case.counts.as_ref().filter(|_| case.status == Status::Ok)
}

fn compare_case(old: Option<&CaseRecord>, new: &CaseRecord, threshold: f64) -> Compared {
    let both = Some(ComparedCounts::of(old, Some(new)));
    let Some(old) = old else {
        return Compared { counts: both, ..Compared::blank(&new.id, Verdict::Added) };
    };
    let figures = Compared { counts: both, ..Compared::blank(&new.id, Verdict::Failed) };
    let (then, now) = match (counts(old), counts(new)) {
        (Some(then), Some(now)) => (then, now),
        (_, now) => {
            let (verdict, reason) = without_figure(old, new, now.is_some(), "count");
            return Compared { verdict, reason: Some(reason), ..figures };
        }
    };
    let change = relative(now.iteration.instructions, then.iteration.instructions);
    let figures = Compared { change: Some(change), ..figures };
    let Some(half_width) = half_width(&by_round(old), &by_round(new), change) else {
        let reason = "a single round in each run does not show whether a count repeats: leave `--rounds` out";
        return Compared { verdict: Verdict::Unsure, reason: Some(reason.to_owned()), ..figures };
    };
    let interval = Interval { low: change - half_width, high: change + half_width };
    let verdict = judge(interval, threshold);
    let spread = then.spread().max(now.spread()) * 100.0;
    Compared {
        interval: Some(interval),
        verdict,
        smallest_effect: (half_width > 0.0).then_some(threshold + half_width),
        reason: (verdict == Verdict::Unsure).then(|| {
            format!(
                "rounds of one build differ by {spread:.3} %, because of hashing, addresses, time or threads: a \
                 change of that size cannot be distinguished from them"
            )
        }),
        ..figures
    }
}

/// Returns the change relative to `then`, or relative to 1 if that is 0.
fn relative(now: u64, then: u64) -> f64 {
    (now as f64 - then as f64) / then.max(1) as f64
}

fn by_round(case: &CaseRecord) -> Vec<f64> {
    let of = |round: &RoundRecord| round.counts.as_ref().map(|counts| counts.iteration.instructions as f64);
    case.rounds.iter().filter_map(of).collect()
}

/// Returns half the width of the interval of the relative `change`: 0 if all rounds of each run agree, otherwise that
/// of Student's t with a pooled variance. `None` if a difference was seen and neither run has a second round.
fn half_width(old: &[f64], new: &[f64], change: f64) -> Option<f64> {
    let degrees = (old.len() + new.len()).checked_sub(2)?;
    let squares = |counts: &[f64]| {
        let mean = stats::mean(counts).unwrap_or_default();
        counts.iter().map(|count| (count - mean).powi(2)).sum::<f64>()
    };
    let sum = squares(old) + squares(new);
    if degrees == 0 {
        return (change == 0.0).then_some(0.0);
    }
    if sum == 0.0 {
        return Some(0.0);
    }
    let variance = sum / degrees as f64 * (1.0 / old.len() as f64 + 1.0 / new.len() as f64);
    let quantile = match degrees {
        1 => STUDENT_99[0],
        2 => STUDENT_99[1],
        _ => stats::student_quantile(NORMAL_99, degrees as f64)?,
    };
    Some(quantile * variance.sqrt() / stats::mean(old)?.max(1.0))
}

/// Describes the differences between the tools of the two runs.
fn tools(old: &Record, new: &Record) -> Vec<String> {
    let of = |record: &Record| -> Option<RoundCounts> {
        record.cases.iter().flat_map(|case| &case.rounds).find_map(|round| round.counts.clone())
    };
    let (Some(old), Some(new)) = (of(old), of(new)) else { return Vec::new() };
    machine::others([("valgrind", old.valgrind, new.valgrind), ("set of options", old.options, new.options)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Summarize;
    use crate::comparison::Judgement;
    use crate::testing::record;

    /// Creates a run of one case whose rounds have counted these numbers of instructions.
    fn run(rounds: &[u64]) -> Record {
        let mut record = record(vec![("unit/x", vec![1; rounds.len()])]);
        let case = &mut record.cases[0];
        case.settings.measure = Measure::Instructions;
        for (mut round, instructions) in std::mem::take(&mut case.rounds).into_iter().zip(rounds) {
            let mut counts = RoundCounts::default();
            counts.iteration.instructions = *instructions;
            counts.iteration.estimated_cycles = 2 * instructions;
            round.sample_ns.clear();
            round.counts = Some(counts);
            case.push(round);
        }
        record
    }

    fn compared(old: &[u64], new: &[u64], threshold: f64) -> Compared {
        let judgement = Judgement { threshold: Some(threshold), ..Judgement::default() };
        Comparison::of(&run(old), &run(new), &judgement, |_| true).cases.remove(0)
    }

    #[test]
    fn any_difference_is_one() {
        let verdict = |new: u64, threshold: f64| compared(&[100_000; 2], &[new; 2], threshold).verdict;
        assert_eq!(
            [100_000, 100_001, 99_999].map(|new| verdict(new, 0.0)),
            [Verdict::Same, Verdict::Slower, Verdict::Faster]
        );
        assert_eq!(
            [100_900, 101_100, 98_900].map(|new| verdict(new, 0.01)),
            [Verdict::Same, Verdict::Slower, Verdict::Faster]
        );
        let case = compared(&[100_000; 2], &[110_000; 2], 0.0);
        let counts = ComparedCounts { old: Some(100_000), new: Some(110_000), change_of_cycles: Some(0.1) };
        assert_eq!((case.change, case.counts, case.old_s), (Some(0.1), Some(counts), None));
        assert_eq!(case.interval, Some(Interval { low: 0.1, high: 0.1 }));
    }

    #[test]
    fn what_does_not_repeat_is_not_exact() {
        let case = compared(&[100_000, 100_002], &[100_003, 100_005], 0.0);
        assert_eq!(case.verdict, Verdict::Unsure);
        assert!(case.reason.expect("a reason").contains("0.002 %"));
        assert_eq!(compared(&[100_000, 100_002], &[100_003, 100_005], 0.01).verdict, Verdict::Same);
        assert_eq!(compared(&[100_000, 100_002], &[110_003, 110_005], 0.01).verdict, Verdict::Slower);
    }

    #[test]
    fn single_rounds_tell_no_difference_from_noise() {
        assert_eq!(compared(&[100], &[100], 0.0).verdict, Verdict::Same);
        let case = compared(&[100], &[101], 0.0);
        assert!(
            case.verdict == Verdict::Unsure && case.reason.is_some_and(|reason| reason.contains("--rounds"))
        );
        assert_eq!(compared(&[100, 100], &[101], 0.0).verdict, Verdict::Slower);
    }

    #[test]
    fn nothing_and_something_have_a_ratio_that_is_a_number() {
        assert_eq!(compared(&[0, 0], &[0, 0], 0.0).verdict, Verdict::Same);
        let case = compared(&[0, 0], &[5, 5], 0.0);
        assert_eq!((case.verdict, case.change), (Verdict::Slower, Some(5.0)));
    }

    #[test]
    fn time_and_instructions_are_not_compared() {
        let timed = record(vec![("unit/x", vec![1])]);
        assert!(
            check_measure(&timed, Measure::Time).is_ok()
                && check_measure(&run(&[1]), Measure::Instructions).is_ok()
        );
        let error = check_measure(&timed, Measure::Instructions).expect_err("another measure").to_string();
        assert!(error.contains("measured time, and this one instructions"), "{error}");
        assert!(check_measure(&run(&[1]), Measure::Time).is_err());
    }

    #[test]
    fn another_valgrind_is_another_tool() {
        let (old, mut new) = (run(&[1, 1]), run(&[1, 1]));
        let counts = new.cases[0].rounds[0].counts.as_mut().expect("counts");
        counts.valgrind = "3.25.0".to_owned();
        let different =
            Comparison::of(&old, &new, &Judgement::default(), |_| true).different.expect("different");
        assert!(different.contains("different valgrind:  then, 3.25.0 now"), "{different}");
    }

    #[test]
    fn cases_come_and_go_and_fail() {
        let (mut old, mut new) = (run(&[7, 7]), run(&[7, 7]));
        let mut gone = old.cases[0].clone();
        gone.id = "unit/gone".to_owned();
        old.cases.push(gone);
        new.cases[0].counts = None;
        let cases = Comparison::of(&old, &new, &Judgement::default(), |_| true).cases;
        let verdicts: Vec<(&str, Verdict)> =
            cases.iter().map(|case| (case.id.as_str(), case.verdict)).collect();
        assert_eq!(verdicts, [("unit/gone", Verdict::Removed), ("unit/x", Verdict::Failed)]);
        assert_eq!(cases[0].counts.and_then(|counts| counts.old), Some(7));
    }
}
