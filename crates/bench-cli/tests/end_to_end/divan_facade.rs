//! Benchmarks written for divan, built with the crate that replaces it.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use serde_json::{Value, json};

use bench_testing::Bench;

use crate::project::UNTIL_DECIDED;
use crate::stage::{Stage, case, failure, read_json, verdicts};

/// Arguments for the quickest possible run.
const QUICK: [&str; 4] = ["--rounds=2", "--max-time=200ms", "--quiet", "--bench"];

/// The names of the fixture's benchmarks that work.
const FINE: [&str; 17] = [
    "heavy::10",
    "heavy::20",
    "heavy::30",
    "inputs",
    "local",
    "locks::t=1",
    "locks::t=3",
    "odd::fails",
    "sum_1000",
    "sums::of::1000",
    "sums::of::10000",
    "timed::function",
    "timed::local",
    "timed::local_refs",
    "timed::local_values",
    "timed::refs",
    "timed::values",
];

fn stage() -> Stage {
    let mut stage = Stage::new(&[]);
    stage.add(Bench::WithDivanFacade, "facade");
    stage
}

/// Returns the command that starts the fixture itself, as cargo does.
fn itself(stage: &Stage, arguments: &[&str]) -> Command {
    stage.target_command("facade", arguments)
}

fn ids(printed: &str) -> BTreeSet<String> {
    printed.lines().filter_map(|line| line.strip_suffix(": benchmark")).map(str::to_owned).collect()
}

fn id(name: &str) -> String {
    format!("performance/with_divan_facade::{name}")
}

/// Returns the reading of a probe.
fn observed(case: &Value, name: &str) -> Value {
    let figures = case["observed"].as_array().into_iter().flatten();
    figures.into_iter().find(|figure| figure["name"] == name).unwrap_or(&Value::Null)["value"].clone()
}

/// Returns the processes that have written this text to the trace.
fn traced(stage: &Stage, text: &str) -> BTreeSet<String> {
    let trace = fs::read_to_string(stage.path().join("trace")).unwrap_or_default();
    let lines = trace.lines().filter_map(|line| line.split_once(' '));
    lines.filter(|(_, told)| *told == text).map(|(process, _)| process.to_owned()).collect()
}

#[test]
fn benchmarks_of_divan_are_listed() {
    let stage = stage();
    let listed = stage.end(&mut itself(&stage, &["--list", "--format", "terse"])).expect_code(0);
    let mut expected: BTreeSet<String> = FINE.iter().map(|name| id(name)).collect();
    let others =
        ["odd::left_out", "odd::measures_nothing", "odd::panics", "panics_on_a_thread", "timed::on_threads"];
    expected.extend(others.map(id));
    assert_eq!(ids(&listed.stdout), expected, "{}", listed.said());
    // nextest passes the listed ids back.
    let once = [&id("sums::of::1000"), "--nocapture", "--exact"];
    let ended = stage.end(&mut itself(&stage, &once)).expect_code(0);
    ended.expect_said(&["sums::of::1000 ... ok", "1 passed"]);
}

#[test]
fn benchmarks_of_divan_are_run() {
    let stage = stage();
    let ended = stage.end(&mut itself(&stage, &QUICK)).expect_code(1);
    let record = read_json(&stage.report().join("run.json"));
    let of = |name: &str| case(&record, &id(name)).clone();
    for name in FINE {
        assert_eq!(of(name)["status"], "ok", "{name}: {}\n{}", of(name), ended.said());
    }
    let sum = of("sums::of::1000");
    assert_eq!(sum["counters"][0], json!({"unit": "items", "per_iteration": 1000}));
    assert_eq!(sum["settings"]["repeats"], 20, "of its group");
    assert!(sum["source"].as_str().expect("a file").ends_with("with_divan_facade.rs"), "{sum}");
    assert_eq!(of("inputs")["counters"][0], json!({"unit": "bytes", "per_iteration": 100}));
    assert!(failure(&of("odd::panics")).contains("the floor is gone"));
    assert!(failure(&of("panics_on_a_thread")).contains("the floor is gone"));
    assert!(failure(&of("odd::measures_nothing")).contains("call one of the `bench` methods"));
    assert!(of("local")["warnings"].to_string().contains("run on one thread"), "{}", of("local"));
    let all: Vec<&str> =
        record["cases"].as_array().expect("cases").iter().filter_map(|case| case["id"].as_str()).collect();
    assert!(!all.contains(&id("odd::left_out").as_str()), "{all:?}");
    let mut asked = itself(&stage, &["left_out", "--ignored", "--test"]);
    stage.end(&mut asked).expect_code(1).expect_said(&["it was not asked for"]);
}

#[test]
fn only_the_routine_is_measured() {
    let stage = stage();
    stage.end(&mut itself(&stage, &[&["timed::"], &QUICK[..]].concat())).expect_code(0);
    let record = read_json(&stage.report().join("run.json"));
    for name in FINE.iter().filter(|name| name.starts_with("timed::")) {
        let case = case(&record, &id(name));
        let allocated = (observed(case, "allocations"), observed(case, "allocated"));
        assert_eq!(allocated, (json!(1.0), json!(8.0)), "{name}: {case}");
    }
    let contended = case(&record, &id("timed::on_threads"));
    let allocated = (observed(contended, "allocations"), observed(contended, "allocated"));
    assert_eq!(allocated, (json!(3.0), json!(24.0)), "those of all threads: {contended}");
}

#[test]
fn a_worker_computes_the_arguments_of_its_own_function_alone() {
    let stage = stage();
    let mut command = itself(&stage, &[&["sums::of::1000$"], &QUICK[..]].concat());
    stage.end(command.env("FIXTURE_TRACE", stage.path().join("trace"))).expect_code(0);
    let listing = traced(&stage, "heavy computes its arguments");
    let all = traced(&stage, "sums computes its arguments");
    assert_eq!((listing.len(), all.len()), (1, 3), "one that lists, and two that measure");
    assert!(all.is_superset(&listing));
    let measuring: BTreeSet<String> = all.difference(&listing).cloned().collect();
    assert_eq!(traced(&stage, "sums is called"), measuring, "listing calls no benchmark");
}

#[test]
fn arguments_that_take_long_are_computed_once_for_all_cases() {
    let stage = stage();
    let arguments = ["heavy::", "--rounds=1", "--max-time=100ms", "--quiet", "--bench"];
    let mut command = itself(&stage, &arguments);
    stage.end(command.env("FIXTURE_TRACE", stage.path().join("trace"))).expect_code(0);
    assert_eq!(traced(&stage, "heavy is called").len(), 1, "one process for all");
    let record = read_json(&stage.report().join("run.json"));
    assert_eq!(record["summary"]["successful_runs"], 3);
}

#[test]
fn twice_the_work_is_seen_and_the_same_is_not() {
    let mut stage = stage();
    stage.add(Bench::WithDivanFacade, "slower");
    let compare = |candidate: &str| {
        stage.bench(&[&["compare", "./facade", candidate, "sum_1000"], &UNTIL_DECIDED[..]].concat())
    };
    let ended = compare("./slower").expect_code(3);
    let comparison = stage.comparison();
    assert_eq!(verdicts(&comparison), [(id("sum_1000"), "slower".to_owned())], "{}", ended.said());
    let change = case(&comparison, &id("sum_1000"))["change"].as_f64().expect("a change");
    assert!((0.5..2.0).contains(&change), "{change}");
    compare("./facade").expect_code(0);
}

#[test]
fn benchmarks_of_divan_with_the_runner_stand_beside_ours() {
    let mut stage = Stage::new(&[]);
    stage.add(Bench::DivanAndRunner, "facade");
    let listed = stage.end(&mut itself(&stage, &["--list", "--format", "terse"])).expect_code(0);
    let sums = [10, 100].map(|n| format!("performance/divan_and_runner::sum::{n}"));
    let expected = BTreeSet::from(["unit/registered".to_owned(), sums[0].clone(), sums[1].clone()]);
    assert_eq!(ids(&listed.stdout), expected);
    stage.end(&mut itself(&stage, &QUICK)).expect_code(0);
    let record = read_json(&stage.report().join("run.json"));
    for id in &expected {
        assert_eq!(case(&record, id)["status"], "ok");
    }
}
