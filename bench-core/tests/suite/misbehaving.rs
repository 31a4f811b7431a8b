//! Whatever a benchmark does, the run continues and reports what happened.

use bench_core::record::{Cause, Status};
use bench_core::{Record, record};
use bench_testing::{Bench, Stage, wait_until};

/// Cases that fail, the cause, and a part of the message.
const FAILING: [(&str, Cause, &str); 27] = [
    ("aborts", Cause::Signal, "SIGABRT"),
    ("asks_for_more_than_there_is", Cause::OutOfMemory, "an allocation failed"),
    ("closes_every_other_descriptor", Cause::Exit, "code 1"),
    ("eats_memory", Cause::OutOfMemory, "`--max-memory`"),
    ("exits_with_0", Cause::Exit, "code 0"),
    ("exits_with_3", Cause::Exit, "code 3"),
    ("fails_in_a_later_iteration", Cause::Error, "iteration 100 is unlucky"),
    ("forks_a_child_that_returns", Cause::Error, "the benchmark forked"),
    ("hangs_and_ignores_sigterm", Cause::Timeout, "not done after 1.0 s"),
    ("hangs_asleep", Cause::Timeout, "not done after 1.0 s"),
    ("hangs_busy", Cause::Timeout, "not done after 1.0 s"),
    ("hangs_in_load", Cause::Timeout, "not done after 1.0 s"),
    ("hides_errors", Cause::Error, "use `try_iter`"),
    ("kills_itself", Cause::Signal, "SIGKILL"),
    ("measures_nothing", Cause::Error, "call one of the `iter` methods"),
    ("measures_twice", Cause::Error, "called an `iter` method twice"),
    ("overflows_its_stack", Cause::StackOverflow, "the stack overflowed"),
    ("panics", Cause::Panic, "the floor is gone"),
    ("panics_twice", Cause::Signal, "SIGABRT"),
    ("panics_with_a_panicking_payload", Cause::Exit, ""),
    ("panics_with_escapes", Cause::Panic, "in its panic"),
    ("panics_without_text", Cause::Panic, "without a message"),
    ("prints_100_mb_and_fails", Cause::Error, "said enough"),
    ("prints_escapes_and_fails", Cause::Error, "in its message"),
    ("returns_an_error", Cause::Error, "no such tensor"),
    ("segfaults", Cause::Signal, "SIGSEGV"),
    ("stops_itself", Cause::Timeout, "not done after 1.0 s"),
];

/// Cases that do something unusual, but can be measured.
const MEASURED: [&str; 16] = [
    "changes_folder_and_environment",
    "closes_its_output",
    "does_nothing",
    "forks_a_child_that_exits",
    "forks_a_daemon",
    "forks_a_sleeper",
    "forks_a_talking_daemon",
    "keeps_an_artifact",
    "prints_100_mb",
    "sees_no_change",
    "sleeps_at_exit",
    "sorts",
    "spawns_a_thread_that_panics",
    "sums",
    "takes_300_ms",
    "takes_a_nanosecond",
];

#[cfg(not(bench_portable))]
const SKIPPED: [(&str, &str); 2] =
    [("skips", "run `models/weights/fetch`"), ("skips_with_escapes", "in its reason")];

/// Not in the portable variant, which neither limits memory nor ends processes that a worker leaves behind.
#[cfg(not(bench_portable))]
#[test]
fn a_run_survives_its_benchmarks() {
    let stage = Stage::new(Bench::Misbehaving);
    let ended = stage
        .run(&["--rounds=1", "--max-time=100ms", "--max-memory=300MB", "--bench"])
        .expect_code(1)
        .expect_said(&["16 of 45 benchmarks measured, 27 failed, 2 skipped"]);

    let record = stage.record();
    assert_eq!(record.state, record::RunState::Complete);
    assert_eq!(record.cases.len(), FAILING.len() + MEASURED.len() + SKIPPED.len());
    assert_eq!(record.summary.failed_runs, FAILING.len());
    assert_eq!(record.summary.success_rate, Some(16.0 / 43.0));
    for (name, cause, message) in FAILING {
        failed(&record, name, cause, message);
    }
    for name in MEASURED {
        measured(&record, name);
    }
    for (name, reason) in SKIPPED {
        let case = record.case(&format!("unit/{name}")).expect(name);
        assert_eq!(case.status, Status::Skipped, "{name}");
        assert!(case.skip_reason.as_ref().is_some_and(|found| found.contains(reason)), "{name}");
        assert!(case.time.is_none(), "{name}");
    }
    doubts(&record);

    assert!(!ended.said().contains(['\x1b', '\u{9b}', '\x07']), "escape sequences reach the terminal");

    assert!(!stage.runs()[0].join("journal.jsonl").exists());
    // This includes the one that has left its process group and its parents.
    wait_until("all processes of the workers end", || stage.processes().is_empty());
    ended.expect_said(&["ended processes that benchmarks had left running: ", "fixture-daemon"]);
}

#[track_caller]
fn failed(record: &Record, name: &str, cause: Cause, message: &str) {
    let case = record.case(&format!("unit/{name}")).expect(name);
    assert_eq!(case.status, Status::Failed, "{name}");
    let failure = case.failure.as_ref().expect(name);
    assert_eq!(failure.cause, cause, "{name}: {failure}");
    assert!(failure.message.contains(message), "{name}: {failure}");
    // A panic in a panic ends with a backtrace that is longer than the output that is kept.
    let last = if name == "panics_twice" { "panic in a destructor during cleanup" } else { "last words of " };
    assert!(failure.output_tail.contains(last), "{name}: {}", failure.output_tail);
    assert!(failure.output_tail.len() <= 9 << 10, "{name}: {} bytes", failure.output_tail.len());
    assert!(case.time.is_none(), "{name}");
}

#[track_caller]
fn measured(record: &Record, name: &str) {
    let case = record.case(&format!("unit/{name}")).expect(name);
    assert_eq!(case.status, Status::Ok, "{name}: {:?}", case.failure);
    let time = case.time.as_ref().expect(name);
    assert!(
        time.median_s.0 > 0.0 && time.min_s <= time.median_s && time.median_s <= time.max_s,
        "{name}: {time:?}"
    );
    assert_eq!((time.rounds, case.rounds.len()), (1, 1), "{name}");
    assert_eq!(time.samples, case.rounds[0].sample_ns.len(), "{name}");
    assert!(case.first_call_s.is_some(), "{name}");
    assert_eq!(case.cpu_time_s.is_some(), !cfg!(bench_portable), "{name}");
}

/// Warnings about the figures of some cases.
#[cfg(not(bench_portable))]
fn doubts(record: &Record) {
    let doubted = |name: &str| {
        let case = record.case(&format!("unit/{name}")).expect(name);
        case.warnings.iter().any(|warning| warning.contains("was the work optimized away"))
    };
    assert!(doubted("does_nothing"));
    assert!(!doubted("sums") && !doubted("takes_300_ms"));
}

/// Same as [`a_run_survives_its_benchmarks`], without benchmarks that could bring down the machine.
#[cfg(bench_portable)]
#[test]
fn a_portable_run_survives_its_benchmarks() {
    let of_linux = |name: &str| name.contains("memory") || name.contains("fork") || name.contains("daemon");
    let stage = Stage::new(Bench::Misbehaving);
    let mut arguments = vec!["--rounds=1".to_owned(), "--max-time=100ms".to_owned(), "--bench".to_owned()];
    let failing: Vec<_> = FAILING.iter().filter(|(name, ..)| !of_linux(name)).collect();
    let measured = MEASURED.iter().filter(|name| !of_linux(name));
    let names = failing.iter().map(|(name, ..)| *name).chain(measured.copied());
    arguments.push("--exact".to_owned());
    arguments.extend(names.map(|name| format!("unit/{name}")));
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    stage.run(&arguments).expect_code(1);
    let record = stage.record();
    assert_eq!(record.state, record::RunState::Complete);
    for (name, cause, message) in failing {
        failed(&record, name, *cause, message);
    }
    for case in record.cases.iter().filter(|case| case.status != Status::Failed) {
        assert!(case.status == Status::Ok && case.time.is_some(), "{}: {:?}", case.id, case.failure);
    }
    assert!(record.cases.len() > 30, "{}", record.cases.len());
}

#[test]
fn the_flag_outranks_the_timeout_of_the_attribute() {
    let stage = Stage::new(Bench::Misbehaving);
    stage
        .bench(&["--timeout=200ms", "--exact", "unit/hangs_busy"])
        .expect_code(1)
        .expect_said(&["not done after 0.2 s"]);
}

#[test]
fn a_worker_that_leaves_its_process_group_is_killed_all_the_same() {
    let stage = Stage::new(Bench::Misbehaving);
    stage.bench(&["--ignored", "--exact", "unit/hangs_in_the_group_of_its_parent"]).expect_code(1);
    failed(&stage.record(), "hangs_in_the_group_of_its_parent", Cause::Timeout, "not done after 1.0 s");
    wait_until("the worker ends", || stage.processes().is_empty());
}

#[test]
fn a_budget_ends_what_is_not_timed_too() {
    for name in ["takes_no_time", "prepares_at_length"] {
        let stage = Stage::new(Bench::Misbehaving);
        let id = format!("unit/{name}");
        let ended =
            stage.run(&["--rounds=1", "--max-time=100ms", "--include-ignored", "--exact", &id, "--bench"]);
        assert_eq!(ended.code, 0, "{}", ended.said());
        let reopened = stage.record();
        assert_eq!(reopened.case(&id).map(|case| case.status), Some(Status::Ok));
    }
}

#[test]
fn a_time_beyond_all_bounds_ends_no_more_than_its_case() {
    let stage = Stage::new(Bench::Misbehaving);
    let ended = stage.bench(&["--include-ignored", "takes_all_time", "sums"]);
    assert!(matches!(ended.code, 0 | 1), "{}", ended.said());
    measured(&stage.record(), "sums");
}

#[test]
fn a_message_is_kept_at_a_readable_length() {
    let stage = Stage::new(Bench::Misbehaving);
    stage.bench(&["--ignored", "--exact", "unit/complains_at_length"]).expect_code(1);
    let record = stage.record();
    failed(&record, "complains_at_length", Cause::Error, "no such tensor: [0.0, ");
    let length = record.cases[0].failure.as_ref().expect("failure").message.len();
    assert!(length < 64 << 10, "{length} bytes");
}

#[test]
fn what_benchmarks_print_is_shown_on_request_only() {
    let stage = Stage::new(Bench::Misbehaving);
    let spoken = "last words of measures_nothing";
    let only = ["--exact", "unit/measures_nothing"];
    assert!(!stage.bench(&[&only[..], &["--no-progress"]].concat()).stderr.contains(spoken));
    assert!(stage.bench(&[&only[..], &["--verbose"]].concat()).stderr.contains(spoken));
}
