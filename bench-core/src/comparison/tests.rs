//! What two records come to.

use super::*;
use crate::record::Record;
use crate::record::tests::record;

/// Rounds of one case whose medians are these times, in microseconds.
fn run(cases: &[(&str, &[f64])]) -> Record {
    record(
        cases
            .iter()
            .map(|(id, micros)| (*id, micros.iter().map(|micros| (micros * 1e3) as u64).collect()))
            .collect(),
    )
}

const QUIET: [f64; 6] = [100.0, 100.2, 99.8, 100.1, 99.9, 100.0];

fn times(factor: f64) -> Vec<f64> {
    QUIET.iter().map(|micros| micros * factor).collect()
}

fn verdict_of(factor: f64) -> (Verdict, Compared) {
    let comparison = Comparison::of(
        &run(&[("unit/x", &QUIET)]),
        &run(&[("unit/x", &times(factor))]),
        &Judgement::default(),
        |_| true,
    );
    let case = comparison.cases.into_iter().next().expect("one case");
    (case.verdict, case)
}

#[test]
fn only_what_two_runs_can_tell_is_told() {
    assert_eq!(verdict_of(1.0).0, Verdict::Unsure);
    assert_eq!(verdict_of(1.15).0, Verdict::Unsure);
    let (verdict, case) = verdict_of(1.6);
    assert_eq!(verdict, Verdict::Slower);
    assert!((case.change.expect("a change") - 0.6).abs() < 0.01);
    let interval = case.interval.expect("an interval");
    assert!(interval.low > 0.25 && interval.high < 1.05, "{interval:?}");
    assert_eq!(verdict_of(0.6).0, Verdict::Faster);
}

#[test]
fn a_single_round_is_never_slower() {
    let comparison = Comparison::of(
        &run(&[("unit/x", &[100.0])]),
        &run(&[("unit/x", &[200.0])]),
        &Judgement::default(),
        |_| true,
    );
    assert_eq!(comparison.cases[0].verdict, Verdict::Unsure);
    assert_eq!(comparison.cases[0].interval, None);
    assert!(comparison.cases[0].change.is_some());
}

#[test]
fn cases_come_and_go_and_fail() {
    let old = run(&[("unit/gone", &QUIET), ("unit/stays", &QUIET), ("unit/broke", &QUIET)]);
    let new = run(&[("unit/came", &QUIET), ("unit/stays", &QUIET), ("unit/broke", &[])]);
    let verdicts = |wanted: bool| -> Vec<(String, Verdict)> {
        Comparison::of(&old, &new, &Judgement::default(), |_| wanted)
            .cases
            .into_iter()
            .map(|case| (case.id, case.verdict))
            .collect()
    };
    let pair = |id: &str, verdict| (id.to_owned(), verdict);
    let mut all = vec![
        pair("unit/broke", Verdict::Failed),
        pair("unit/came", Verdict::Added),
        pair("unit/gone", Verdict::Removed),
        pair("unit/stays", Verdict::Unsure),
    ];
    assert_eq!(verdicts(true), all);
    all.remove(2);
    assert_eq!(verdicts(false), all, "a case that was filtered out was not removed");
}

#[test]
fn what_all_cases_share_is_the_machine() {
    let names: Vec<String> = (0..10).map(|number| format!("unit/case{number}")).collect();
    let quiet = |factor: f64| -> Vec<(String, Vec<f64>)> {
        names.iter().map(|name| (name.clone(), times(factor))).collect()
    };
    let borrow = |cases: &[(String, Vec<f64>)]| {
        run(&cases.iter().map(|(id, micros)| (id.as_str(), micros.as_slice())).collect::<Vec<_>>())
    };
    let mut after = quiet(1.3);
    after[3].1 = times(1.3 * 1.6);
    let comparison = Comparison::of(&borrow(&quiet(1.0)), &borrow(&after), &Judgement::default(), |_| true);
    assert!((comparison.drift.expect("enough cases") - 0.3).abs() < 0.01);
    let slower: Vec<&str> = comparison.with(Verdict::Slower).map(|case| case.id.as_str()).collect();
    assert_eq!(slower, ["unit/case3"]);
    assert!(comparison.notes.iter().any(|note| note.contains("+30.0 %")), "{:?}", comparison.notes);
}

#[test]
fn a_machine_that_changes_unevenly_widens_every_interval() {
    let ids: Vec<String> = (0..10).map(|number| format!("unit/case{number}")).collect();
    let old: Vec<(&str, &[f64])> = ids.iter().map(|id| (id.as_str(), QUIET.as_slice())).collect();
    let uneven: Vec<Vec<f64>> = (0..10).map(|number| times(1.0 + 0.05 * f64::from(number))).collect();
    let new: Vec<(&str, &[f64])> =
        ids.iter().zip(&uneven).map(|(id, micros)| (id.as_str(), micros.as_slice())).collect();
    let comparison = Comparison::of(&run(&old), &run(&new), &Judgement::default(), |_| true);
    assert_eq!(comparison.with(Verdict::Slower).count() + comparison.with(Verdict::Faster).count(), 0);
}

#[test]
fn another_machine_is_said_first() {
    let (old, mut new) = (run(&[("unit/x", &QUIET)]), run(&[("unit/x", &QUIET)]));
    new.environment.cpu = Some("another".to_owned());
    let different = Comparison::of(&old, &new, &Judgement::default(), |_| true).different;
    let line = "not the same machine and build: another processor: unknown then, another now";
    assert_eq!(different.as_deref(), Some(line));
}
