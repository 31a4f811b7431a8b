//! Tests the order of events, with a runner without processes.

use std::collections::VecDeque;

use super::*;
use std::path::Path;

use bench_protocol::Overrides;
use bench_record::{Cause, Failure, References, Status, Surroundings};
use bench_syntax::Category;

use crate::plan::{Wishes, settings};

/// Answers every assignment with the next prepared round of its case, or the last one again.
struct Prepared {
    rounds: Vec<(String, VecDeque<RoundRecord>)>,
    asked: Vec<(String, Assignment)>,
    interrupt_after: usize,
}

impl RoundExecutor for Prepared {
    fn round(
        &mut self,
        case: &PlannedCase<'_>,
        assignment: &Assignment,
        _timeout: Duration,
    ) -> Option<RoundRecord> {
        if self.asked.len() == self.interrupt_after {
            return None;
        }
        self.asked.push((case.case.id.clone(), assignment.clone()));
        let (_, rounds) = self.rounds.iter_mut().find(|(id, _)| *id == case.case.id)?;
        if rounds.len() > 1 { rounds.pop_front() } else { rounds.front().cloned() }
    }
}

/// Records its messages in order.
#[derive(Default)]
struct Notes(Vec<String>);

impl RunObserver for Notes {
    fn round_begins(&mut self, case: &CaseRecord) {
        self.0.push(format!("{} round {}", case.id, case.rounds.len()));
    }
    fn round_ended(&mut self, case: &CaseRecord) {
        self.0.push(format!("{} ended {}", case.id, case.rounds.len() - 1));
    }
    fn case_ended(&mut self, case: &CaseRecord) {
        self.0.push(format!("{} done", case.id));
    }
}

fn round(sample_ns: &[u64]) -> RoundRecord {
    RoundRecord::sampled(1, sample_ns.to_vec())
}

fn failed() -> RoundRecord {
    RoundRecord::failed(Failure::new(Cause::Panic, "no"))
}

struct Ran {
    outcome: Measured,
    asked: Vec<(String, Assignment)>,
    notes: Vec<String>,
}

fn run_with(overrides: Overrides, mode: Mode, rounds: Vec<Vec<RoundRecord>>, interrupt_after: usize) -> Ran {
    let program = Program::executable(Path::new("sleep")).expect("a folder");
    let id = |number: usize| format!("unit/sleep[n={number}]");
    let listed: Vec<Case> = (0..rounds.len()).map(|number| Case::new(id(number), Category::Unit)).collect();
    let wishes = Wishes { overrides, ..Wishes::default() };
    let cases = listed.iter().map(|case| {
        let mut record = CaseRecord::blank(&case.id, case.category);
        record.settings = settings(case, &wishes);
        PlannedCase { program: &program, case, record }
    });
    let rounds = rounds.into_iter().enumerate().map(|(number, rounds)| (id(number), VecDeque::from(rounds)));
    let mut execute = Prepared { rounds: rounds.collect(), asked: Vec::new(), interrupt_after };
    let mut notes = Notes::default();
    let context = RunContext {
        mode,
        seed: 1,
        probes: None,
        load: LoadWishes::default(),
        devices: DeviceWishes::default(),
        requests: None,
        artifacts: None,
    };
    let outcome = measure(cases.collect(), &context, &mut execute, None, &mut notes);
    Ran { outcome, asked: execute.asked, notes: notes.0 }
}

#[test]
fn rounds_of_different_cases_are_interleaved() {
    let three = Overrides { rounds: Some(3), ..Overrides::NONE };
    let ran = run_with(three, Mode::Sample, vec![vec![round(&[1])]; 4], usize::MAX);
    let order: Vec<&str> = ran.asked.iter().map(|(id, _)| id.as_str()).collect();
    for pass in order.chunks(4) {
        let mut distinct = pass.to_vec();
        distinct.sort_unstable();
        distinct.dedup();
        assert_eq!(distinct.len(), 4, "every pass holds every case once: {order:?}");
    }
    assert_eq!(order.len(), 12);
    assert!(
        order[..4] != order[4..8] || order[4..8] != order[8..],
        "every pass in the same order: {order:?}"
    );
}

#[test]
fn what_a_round_expects_to_take_is_added_to_the_timeout_unless_a_person_asked_for_that() {
    // A level of ten minutes by its own settings.
    let mut long = round(&[1]);
    long.expected_s = Some(600.0);
    let overrides = |timeout| Overrides { rounds: Some(3), timeout, ..Overrides::NONE };
    let timeouts = |timeout| -> Vec<u64> {
        let ran = run_with(overrides(timeout), Mode::Sample, vec![vec![long.clone()]], usize::MAX);
        ran.asked
            .iter()
            .map(|(_, assignment)| assignment.timeout_ns.unwrap_or_default() / 1_000_000_000)
            .collect()
    };
    let usual = timeouts(None);
    assert!(usual.len() == 3 && usual[2] >= 1490, "{usual:?}");
    let asked = timeouts(Some(Duration::from_secs(300)));
    assert!(asked.iter().all(|seconds| *seconds <= 300), "{asked:?}");
}

#[test]
fn a_case_is_told_about_in_order() {
    let two = Overrides { rounds: Some(2), ..Overrides::NONE };
    let ran = run_with(two, Mode::Sample, vec![vec![round(&[1])]], usize::MAX);
    let id = "unit/sleep[n=0]";
    let wanted = ["round 0", "ended 0", "round 1", "ended 1", "done"].map(|what| format!("{id} {what}"));
    assert_eq!(ran.notes, wanted);
}

#[test]
fn a_failed_case_gets_no_more_rounds_and_the_others_go_on() {
    let three = Overrides { rounds: Some(3), ..Overrides::NONE };
    let ran = run_with(three, Mode::Sample, vec![vec![round(&[1]), failed()], vec![round(&[1])]], usize::MAX);
    let rounds: Vec<usize> = ran.outcome.cases.iter().map(|case| case.rounds.len()).collect();
    assert_eq!(rounds, [2, 3]);
    assert_eq!(ran.outcome.cases[0].status, Status::Failed);
    assert_eq!(ran.outcome.cases[1].status, Status::Ok);
}

#[test]
fn a_precise_case_ends_early_and_a_noisy_one_uses_its_budget() {
    let noisy: Vec<RoundRecord> = (0..100).map(|i| round(&[if i % 2 == 0 { 100 } else { 200 }])).collect();
    let ran = run_with(Overrides::NONE, Mode::Sample, vec![vec![round(&[100])], noisy], usize::MAX);
    let rounds: Vec<usize> = ran.outcome.cases.iter().map(|case| case.rounds.len()).collect();
    // Rounds of no length never use up a budget, so the noisy one ends at the greatest number of rounds.
    assert_eq!(rounds, [6, 60]);
}

/// A round with this share of steal.
fn stolen(steal: f64) -> RoundRecord {
    let quiet = References::new(0.6, 90.0);
    let mut surroundings = Surroundings::new(quiet, quiet);
    surroundings.steal = Some(steal);
    let mut round = round(&[100]);
    round.surroundings = Some(surroundings);
    round
}

#[test]
fn a_round_of_a_bad_minute_is_repeated_and_kept() {
    let rounds = || vec![stolen(0.0), stolen(0.5), stolen(0.5), stolen(0.0)];
    let ran = run_with(Overrides::NONE, Mode::Sample, vec![rounds()], usize::MAX);
    let case = &ran.outcome.cases[0];
    let disturbed: Vec<bool> = case.rounds.iter().map(|round| round.disturbed.is_some()).collect();
    assert_eq!(disturbed, [false, true, true, false, false, false, false, false], "six sound ones in all");
    assert_eq!(case.time.as_ref().map(|time| time.rounds), Some(6));
    assert!(case.warnings.iter().any(|warning| warning.contains("2 of 8 rounds")), "{:?}", case.warnings);
    // A requested number of rounds is kept.
    let four = Overrides { rounds: Some(4), ..Overrides::NONE };
    let ran = run_with(four, Mode::Sample, vec![rounds()], usize::MAX);
    assert_eq!(ran.outcome.cases[0].rounds.len(), 4);
    assert!(ran.outcome.cases[0].warnings.iter().any(|warning| warning.contains("2 of 4 rounds")));
}

#[test]
fn a_budget_that_ends_before_the_rounds_that_were_asked_for_is_told() {
    let ran = |max_time| {
        let overrides = Overrides { rounds: Some(3), max_time, ..Overrides::NONE };
        let case =
            run_with(overrides, Mode::Sample, vec![vec![round(&[1])]], usize::MAX).outcome.cases.remove(0);
        let told = case.warnings.iter().any(|warning| {
            warning.starts_with("1 of the 3 requested rounds: `max_time`")
                && warning.ends_with("ended before the others")
        });
        (case.rounds.len(), told)
    };
    assert_eq!(ran(None), (3, false));
    assert_eq!(ran(Some(Duration::from_secs(1000))), (3, false));
    // Any round takes longer.
    assert_eq!(ran(Some(Duration::from_nanos(1))), (1, true));
}

#[test]
fn an_interrupt_keeps_what_was_measured() {
    let three = Overrides { rounds: Some(3), ..Overrides::NONE };
    let ran = run_with(three, Mode::Sample, vec![vec![round(&[1])]; 2], 3);
    assert!(ran.outcome.interrupted);
    assert_eq!(ran.outcome.cases.iter().map(|case| case.rounds.len()).sum::<usize>(), 3);
    assert!(!ran.notes.iter().any(|note| note.ends_with("done")));
}

#[test]
fn repeats_are_spread_over_the_rounds() {
    let repeats = Overrides { repeats: Some(12), rounds: Some(5), ..Overrides::NONE };
    let ran = run_with(repeats, Mode::Sample, vec![vec![round(&[1])]], usize::MAX);
    let samples: Vec<_> = ran.asked.iter().map(|(_, assignment)| assignment.samples).collect();
    assert_eq!(samples, [Some(3), Some(3), Some(2), Some(2), Some(2)]);
    let few = Overrides { repeats: Some(2), ..Overrides::NONE };
    assert_eq!(run_with(few, Mode::Sample, vec![vec![round(&[1])]], usize::MAX).asked.len(), 2);
}

#[test]
fn once_is_one_round() {
    let ran = run_with(Overrides::NONE, Mode::Once, vec![vec![round(&[])]; 3], usize::MAX);
    assert_eq!(ran.asked.len(), 3);
    assert!(ran.asked.iter().all(|(_, assignment)| assignment.mode == Mode::Once));
}

#[test]
fn cases_of_one_set_up_follow_each_other() {
    let program = Program::executable(Path::new("suite.py")).expect("a folder");
    let case = |id: &str, set_up: Option<&str>| {
        let mut case = Case::new(id, Category::Unit);
        case.set_up = set_up.map(str::to_owned);
        case
    };
    let listed = [
        case("unit/a", Some("x")),
        case("unit/b", None),
        case("unit/c", Some("x")),
        case("unit/d", Some("y")),
    ];
    let planned: Vec<PlannedCase<'_>> = listed
        .iter()
        .map(|case| PlannedCase {
            program: &program,
            case,
            record: CaseRecord::blank(&case.id, case.category),
        })
        .collect();
    for (shuffled, together) in
        [([0, 1, 2, 3], [0, 2, 1, 3]), ([2, 3, 1, 0], [2, 0, 3, 1]), ([1, 3, 0, 2], [1, 3, 0, 2])]
    {
        let mut active = shuffled;
        bring_together(&mut active, |index| planned[index].shared_with());
        assert_eq!(active, together, "{shuffled:?}");
    }
}
