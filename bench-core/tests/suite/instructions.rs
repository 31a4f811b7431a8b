//! Counting instructions under valgrind. If valgrind is missing, tests that need it are skipped, but fail in CI.
#![cfg(not(bench_portable))] // valgrind counts on Linux only

use std::fs;
use std::process::Command;

use bench_core::Record;
use bench_core::record::{CaseCounts, Cause, Measure, Outcome, Status};
use bench_testing::{Bench, Ended, Stage, require};

/// The most instructions around a closure that are not also around an empty one: registers, a call, a loop.
const HARNESS: u64 = 10;

fn count(stage: &Stage, arguments: &[&str]) -> Ended {
    stage.run(&[&["--measure=instructions"], arguments, &["--bench"]].concat())
}

fn counts(record: &Record, id: &str) -> CaseCounts {
    let case = record.case(id).unwrap_or_else(|| panic!("no case {id}"));
    assert_eq!(case.status, Status::Ok, "{id}: {:?}", case.failure);
    case.counts.clone().unwrap_or_else(|| panic!("{id} has counted nothing"))
}

#[track_caller]
fn about(found: u64, wanted: u64) {
    assert!(found.abs_diff(wanted) <= HARNESS, "{found}, not {wanted} and at most {HARNESS} more or fewer");
}

#[test]
fn what_is_counted_is_the_closure() {
    require!("valgrind");
    let stage = Stage::new(Bench::Instructions);
    count(&stage, &[]).expect_code(0).expect_said(&["estimated cycles", "first call"]);
    let record = stage.record();
    let of = |id: &str| counts(&record, id).iteration.instructions;
    about(of("unit/nothing"), 0);
    for id in ["unit/walks", "unit/tries", "unit/sets_up", "unit/times_itself", "performance/serves"] {
        about(of(id), 2000);
    }
    // Starting a thread costs some thousands.
    assert!((6_000_000..6_100_000).contains(&of("unit/starts_threads")), "{}", of("unit/starts_threads"));
    let warms_up = counts(&record, "unit/warms_up");
    about(warms_up.iteration.instructions, 4000);
    about(warms_up.first_call.instructions, 20_000);

    for case in &record.cases {
        let [first, second] = case.rounds.as_slice() else { panic!("{}: not two rounds", case.id) };
        let of = |round: &bench_core::record::RoundRecord| round.counts.clone().expect("counts");
        assert_eq!(case.settings.measure, Measure::Instructions);
        assert!(case.time.is_none() && case.first_call_s.is_none() && case.load_s.is_none(), "{}", case.id);
        assert!(case.rounds.iter().all(|round| round.probes.is_empty() && round.surroundings.is_none()));
        if case.id != "unit/hashes" && case.id != "unit/starts_threads" {
            assert_eq!(of(first), of(second), "{}", case.id);
            assert!(case.warnings.is_empty(), "{:?}", case.warnings);
        }
        let iteration = of(first).iteration;
        assert!(of(first).options.contains("--cache-sim=yes") && of(first).subtracted_instructions < 60);
        let accesses = iteration.l1_hits + iteration.ll_hits + iteration.ram_hits;
        assert!(accesses + HARNESS >= iteration.instructions, "{}: {iteration:?}", case.id);
    }
    // It does not matter how busy the machine is.
    assert!(record.environment.references.is_none() && record.environment.quietness.is_empty());
    assert!(record.warnings.is_empty(), "{:?}", record.warnings);
    let targets = &record.case("unit/nothing").expect("a case").targets;
    let outcomes: Vec<Outcome> = targets.iter().map(|result| result.outcome).collect();
    assert_eq!(outcomes, [Outcome::Met, Outcome::Missed, Outcome::Unsure]);
    assert!(targets[2].reason.as_ref().is_some_and(|reason| reason.contains("instructions are counted")));
    follows_the_schema(&stage);
    let rows = fs::read_to_string(stage.latest().join("summary.csv")).expect("read");
    let walks = rows.lines().find(|line| line.contains(",unit/walks,")).expect("a row");
    assert!(walks.contains(&format!(",{},", of("unit/walks"))), "{walks}");
}

fn follows_the_schema(stage: &Stage) {
    let text = fs::read_to_string(stage.latest().join("run.json")).expect("read");
    let value: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let schema = serde_json::from_str(include_str!("../../../docs/run.schema.json")).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let wrong: Vec<String> =
        validator.iter_errors(&value).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    let record: Record = serde_json::from_str(&text).expect("a record");
    assert_eq!(serde_json::to_value(&record).expect("JSON"), value);
    // The schema forbids fields that it does not list.
    for path in ["/cases/0/counts", "/cases/0/counts/iteration", "/cases/0/rounds/0/counts"] {
        let mut unlisted = value.clone();
        unlisted.pointer_mut(path).expect(path)["surprise"] = serde_json::Value::Null;
        assert!(!validator.is_valid(&unlisted), "{path}");
    }
}

/// A count depends neither on the user's environment variables, nor on the path of the program.
#[test]
fn counts_repeat_wherever_the_program_runs() {
    require!("valgrind");
    let case = "unit/depends_on_its_address";
    let once = |stage: &Stage, variable: &str| {
        let mut command =
            stage.command(&["--measure=instructions", "--exact", case, "--rounds=1", "--bench"]);
        command.env("FIXTURE_LONG", variable).env("VALGRIND_OPTS", "--cache-sim=no");
        stage.end(&mut command).expect_code(0);
        counts(&bench_core::record::open(&stage.latest()).expect("a record"), case)
    };
    let stage = Stage::new(Bench::Instructions);
    let usual = once(&stage, "");
    assert_eq!(once(&stage, &"x".repeat(5000)), usual);
    let elsewhere = Stage::new(Bench::Instructions);
    let longer = elsewhere.path().join("a_longer_name_of_the_same_program");
    fs::hard_link(bench_testing::executable(Bench::Instructions), &longer).expect("a link");
    let mut command = Command::new(&longer);
    bench_testing::scrub(&mut command);
    command.current_dir(elsewhere.path()).args([
        "--measure=instructions",
        "--exact",
        case,
        "--rounds=1",
        "--bench",
    ]);
    elsewhere.end(&mut command).expect_code(0);
    assert_eq!(counts(&elsewhere.record(), case), usual);
}

#[test]
fn hashing_is_told() {
    require!("valgrind");
    let stage = Stage::new(Bench::Instructions);
    count(&stage, &["hashes", "--rounds=3"])
        .expect_code(0)
        .expect_said(&["between 3 rounds, because of hashing"]);
    let hashes = counts(&stage.record(), "unit/hashes");
    assert!(hashes.spread() > 0.0 && hashes.spread() < 0.05, "{hashes:?}");
    count(&stage, &["nothing", "--rounds=1"])
        .expect_code(0)
        .expect_said(&["one round only: whether its count"]);
}

#[test]
fn warm_up_goes_before_what_counts() {
    require!("valgrind");
    let stage = Stage::new(Bench::Instructions);
    count(&stage, &["warms_up", "--warmup=3", "--rounds=1"]).expect_code(0);
    about(counts(&stage.record(), "unit/warms_up").iteration.instructions, 10_000);
}

#[test]
fn any_difference_is_a_difference() {
    require!("valgrind");
    let stage = Stage::new(Bench::Instructions);
    let steps = |steps: &str, arguments: &[&str]| {
        let arguments =
            [&["--measure=instructions", "--exact", "unit/walks"], arguments, &["--bench"]].concat();
        stage.end(stage.command(&arguments).env("FIXTURE_STEPS", steps))
    };
    steps("1000", &["--save-as=before"]).expect_code(0);
    let compare = ["--compare=before", "--fail-on-regression=0.0001%"];
    steps("1000", &compare).expect_code(0).expect_said(&["1 same"]);
    // A change of two instructions in two thousand.
    steps("1001", &compare).expect_code(3).expect_said(&["+2 ", "+0.1", "1 slower"]);
    steps("999", &compare).expect_code(0).expect_said(&["-2 ", "1 faster"]);
    steps("1001", &["--compare=before", "--threshold=1%"]).expect_code(0).expect_said(&["1 same"]);
}

#[test]
fn a_run_that_measured_something_else_is_refused_before_anything_runs() {
    require!("valgrind");
    let stage = Stage::new(Bench::Instructions);
    stage.bench(&["nothing", "--save-as=timed"]).expect_code(0);
    let runs = stage.runs();
    let wrong = "the run ";
    count(&stage, &["nothing", "--compare=timed"]).expect_code(2).expect_said(&[wrong, "measured time"]);
    assert_eq!(stage.runs(), runs, "nothing was run");
    count(&stage, &["nothing", "--save-as=counted"]).expect_code(0);
    stage
        .bench(&["nothing", "--compare=counted"])
        .expect_code(2)
        .expect_said(&[wrong, "measured instructions"]);
}

#[test]
#[cfg(target_arch = "x86_64")]
fn an_instruction_that_valgrind_does_not_know_is_named_with_what_to_do() {
    require!("valgrind");
    let stage = Stage::new(Bench::Instructions);
    count(&stage, &["is_too_new", "--ignored"]).expect_code(1).expect_said(&[
        "does not know an instruction of this program",
        "unhandled instruction bytes: 0x62 0xF1",
        "-C target-cpu=x86-64-v3",
    ]);
}

#[test]
fn failures_are_what_they_are_without_valgrind() {
    require!("valgrind");
    let stage = Stage::new(Bench::Instructions);
    count(&stage, &["panics", "hangs", "--ignored", "--timeout=20s"])
        .expect_code(1)
        .expect_said(&["the floor is gone"]);
    let record = stage.record();
    let cause = |id: &str| record.case(id).and_then(|case| case.failure.as_ref()).expect("a failure").cause;
    assert_eq!((cause("unit/panics"), cause("unit/hangs")), (Cause::Panic, Cause::Timeout));
    assert!(record.cases.iter().all(|case| case.counts.is_none()));
}

#[test]
fn a_missing_valgrind_is_wrong_usage() {
    let stage = Stage::new(Bench::Instructions);
    let mut command = stage.command(&["--measure=instructions", "nothing", "--bench"]);
    command.env("PATH", stage.path());
    stage.end(&mut command).expect_code(2).expect_said(&[
        "needs valgrind",
        "not in $PATH",
        "apt-get install valgrind",
    ]);
    assert!(stage.runs().is_empty());
}

#[test]
fn what_is_about_time_is_refused() {
    let stage = Stage::new(Bench::Instructions);
    for (arguments, said) in [
        (["--in-process", "nothing"], "leave `--in-process` out"),
        (["--profile-time=1", "nothing"], "--profile-time measures time"),
        (["--against=HEAD", "nothing"], "--against measures time"),
        (["--stress=1s", "nothing"], "--stress measures time"),
    ] {
        count(&stage, &arguments).expect_code(2).expect_said(&[said]);
    }
    count(&stage, &["nothing", "--dry-run"]).expect_code(0).expect_said(&["1 iteration", "under valgrind"]);
    // As a test, a case runs once.
    stage
        .run(&["nothing", "--measure=instructions"])
        .expect_code(0)
        .expect_said(&["test unit/nothing ... ok"]);
    assert!(stage.runs().is_empty());
}
