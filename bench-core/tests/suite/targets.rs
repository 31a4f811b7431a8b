//! Targets as users see them: in the table, in files, and in the exit code.

use std::collections::HashMap;
use std::fs;
use std::process::Stdio;

use bench_core::record::{self, ObjectiveResult, Outcome, RunState};
use bench_testing::{Bench, Ended, Stage, signal, wait, wait_until};

/// Several rounds, so that there is an interval.
const ROUNDS: [&str; 3] = ["--rounds=6", "--repeats=12", "--warmup=1"];

fn bench(stage: &Stage, arguments: &[&str]) -> Ended {
    stage.run(&[&ROUNDS[..], arguments, &["--bench"]].concat())
}

/// Returns the results of the targets of the newest run, by `case: target`.
fn outcomes(stage: &Stage) -> HashMap<String, ObjectiveResult> {
    let record = record::open(&stage.latest()).expect("record");
    let of_case = |case: record::CaseRecord| {
        let results = case.targets.into_iter();
        results.map(move |result| (format!("{}: {}", case.id, result.text), result)).collect::<Vec<_>>()
    };
    record.cases.into_iter().flat_map(of_case).collect()
}

fn rows(stage: &Stage, file: &str) -> Vec<HashMap<String, String>> {
    let mut reader = csv::Reader::from_path(stage.latest().join(file)).expect("csv");
    reader.deserialize().collect::<Result<_, _>>().expect("rows")
}

#[test]
fn what_is_met_is_met_with_every_flag() {
    let stage = Stage::new(Bench::Targets);
    let ended = bench(&stage, &["quick", "reference", "--fail-on-targets", "--strict"]).expect_code(0);
    ended.expect_said(&["5 of 5 targets met (100 %), 0 missed, 0 unsure: met", "score 100.0 = 100 × "]);
    let found = outcomes(&stage);
    // The restricted target is checked for the case with that argument only.
    assert_eq!(found.len(), 5, "{found:?}");
    let speedup = &found["integration/quick[ms=1]: speedup(integration/reference) >= 2x @ ms=1"];
    let record = record::open(&stage.latest()).expect("record");
    let median = |id: &str| record.case(id).and_then(|case| case.time.as_ref()).expect("a time").median_s.0;
    let ratio = median("integration/reference") / median("integration/quick[ms=1]");
    assert!(
        speedup.value.is_some_and(|value| (value / ratio - 1.0).abs() < 1e-9),
        "{speedup:?}, not {ratio}"
    );
    let throughput = &found["integration/quick[ms=2]: throughput >= 1"];
    assert!(throughput.unit.as_deref() == Some("items/s") && throughput.interval.is_some(), "{throughput:?}");
}

#[test]
fn a_miss_is_told_and_fails_only_who_asks_for_it() {
    let stage = Stage::new(Bench::Targets);
    let said = bench(&stage, &["late"]).expect_code(0);
    let line = said.stdout.lines().find(|line| line.contains("median <= 1us")).expect("a line");
    let value = said.stdout.lines().find(|line| line.contains("max <= 1h")).expect("a line");
    assert!(line.starts_with("  integration/late") && line.ends_with(" missed"), "{line}");
    assert!(line.contains(" ms to ") && value.ends_with(" met"), "{line}\n{value}");
    said.expect_said(&["1 of 2 targets met (50 %), 1 missed, 0 unsure: missed"]);

    let wanted = "missed targets: integration/late: median <= 1us\n";
    let said = bench(&stage, &["late", "--fail-on-targets"]).expect_code(3);
    assert!(said.stderr.contains(wanted), "{}", said.stderr);
    // An unsure and a missed target together are a miss.
    bench(&stage, &["late", "doubtful", "--fail-on-targets", "--strict"]).expect_code(3);
    let mut command = stage.command(&[&ROUNDS[..], &["late", "--quiet", "--bench"]].concat());
    let said = stage.end(command.env("BENCH_FAIL_ON_TARGETS", "1")).expect_code(3);
    assert_eq!((said.stderr.as_str(), said.stdout.as_str()), (wanted, ""));
    // All runs wrote their reports.
    for run in stage.runs() {
        assert!(run.join("run.json").exists() && run.join("targets.csv").exists());
    }
}

#[test]
fn doubt_fails_only_who_is_strict() {
    let stage = Stage::new(Bench::Targets);
    bench(&stage, &["doubtful", "--fail-on-targets"])
        .expect_code(0)
        .expect_said(&["1 of 2 targets met (50 %), 0 missed, 1 unsure: unsure", "no `ttfa_p95`; nearest: "]);
    bench(&stage, &["doubtful", "--strict"]).expect_code(0);
    let said = bench(&stage, &["doubtful", "--fail-on-targets", "--strict"]).expect_code(4);
    assert!(said.stderr.contains("integration/doubtful: ttfa_p95 <= 1s"), "{}", said.stderr);
    // A single round does not show how much rounds differ.
    stage
        .bench(&["late", "--fail-on-targets", "--strict"])
        .expect_code(4)
        .expect_said(&["one round only: how much processes differ is unknown"]);
}

#[test]
fn a_failed_case_has_missed_its_targets() {
    let stage = Stage::new(Bench::Targets);
    bench(&stage, &["breaks", "--fail-on-targets"]).expect_code(1).expect_said(&["the case failed: error"]);
    let found = &outcomes(&stage)["integration/breaks: median <= 1s"];
    assert_eq!((found.outcome, found.value), (Outcome::Missed, None));
}

#[test]
fn files_hold_what_the_console_says() {
    let stage = Stage::new(Bench::Targets);
    bench(&stage, &["late", "doubtful", "reference"]).expect_code(0);
    let found = outcomes(&stage);
    let targets = rows(&stage, "targets.csv");
    assert_eq!(targets.len(), 4);
    for row in &targets {
        let result = &found[&format!("{}: {}", row["case"], row["target"])];
        let figure = |column: &str| row[column].parse::<f64>().ok();
        assert_eq!(row["outcome"], result.outcome.to_string());
        assert_eq!((figure("value"), figure("attainment")), (result.value, result.attainment));
        let interval = result.interval;
        assert_eq!(figure("low"), interval.map(|interval| interval.low));
        assert_eq!(figure("high"), interval.map(|interval| interval.high));
        assert_eq!(row["unit"], result.unit.clone().unwrap_or_default());
        assert_eq!(row["reason"], result.reason.clone().unwrap_or_default());
    }
    let summary = rows(&stage, "summary.csv");
    let counts: Vec<[&str; 4]> = summary
        .iter()
        .map(|row| ["case", "targets_met", "targets_missed", "targets_unsure"].map(|name| row[name].as_str()))
        .collect();
    let wanted = [
        ["integration/doubtful", "1", "0", "1"],
        ["integration/late", "1", "1", "0"],
        ["integration/reference", "0", "0", "0"],
    ];
    assert_eq!(counts, wanted);
}

#[test]
fn an_earlier_run_is_compared_with() {
    let stage = Stage::new(Bench::Targets);
    let target = "integration/again: speedup(run:latest) >= 0.001x";
    bench(&stage, &["again"]).expect_code(0).expect_said(&["there is no earlier run yet"]);
    let first = &outcomes(&stage)[target];
    assert_eq!((first.outcome, first.value), (Outcome::Unsure, None));
    bench(&stage, &["again"]).expect_code(0);
    let second = &outcomes(&stage)[target];
    assert_eq!(second.outcome, Outcome::Met, "{second:?}");
    assert!(second.value.is_some_and(|value| (0.2..5.0).contains(&value)), "{second:?}");
}

#[test]
fn what_a_killed_run_has_measured_is_judged() {
    let stage = Stage::new(Bench::Targets);
    let mut command = stage.command(&["late", "--rounds=1000", "--repeats=2000", "--warmup=1", "--bench"]);
    let runner = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let journal = || fs::read_to_string(stage.runs().first()?.join("journal.jsonl")).ok();
    wait_until("six rounds", || {
        journal().is_some_and(|text| text.matches("\n{\"type\":\"round\"").count() >= 6)
    });
    signal("KILL", runner.id());
    assert_eq!(wait(runner, || "a run that was killed".to_owned()), 128 + 9);
    let record = record::open(&stage.runs()[0]).expect("record");
    assert_eq!(record.state, RunState::Recovered);
    let outcomes: Vec<Outcome> = record.cases[0].targets.iter().map(|result| result.outcome).collect();
    assert_eq!(outcomes, [Outcome::Missed, Outcome::Met]);
    assert_eq!(record.targets.expect("two targets").status, Outcome::Missed);
}

/// Targets are not checked if nothing is measured.
#[test]
fn a_test_run_knows_no_targets() {
    let stage = Stage::new(Bench::Targets);
    let said = stage.run(&["late", "--fail-on-targets"]).expect_code(0);
    assert!(!said.said().contains("missed"), "{}", said.said());
}
