//! A side that breaks: its case fails, the other cases continue, and no process is left.

use std::process::{Child, Stdio};
use std::{fs, path::Path};

use serde_json::Value;

use crate::stage::{Stage, case, verdicts};
use bench_testing::{executables_running, signal, try_signal, wait, wait_until};

const QUICK: [&str; 2] = ["--max-time=50ms", "--quiet"];

#[track_caller]
fn failed(stage: &Stage, id: &str, side: &str, cause: &str, message: &str) -> Value {
    let comparison = stage.comparison();
    let case = case(&comparison, id);
    assert_eq!(case["verdict"], "failed", "{case}");
    let failure = &case["failure"];
    assert_eq!((&failure["side"], &failure["failure"]["cause"]), (&side.into(), &cause.into()), "{failure}");
    let said = failure["failure"]["message"].as_str().expect("a message");
    assert!(said.contains(message), "{said}");
    case.clone()
}

#[test]
fn a_side_that_ends_fails_its_case_alone() {
    for (how, cause, message) in [
        ("panics", "panic", "the floor is gone"),
        ("aborts", "signal", "SIGABRT"),
        ("exits", "exit", "code 0"),
        ("overflows", "stack_overflow", "the stack overflowed"),
    ] {
        for (base, candidate, side) in [("./fine", how, "candidate"), (how, "./fine", "base")] {
            let stage = Stage::new(&["fine", how]);
            let path = |name: &str| format!("./{}", name.trim_start_matches("./"));
            let arguments = ["compare", &path(base), &path(candidate), "ends", "second"];
            stage.bench(&[&arguments, &QUICK[..]].concat()).expect_code(1).expect_said(&[
                &format!("failed in the {side}: unit/ends"),
                message,
                "| last words of ends",
                "1 failed",
            ]);
            let failure = failed(&stage, "unit/ends", side, cause, message);
            let tail = failure["failure"]["failure"]["output_tail"].as_str().expect("a tail");
            assert!(tail.contains("last words of ends"), "{tail}");
            let comparison = stage.comparison();
            assert_ne!(case(&comparison, "unit/second")["verdict"], "failed");
            assert!(case(&comparison, "unit/second")["change"].is_number());
        }
    }
}

#[test]
fn a_side_that_hangs_is_stopped_by_its_timeout() {
    let stage = Stage::new(&["fine", "hangs"]);
    let arguments = ["compare", "./fine", "./hangs", "ends", "second", "--timeout=1s"];
    stage.bench(&[&arguments, &QUICK[..]].concat()).expect_code(1);
    failed(&stage, "unit/ends", "candidate", "timeout", "not done after 1.0 s");
}

#[test]
fn a_clock_that_stands_still_is_no_verdict() {
    for (base, candidate, side) in [("./fine", "./still", "candidate"), ("./still", "./fine", "base")] {
        let stage = Stage::new(&["fine", "still"]);
        stage
            .bench(&[&["compare", base, candidate, "counts"], &QUICK[..]].concat())
            .expect_code(1)
            .expect_said(&["0 ns", "1 failed"]);
        failed(&stage, "unit/counts", side, "protocol", "took 0 ns");
    }
}

#[test]
fn a_case_that_cannot_run_here_is_no_failure() {
    let stage = Stage::new(&["fine", "poor"]);
    let arguments = ["compare", "./fine", "./poor", "needs", "second"];
    stage
        .bench(&[&arguments, &QUICK[..]].concat())
        .expect_code(0)
        .expect_said(&["cannot run here", "integration/needs: no weights: fetch them"]);
    assert_eq!(verdicts(&stage.comparison()).len(), 1);
    let stage = Stage::new(&["poor"]);
    stage
        .bench(&[&["compare", "./poor", "./poor", "needs"], &QUICK[..]].concat())
        .expect_code(0)
        .expect_said(&["cannot run here", "nothing was compared"]);
}

/// A comparison that would take minutes.
struct Running {
    stage: Stage,
    bench: Child,
}

impl Running {
    fn start(cases: &[&str]) -> Self {
        let stage = Stage::new(&["base", "candidate"]);
        let stream = |name| fs::File::create(stage.path().join(name)).expect("file");
        let arguments =
            [&["compare", "./base", "./candidate", "--threshold=0.0001%", "--max-time=5m"], cases].concat();
        let mut command = stage.bench_command(&arguments);
        let command = command.stdin(Stdio::null()).stdout(stream("out")).stderr(stream("err"));
        let bench = command.spawn().expect("started");
        Running { stage, bench }
    }

    /// Waits until the workers of this many pairs have run.
    fn has_measured(self, pairs: usize) -> Self {
        let mut seen: Vec<u32> = Vec::new();
        wait_until("workers run", || {
            seen.extend(self.stage.processes());
            seen.sort_unstable();
            seen.dedup();
            seen.len() > 2 * pairs
        });
        self
    }

    fn end(self) -> (Stage, i32, String) {
        let code = wait(self.bench, || "a comparison".to_owned());
        let read = |name: &str| fs::read_to_string(self.stage.path().join(name)).expect("read");
        let said = read("out") + &read("err");
        wait_until("the workers end", || self.stage.processes().is_empty());
        (self.stage, code, said)
    }
}

#[test]
fn an_interrupted_comparison_is_reported() {
    for name in ["INT", "TERM"] {
        // Two of the processes list the cases; the others measure pairs.
        let running = Running::start(&["naps"]).has_measured(6);
        signal(name, running.bench.id());
        let (stage, code, said) = running.end();
        assert_eq!(code, 130, "{said}");
        assert!(said.contains("interrupted") && said.contains("integration/naps"), "{said}");
        let comparison = stage.comparison();
        assert_eq!(comparison["state"], "interrupted");
        let pairs = case(&comparison, "integration/naps")["pairs"].as_array().expect("pairs");
        assert!(!pairs.is_empty(), "{said}");
        assert!(stage.report().join("comparison.csv").exists());
    }
}

#[test]
fn a_comparison_that_is_interrupted_at_once_says_nothing_of_its_cases() {
    let running = Running::start(&["naps"]).has_measured(1);
    signal("INT", running.bench.id());
    let (stage, code, said) = running.end();
    assert_eq!(code, 130, "{said}");
    // If it was interrupted before the first pair, there is nothing to write.
    if stage.results().exists() {
        assert!(verdicts(&stage.comparison()).iter().all(|(_, verdict)| verdict == "unsure"), "{said}");
        assert!(!said.contains("more time would not settle it"), "{said}");
    }
}

#[test]
fn a_side_that_somebody_kills_fails_its_case_alone() {
    let mut running = Running::start(&["naps"]).has_measured(2);
    let candidate = fs::canonicalize(running.stage.path().join("candidate")).expect("path");
    // A worker may have sent its results before it is killed; then the next one is killed.
    wait_until("a worker is missed", || {
        kill_one(&candidate);
        running.bench.try_wait().expect("waited").is_some()
    });
    let (stage, code, said) = running.end();
    assert_eq!(code, 1, "{said}");
    failed(&stage, "integration/naps", "candidate", "signal", "SIGKILL");
}

fn kill_one(executable: &Path) {
    if let Some((process, _)) = executables_running(executable).first() {
        try_signal("KILL", *process);
    }
}

#[test]
fn workers_die_with_their_comparison() {
    let running = Running::start(&["naps"]).has_measured(2);
    signal("KILL", running.bench.id());
    let (_, code, _) = running.end();
    assert_eq!(code, 128 + 9);
}
