//! Tests the comparison of two records.

use super::*;
use crate::Decision;
use crate::decision::ComparisonPolicy;
use crate::testing::record;
use bench_record::{EarlierRun, Record, Status, Verdict, exit};

/// Creates a run of cases whose rounds have these medians, in microseconds.
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
    assert!(interval.low > 0.15 && interval.high < 1.2, "{interval:?}");
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
fn what_was_skipped_has_not_failed() {
    let measured = run(&[("unit/x", &QUIET)]);
    let without = |status, reason: Option<&str>| {
        let mut record = run(&[("unit/x", &[])]);
        record.cases[0].status = status;
        record.cases[0].skip_reason = reason.map(str::to_owned);
        record
    };
    let skipped = without(Status::Skipped, Some("no weights"));
    let interrupted = without(Status::NotRun, None);
    let failed = without(Status::Failed, None);
    let strict = ComparisonPolicy { allowed: None, strict: true };
    for (old, new, verdict, reason, code) in [
        (&skipped, &skipped, Verdict::Skipped, "skipped in both runs: no weights", exit::OK),
        (&skipped, &measured, Verdict::Skipped, "skipped in the earlier run: no weights", exit::OK),
        (&measured, &skipped, Verdict::Skipped, "skipped in this run: no weights", exit::UNSURE),
        (
            &measured,
            &interrupted,
            Verdict::Skipped,
            "not measured in this run, which was interrupted before it",
            exit::UNSURE,
        ),
        (&skipped, &failed, Verdict::Failed, "this run has no figure of it", exit::FAILED),
        (&failed, &skipped, Verdict::Skipped, "skipped in this run: no weights", exit::OK),
        (&failed, &measured, Verdict::Failed, "the earlier run has no figure of it", exit::UNSURE),
    ] {
        let comparison = Comparison::of(old, new, &Judgement::default(), |_| true);
        let case = &comparison.cases[0];
        assert_eq!((case.verdict, case.reason.as_deref()), (verdict, Some(reason)));
        let decision = Decision::default().of_comparison(&comparison, strict);
        assert_eq!(decision.exit_code(), code, "{case:?}");
        assert!(comparison.conclusion().iter().any(|line| line.contains(reason)), "{comparison:?}");
    }
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
    let line = "not the same machine and build: different processor: unknown then, another now";
    assert_eq!(different.as_deref(), Some(line));
}

#[test]
fn figures_without_a_ratio_are_unsure_and_say_so() {
    let of = |then: f64, now: f64| {
        let (mut old, mut new) = (run(&[("unit/x", &QUIET)]), run(&[("unit/x", &QUIET)]));
        old.cases[0].time.as_mut().expect("figures").median_s.0 = then;
        new.cases[0].time.as_mut().expect("figures").median_s.0 = now;
        Comparison::of(&old, &new, &Judgement::default(), |_| true).cases.remove(0)
    };
    for (then, now) in [(0.0, 1.0), (1.0, 0.0), (0.0, 0.0), (f64::NAN, 1.0), (1.0, f64::INFINITY)] {
        let case = of(then, now);
        assert_eq!((case.verdict, case.change, case.interval), (Verdict::Unsure, None, None), "{then} {now}");
        assert!(case.reason.is_some_and(|reason| reason.contains("no ratio")), "{then} {now}");
    }
}

#[test]
fn a_case_may_say_of_itself_what_matters() {
    let old = run(&[("unit/x", &QUIET)]);
    let mut new = run(&[("unit/x", &times(1.6))]);
    let verdict = |new: &Record, threshold: Option<f64>| {
        let judgement = Judgement { threshold, ..Judgement::default() };
        Comparison::of(&old, new, &judgement, |_| true).cases[0].verdict
    };
    assert_eq!(verdict(&new, None), Verdict::Slower);
    new.cases[0].settings.threshold = Some(0.9);
    assert_ne!(verdict(&new, None), Verdict::Slower);
    assert_eq!(verdict(&new, Some(0.01)), Verdict::Slower, "what a person asks for outranks it");
}

#[test]
fn the_threshold_decides_what_matters() {
    let verdict = |threshold: f64| {
        let (old, new) = (run(&[("unit/x", &QUIET)]), run(&[("unit/x", &times(1.6))]));
        let judgement = Judgement { threshold: Some(threshold), ..Judgement::default() };
        Comparison::of(&old, &new, &judgement, |_| true).cases[0].verdict
    };
    assert_eq!([0.1, 0.5, 2.0].map(verdict), [Verdict::Slower, Verdict::Unsure, Verdict::Same]);
}

#[test]
fn runs_of_another_machine_are_not_judged_by_this_one() {
    let history: Vec<EarlierRun> = (0..9)
        .map(|minute| {
            let mut earlier = EarlierRun::from(&run(&[("unit/x", &QUIET)]));
            earlier.run = format!("run{minute}");
            earlier.timestamp = format!("2020-01-01T00:0{minute}:00Z");
            earlier
        })
        .collect();
    let judgement = Judgement { history: &history, ..Judgement::default() };
    let of = |cpu: Option<&str>| {
        let (mut old, new) = (run(&[("unit/x", &QUIET)]), run(&[("unit/x", &QUIET)]));
        old.environment.cpu = cpu.map(str::to_owned);
        let comparison = Comparison::of(&old, &new, &judgement, |_| true);
        (comparison.earlier_runs, comparison.cases[0].smallest_effect.expect("an effect"))
    };
    let (same, other) = (of(None), of(Some("another")));
    assert_eq!((same.0, other.0), (9, 0));
    assert!(same.1 < 0.15 && other.1 > 0.5, "{same:?}, {other:?}");
}
