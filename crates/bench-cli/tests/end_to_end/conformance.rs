//! `bench conformance`: a program that follows the protocol, and programs with one fault each.

use std::sync::Mutex;

use crate::python::{self, EXAMPLE, FAULTY};
use crate::stage::Stage;

#[test]
fn the_example_follows_the_protocol() {
    if python::is_missing() {
        return;
    }
    let stage = Stage::new(&[]);
    let program = python::install(&stage, EXAMPLE, "program.py");
    let ended = stage.bench(&["conformance", &program, "--timeout=60s"]).expect_code(0);
    ended.expect_said(&["0 deviations, 0 not checked", "step: batches, then `stop`"]);
}

#[test]
fn a_bench_target_follows_the_protocol() {
    let stage = Stage::new(&[]);
    let program = bench_testing::executable(bench_testing::Bench::Sides);
    let program = program.to_str().expect("UTF-8");
    stage.bench(&["conformance", program, "--timeout=60s"]).expect_code(0).expect_said(&["0 deviations"]);
}

/// A fault, the checks that are made, and the expected message.
const FAULTS: &[(&str, &str, &str)] = &[
    ("nothing", "list", "printed nothing"),
    ("no_case", "list", "its list contains no case"),
    ("twice", "list", "contains the id `unit/digest` twice"),
    ("talks", "list", "printed `Loading ..."),
    ("other_version", "list", "version 3 of the worker protocol"),
    ("endless_list", "list", "had not ended after"),
    ("long_list", "list", "printed more than 64 MiB"),
    ("no_toolchain", "list", "list: names its toolchain"),
    ("unstable", "list", "list: is the same each time"),
    ("no_parts", "list", "list: ids are made of their parts"),
    ("ghost", "every case", "`unit/ghost` ends with `finished` or `skipped`"),
    ("never_ready", "ready", "nothing for"),
    ("late_ready", "ready", "nothing for"),
    ("ready_of_1", "ready", "`ready` with `protocol` 1"),
    ("no_ready", "order of frames", "`first_call`"),
    ("chatter", "ready", "expected a frame, found `hello`"),
    ("unknown_frame", "order of frames", "first_cry"),
    ("no_first_call", "order of frames", "`first_call` after `ready`"),
    ("no_warmed_up", "sample: numbers", "`warmed_up` after `first_call`"),
    ("no_samples", "sample: numbers", "at least one sample"),
    ("no_finished", "order of frames", "nothing for"),
    ("wrong_total", "sample: numbers", "the iterations of all samples"),
    ("dies_after_ready", "order of frames", "exit status: 3"),
    ("dies_after_first_call", "order of frames", "exit status: 3"),
    ("dies_after_samples", "sample: until", "exit status: 3"),
    ("big_frame", "order of frames", "at most 64 MiB"),
    ("endless_frame", "order of frames", "at most 64 MiB"),
    ("after_the_last", "shared: all cases", "deviation: shared: all cases"),
    ("five_samples", "sample: numbers", "2 iterations of warm-up and 5 samples"),
    ("no_hard_stop", "hard stop", "deviation: sample: a hard stop"),
    ("picoseconds", "step: batches", "a time in nanoseconds, no longer than the batch"),
    ("two_times", "step: batches", "one time for that `batch`"),
    ("other_iterations", "step: batches", "`samples` with `iterations` 1"),
    ("ignores_stop", "step: batches", "`finished` after `stop`"),
    ("leads_that_count", "step: batches", "the 6 iterations of all batches"),
    ("counts", "count", "`failed` in mode `count`"),
    ("filtered", "environment", "`skipped` (filtered out)"),
    ("measures_anything", "an unknown case", "does not have"),
    ("any_mode", "an unknown mode", "deviation: commands: an unknown mode"),
    ("strict", "unknown fields", "unknown fields are ignored"),
    ("forgiving", "not JSON", "deviation: commands: not JSON"),
    ("patient", "longer than 64 MiB", "deviation: commands: longer than 64 MiB"),
    ("hasty", "several at once", "deviation: commands: several at once"),
    ("whole", "in pieces", "deviation: commands: in pieces"),
    ("empty_batches", "0 iterations", "deviation: commands: a batch of 0 iterations"),
    ("stays", "step: the channel closed", "it was still running"),
    ("exit_code", "order of frames", "exit status: 7"),
    ("one_round", "shared: all cases", "deviation: shared: all cases"),
    ("ready_again", "shared: all cases", "deviation: shared: all cases"),
];

#[test]
fn each_fault_is_found() {
    if python::is_missing() {
        return;
    }
    let left = Mutex::new(FAULTS.iter());
    let missed = Mutex::new(Vec::new());
    // The checks run in parallel, because most of their time is spent waiting for messages that never come.
    std::thread::scope(|scope| {
        for _ in 0..12 {
            scope.spawn(|| {
                let stage = Stage::new(&[]);
                python::install(&stage, EXAMPLE, "python_program.py");
                let program = python::install(&stage, FAULTY, "faulty.py");
                while let Some(fault) = { left.lock().expect("no panic").next() } {
                    missed.lock().expect("no panic").extend(miss(&stage, &program, fault));
                }
            });
        }
    });
    let missed = missed.into_inner().expect("no panic");
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

/// Returns the output for a fault if it does not contain the expected message; `None` if it does.
fn miss(stage: &Stage, program: &str, (fault, checks, said): &(&str, &str, &str)) -> Option<String> {
    let mut command = stage.bench_command(&["conformance", program, checks, "--quiet", "--timeout=15s"]);
    let ended = stage.end(command.env("FAULT", fault));
    let is_found =
        ["deviation:", "expected: ", "found: ", said].iter().all(|text| ended.stdout.contains(text));
    (ended.code != 1 || !is_found).then(|| format!("{fault}: exit code {}\n{}", ended.code, ended.said()))
}

#[test]
fn what_cannot_be_checked_is_a_wrong_use() {
    if python::is_missing() {
        return;
    }
    let stage = Stage::new(&[]);
    let program = python::install(&stage, EXAMPLE, "program.py");
    stage.bench(&["conformance", "./nowhere"]).expect_code(2).expect_said(&["`./nowhere` does not exist"]);
    stage
        .bench(&["conformance", &program, "--case=unit/nothing"])
        .expect_code(2)
        .expect_said(&["lists no case `unit/nothing`"]);
    stage
        .bench(&["conformance", &program, "dance"])
        .expect_code(2)
        .expect_said(&["no check is called dance"]);
    stage.bench(&["conformance", "/bin/true"]).expect_code(1).expect_said(&["printed nothing"]);
}
