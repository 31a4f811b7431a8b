//! Runs from code, by a program with its own `main`.

use bench_core::record::{self, Cause, RunState, Status};
use bench_core::{Category, Record};
use bench_testing::{Bench, Stage, runs_in, wait_until};

#[test]
fn a_program_gets_its_record_back() {
    let stage = Stage::new(Bench::Programmatic);
    let ended = stage.run(&[]).expect_code(0);
    let record: Record = serde_json::from_str(&ended.stdout).expect("a record");

    let ids: Vec<&str> = record.cases.iter().map(|case| case.id.as_str()).collect();
    assert_eq!(
        ids,
        [
            "resnet/performance/breaks",
            "resnet/performance/forward[batch=1]",
            "resnet/performance/forward[batch=8]"
        ]
    );
    assert_eq!(record.state, RunState::Complete);
    assert_eq!((record.summary.successful_runs, record.summary.failed_runs), (2, 1));

    let broken = record.case("resnet/performance/breaks").expect("case");
    assert_eq!(broken.failure.as_ref().map(|failure| failure.cause), Some(Cause::Error));
    for case in &record.cases[1..] {
        assert_eq!((case.status, case.category), (Status::Ok, Category::Performance));
        assert_eq!(case.time.as_ref().map(|time| (time.rounds, time.samples)), Some((2, 10)));
        let batch: u64 = case.arguments["batch"].parse().expect("number");
        assert_eq!(case.counters.iter().map(|counter| counter.per_iteration).collect::<Vec<_>>(), [batch]);
        assert_eq!(case.metrics.iter().map(|metric| metric.unit.as_str()).collect::<Vec<_>>(), ["items/s"]);
    }
    // No folder was given, and nothing but the record is printed.
    assert!(!stage.results().exists());
    assert_eq!(ended.stderr, "");
    wait_until("its workers end", || stage.processes().is_empty());
}

#[test]
fn a_program_can_keep_its_runs() {
    let stage = Stage::new(Bench::Programmatic);
    let results = stage.path().join("kept");
    let printed = stage.run(&["kept"]).expect_code(0).stdout;
    let runs = runs_in(&results);
    assert_eq!(runs.len(), 1, "{runs:?}");
    let kept = record::open(&runs[0]).expect("record");
    let printed: Record = serde_json::from_str(&printed).expect("a record");
    assert_eq!(printed.cases, kept.cases);
    assert_eq!(printed.run, kept.run);
}
