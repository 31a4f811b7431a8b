//! What cargo, nextest and users of libtest expect of a bench target.

use std::collections::BTreeSet;
use std::fs;

use bench_core::Category;
use bench_testing::{Bench, Ended, Stage, cargo, require, run_to_end};

/// Cases of the bench target `spread` that are marked `ignore`.
const IGNORED: [&str; 3] = [
    "resnet/performance/forward[batch=32,dtype=f16]",
    "resnet/performance/forward[batch=32,dtype=f32]",
    "vit/unit/giant",
];

/// Returns the ids in the form that nextest reads; nothing else may be on stdout.
#[track_caller]
fn terse(ended: &Ended) -> BTreeSet<String> {
    assert_eq!(ended.code, 0, "{}", ended.said());
    let ids = ended.stdout.lines().map(|line| line.strip_suffix(": benchmark").expect(line).to_owned());
    let set: BTreeSet<String> = ids.collect();
    assert_eq!(set.len(), ended.stdout.lines().count(), "an id is listed twice:\n{}", ended.stdout);
    set
}

fn all(stage: &Stage) -> BTreeSet<String> {
    terse(&stage.run(&["--list", "--format", "terse"]))
}

fn ignored() -> BTreeSet<String> {
    IGNORED.map(str::to_owned).into()
}

/// Returns the ids in lines `test ID ... OUTCOME`.
fn reported(stdout: &str, outcome: &str) -> BTreeSet<String> {
    let lines = stdout.lines().filter_map(|line| line.strip_prefix("test ")?.split_once(" ... "));
    lines.filter(|(_, found)| *found == outcome).map(|(id, _)| id.to_owned()).collect()
}

#[test]
fn cargo_bench_takes_filters() {
    let stage = Stage::new(Bench::Spread);
    let mut command = cargo(&["bench", "-p", "fixture-spread", "--bench", "spread"]);
    command
        .args(["--", "--category", "unit", "--rounds=1", "--max-time=10ms", "--output-dir"])
        .arg(stage.results());
    let ended = run_to_end(&mut command, stage.path())
        .expect_code(0)
        .expect_said(&["benchmarks measured", "report: "]);
    assert!(!ended.stdout.contains("integration"), "{}", ended.stdout);
    let record = stage.record();
    assert!(record.cases.iter().all(|case| case.category == Category::Unit && case.time.is_some()));
    let unit = terse(&stage.run(&["--list", "--format", "terse", "--category", "unit"]));
    assert_eq!(record.cases.len(), unit.len() - 1, "all but `vit/unit/giant`");
}

#[test]
fn cargo_test_runs_each_case_once() {
    let stage = Stage::new(Bench::Spread);
    let mark = stage.path().join("mark");
    let mut command = cargo(&["test", "--benches", "-p", "fixture-spread"]);
    command.env("FIXTURE_MARK", &mark).env("BENCH_OUTPUT_DIR", stage.results());
    let ended = run_to_end(&mut command, stage.path()).expect_code(0);
    let second = all(&Stage::new(Bench::Second));
    assert_eq!(reported(&ended.stdout, "ok"), &(&all(&stage) - &ignored()) | &second);
    for cases in [32, second.len()] {
        let lines =
            [format!("\nrunning {cases} tests\n"), format!("\ntest result: ok. {cases} passed; 0 failed;")];
        assert!(lines.iter().all(|line| ended.stdout.contains(line)), "{lines:?}:\n{}", ended.stdout);
    }
    assert_eq!(fs::read_to_string(mark).expect("a mark"), "once\n");
    assert!(!stage.results().exists(), "a test writes no report");
}

#[test]
fn a_failing_case_fails_the_test_run() {
    let stage = Stage::new(Bench::Misbehaving);
    let cases = ["--exact", "unit/panics", "unit/sums", "unit/exits_with_3", "unit/skips"];
    let ended = stage.run(&cases).expect_code(1).expect_said(&[
        "running 4 tests",
        "test unit/sums ... ok",
        "test unit/skips ... ignored, no weights",
        "the floor is gone",
        "test result: FAILED. 1 passed; 2 failed; 1 ignored;",
    ]);
    let failed = ["unit/panics", "unit/exits_with_3"].map(str::to_owned);
    assert_eq!(reported(&ended.stdout, "FAILED"), failed.into());
}

#[test]
fn a_name_that_this_executable_does_not_hold_is_no_failure_of_a_test_run() {
    let stage = Stage::new(Bench::Spread);
    stage.run(&["some_test"]).expect_code(0).expect_said(&["running 0 tests", "test result: ok. 0 passed;"]);
    stage.bench(&["some_test"]).expect_code(2);
}

#[test]
fn the_terse_list_holds_every_case_and_nothing_else() {
    let stage = Stage::new(Bench::Spread);
    let all = all(&stage);
    assert_eq!(all.len(), 35);
    assert!(all.is_superset(&ignored()));
    // The order of arguments that nextest uses.
    assert_eq!(terse(&stage.run(&["--list", "--format", "terse", "--ignored"])), ignored());
    assert_eq!(terse(&stage.run(&["--format=terse", "--list", "--bench"])), all);
    // Most executables of a workspace contain no ignored case.
    assert_eq!(
        terse(&Stage::new(Bench::Second).run(&["--list", "--format", "terse", "--ignored"])),
        BTreeSet::new()
    );
}

#[test]
fn every_listed_name_runs_alone() {
    let stage = Stage::new(Bench::Spread);
    for id in all(&stage) {
        let mut arguments = vec!["--exact", &id, "--nocapture"];
        if IGNORED.contains(&id.as_str()) {
            // Not without `--ignored`.
            assert_eq!(reported(&stage.run(&arguments).stdout, "ok"), BTreeSet::new());
            arguments.push("--ignored");
        }
        let ended = stage
            .run(&arguments)
            .expect_code(0)
            .expect_said(&["running 1 test\n", "test result: ok. 1 passed;"]);
        assert_eq!(reported(&ended.stdout, "ok"), BTreeSet::from([id]));
    }
}

#[test]
fn what_benchmarks_print_follows_nocapture() {
    let stage = Stage::new(Bench::Misbehaving);
    let only = ["--exact", "unit/exits_with_3"];
    let ended = stage.run(&[&only[..], &["--nocapture"]].concat()).expect_code(1);
    assert_eq!(ended.stderr.matches("last words of exits_with_3").count(), 1, "{}", ended.said());
}

#[test]
fn nextest_lists_and_runs() {
    require!("cargo-nextest");
    let stage = Stage::new(Bench::Spread);
    let nextest = |arguments: &[&str]| {
        let mut command = cargo(&["nextest", arguments[0]]);
        command.args(["--benches", "-p", "fixture-spread"]).args(&arguments[1..]);
        run_to_end(&mut command, stage.path()).expect_code(0)
    };
    let listed = nextest(&["list", "--message-format=oneline"]).stdout;
    let prefix = "fixture-spread::bench/spread ";
    let found: BTreeSet<String> =
        listed.lines().filter_map(|line| line.strip_prefix(prefix)).map(str::to_owned).collect();
    assert_eq!(found, &all(&stage) - &ignored());

    nextest(&["run"]).expect_said(&["36 tests run: 36 passed, 3 skipped"]);
    nextest(&["run", "--run-ignored=only"]).expect_said(&["3 tests run: 3 passed, 36 skipped"]);
}

#[test]
fn flags_that_cargo_and_libtest_know_are_accepted() {
    let stage = Stage::new(Bench::Second);
    let accepted: [&[&str]; 6] = [
        &["--test-threads=1", "--nocapture"],
        &["--test-threads", "1", "--no-capture"],
        &["--show-output", "--quiet"],
        &["-Zunstable-options", "--test"],
        &["--color=never", "--include-ignored"],
        &["second", "naps", "--skip", "ms=5", "--exact"],
    ];
    for arguments in accepted {
        stage.run(arguments).expect_code(0);
    }
    // Cargo passes `--bench` after all other arguments.
    stage.bench(&["second", "--color", "never"]).expect_code(0).expect_said(&["1 of 1 benchmarks measured"]);
}

#[test]
fn unknown_flags_are_wrong_usage() {
    let stage = Stage::new(Bench::Spread);
    for arguments in [
        &["--categories=unit", "--bench"][..],
        &["--frobnicate"],
        &["-x", "--bench"],
        &["--sample-size=10", "--bench"],
    ] {
        let ended = stage.run(arguments).expect_code(2);
        assert!(
            ended.stderr.contains(arguments[0].split('=').next().unwrap()),
            "{arguments:?}: {}",
            ended.stderr
        );
        assert_eq!(ended.stdout, "");
    }
    stage.run(&["--categories=unit", "--bench"]).expect_said(&["a similar argument exists: '--category'"]);
    let help = stage.run(&["--help"]).expect_code(0);
    assert!(help.stdout.contains("--fail-on-regression") && help.stderr.is_empty(), "{}", help.said());
}

#[test]
fn a_reader_that_has_had_enough_ends_nothing() {
    use std::process::Stdio;
    let stage = Stage::new(Bench::Second);
    let mut command = stage.command(&["second", "--rounds=1", "--max-time=10ms", "--bench"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("started");
    drop((child.stdout.take(), child.stderr.take()));
    assert_eq!(bench_testing::wait(child, || "a run nobody listens to".to_owned()), 0);
    assert!(stage.record().case("unit/second").expect("case").time.is_some());
}
