//! Benchmarks written for criterion, built with the crate that replaces it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Command;

use serde_json::Value;

use bench_testing::Bench;

use crate::project::UNTIL_DECIDED;
use crate::stage::{Stage, case, failure, read_json, verdicts};

/// Arguments for the quickest possible run.
const QUICK: [&str; 3] = ["--rounds=2", "--max-time=200ms", "--quiet"];

/// The names of the fixture's benchmarks that work.
const FINE: [&str; 12] = [
    "heavy/one",
    "heavy/three",
    "heavy/two",
    "ordered/first",
    "ordered/second",
    "steps",
    "sum 1000",
    "sums/of [n]/1000",
    "sums/of [n]/10000",
    "twin/x",
    "twin/x_2",
    "fails",
];

fn stage() -> Stage {
    let mut stage = Stage::new(&[]);
    stage.add(Bench::WithFacade, "facade");
    stage
}

/// Returns the command that starts the fixture itself, as cargo does.
fn itself(stage: &Stage, arguments: &[&str]) -> Command {
    stage.target_command("facade", arguments)
}

fn ids(printed: &str) -> Vec<&str> {
    printed.lines().filter_map(|line| line.strip_suffix(": benchmark")).collect()
}

/// Returns the processes that have written a text with this beginning to the trace, once for each time.
fn traced(stage: &Stage, text: &str) -> Vec<String> {
    let trace = fs::read_to_string(stage.path().join("trace")).unwrap_or_default();
    let lines = trace.lines().filter_map(|line| line.split_once(' '));
    lines.filter(|(_, told)| told.starts_with(text)).map(|(process, _)| process.to_owned()).collect()
}

#[test]
fn what_is_printed_while_benchmarks_register_stands_in_no_list() {
    let stage = stage();
    let listed = stage.end(&mut itself(&stage, &["--list", "--format", "terse"])).expect_code(0);
    let mut expected: Vec<String> = FINE.iter().map(|name| format!("performance/{name}")).collect();
    expected.extend(["performance/measures nothing".to_owned(), "performance/panics".to_owned()]);
    expected.sort();
    let mut found = ids(&listed.stdout);
    found.sort_unstable();
    assert_eq!(found, expected, "{}", listed.said());
    assert_eq!(listed.stdout.lines().count(), expected.len());
    assert!(listed.stderr.contains("printed while benchmarks are registered"));
    // nextest passes the listed ids back.
    let once = ["performance/twin/x_2", "--nocapture", "--exact"];
    stage.end(&mut itself(&stage, &once)).expect_code(0).expect_said(&["twin/x_2 ... ok", "1 passed"]);
}

#[test]
fn benchmarks_of_the_facade_are_run() {
    let stage = stage();
    let mut command = itself(&stage, &[&QUICK[..], &["--bench"]].concat());
    let fickle = stage.path().join("fickle");
    let ended = stage.end(command.env("FIXTURE_FICKLE", &fickle)).expect_code(1);
    let record = read_json(&stage.report().join("run.json"));
    let of = |name: &str| case(&record, &format!("performance/{name}")).clone();
    for name in FINE {
        assert_eq!(of(name)["status"], "ok", "{name}: {}", of(name));
    }
    let sum = of("sums/of [n]/1000");
    assert_eq!(sum["counters"][0], serde_json::json!({"unit": "elements", "per_iteration": 1000}));
    assert!(sum["source"].as_str().expect("a file").ends_with("with_facade.rs"), "{sum}");
    assert!(failure(&of("panics")).contains("the floor is gone"));
    assert!(failure(&of("measures nothing")).contains("returned without measuring"));
    assert!(failure(&of("fickle")).contains("was in the list, but is not registered in this process"));
    // Both of two benchmarks with the same name are measured, and other quantities than time are not reported as times.
    let median = |name: &str| of(name)["time"]["median_s"].as_f64().expect("a time");
    assert_eq!((median("twin/x"), median("twin/x_2")), (1e-6, 1e-3));
    assert!(of("twin/x_2")["warnings"].to_string().contains("registered more than once"));
    assert!(!of("twin/x")["warnings"].to_string().contains("registered more than once"));
    let steps = of("steps");
    let metrics = steps["observed"]
        .as_array()
        .expect("metrics")
        .iter()
        .chain(steps["metrics"].as_array().into_iter().flatten());
    let found: Vec<&Value> = metrics.filter(|metric| metric["unit"] == "steps").collect();
    assert!(found.len() == 1 && found[0]["value"] == 3.0, "{steps}");
    assert_eq!(steps["settings"]["repeats"], 20);
    assert!(!ended.stdout.contains("printed while"), "{}", ended.said());
}

#[test]
fn a_worker_calls_one_target_and_leaves_when_its_case_is_measured() {
    let stage = stage();
    let mut command =
        itself(&stage, &["^ordered/first$", "--rounds=2", "--max-time=100ms", "--quiet", "--bench"]);
    stage.end(command.env("FIXTURE_TRACE", stage.path().join("trace"))).expect_code(0);
    let processes = |text: &str| traced(&stage, text).into_iter().collect::<BTreeSet<_>>();
    let (all, listing) = (processes("ordered registers"), processes("registered after"));
    assert_eq!((all.len(), listing.len()), (3, 1), "one that lists, and two that measure");
    assert_eq!(processes("heavy registers"), listing, "the other target is for the list");
    assert_eq!(processes("dropped"), all, "what was registered is dropped on the way");
    let mut calls = BTreeMap::new();
    for process in traced(&stage, "closure called") {
        *calls.entry(process).or_insert(0) += 1;
    }
    let record = read_json(&stage.report().join("run.json"));
    for round in case(&record, "performance/ordered/first")["rounds"].as_array().expect("rounds") {
        let samples = round["sample_ns"].as_array().expect("samples").len();
        assert!(calls.values().any(|calls| *calls > samples), "called for each sample: {calls:?}");
    }
}

#[test]
fn expensive_registration_is_shared() {
    let stage = stage();
    let mut command = itself(&stage, &["^heavy/", "--rounds=1", "--max-time=100ms", "--quiet", "--bench"]);
    stage.end(command.env("FIXTURE_TRACE", stage.path().join("trace"))).expect_code(0);
    let measuring: BTreeSet<String> = traced(&stage, "measures").into_iter().collect();
    assert_eq!(measuring.len(), 1, "one process for all: {measuring:?}");
    let record = read_json(&stage.report().join("run.json"));
    assert_eq!(record["summary"]["successful_runs"], 3);
}

#[test]
fn an_executable_that_was_kept_is_compared_live() {
    let stage = stage();
    let run = |arguments: &[&str]| {
        let quick = [&["^sum 1000$", "--quiet", "--bench"], arguments].concat();
        stage.end(&mut itself(&stage, &quick))
    };
    run(&["--save-baseline", "old", "--rounds=1", "--max-time=100ms"]).expect_code(0);
    let kept = stage.report().join("executables").join("facade");
    fs::create_dir(stage.path().join("new")).expect("folder");
    let newer = stage.path().join("new").join("facade");
    fs::copy(&kept, &newer).expect("copied");
    let arguments = [
        "^sum 1000$",
        "--baseline",
        "old",
        "--fail-on-regression=5%",
        UNTIL_DECIDED[0],
        UNTIL_DECIDED[1],
        "--bench",
    ];
    let mut command = stage.command(&newer, &arguments);
    command.env("BENCH_RUNNER", env!("CARGO_BIN_EXE_bench"));
    let ended = stage.end(&mut command).expect_code(0);
    let comparisons: Vec<Value> = bench_testing::runs_in(&stage.results())
        .iter()
        .filter(|run| run.join("comparison.json").exists())
        .map(|run| read_json(&run.join("comparison.json")))
        .collect();
    assert_eq!(comparisons.len(), 1, "{}", ended.said());
    assert_eq!(verdicts(&comparisons[0]), [("performance/sum 1000".to_owned(), "same".to_owned())]);
    let mut missing = stage.command(&newer, &["--baseline", "nothing", "--bench"]);
    missing.env("BENCH_RUNNER", env!("CARGO_BIN_EXE_bench"));
    stage.end(&mut missing).expect_code(2).expect_said(&["no run of that name"]);
}

#[test]
fn a_noise_threshold_is_that_of_its_benchmarks_unless_another_is_asked_for() {
    let compared = |threshold: &[&str]| {
        let stage = stage();
        let quick = ["compare", "./facade", "./facade", "ordered/second", "--max-time=100ms", "--quiet"];
        let ended = stage.bench(&[&quick[..], threshold].concat());
        let comparison = stage.comparison();
        let own = case(&comparison, "performance/ordered/second").get("threshold").and_then(Value::as_f64);
        (own, ended)
    };
    let (own, ended) = compared(&[]);
    assert_eq!(own, Some(0.3));
    ended.expect_code(0).expect_said(&["at a threshold of 1 % (1 case has its own)"]);
    assert_eq!(compared(&["--threshold=2%"]).0, None);
    let stage = stage();
    stage.bench(&[&["run", "./facade", "ordered/second"], &QUICK[..]].concat()).expect_code(0);
    let record = read_json(&stage.report().join("run.json"));
    assert_eq!(record["cases"][0]["settings"]["threshold"], 0.3);
}

#[test]
fn twice_the_work_is_seen() {
    let mut stage = stage();
    stage.add(Bench::WithFacade, "slower");
    let arguments = [&["compare", "./facade", "./slower", "sum 1000"], &UNTIL_DECIDED[..]].concat();
    let ended = stage.bench(&arguments);
    let comparison = stage.comparison();
    assert_eq!(
        verdicts(&comparison),
        [("performance/sum 1000".to_owned(), "slower".to_owned())],
        "{}",
        ended.said()
    );
}

#[test]
fn a_main_of_its_own_works() {
    let mut stage = Stage::new(&[]);
    stage.add(Bench::WithFacadeMain, "facade");
    stage.end(&mut itself(&stage, &[&QUICK[..], &["--bench"]].concat())).expect_code(0);
    let record = read_json(&stage.report().join("run.json"));
    for name in ["bare", "grouped", "after"] {
        assert_eq!(case(&record, &format!("performance/{name}"))["status"], "ok");
    }
    stage.end(&mut itself(&stage, &["--test"])).expect_code(0).expect_said(&["performance/grouped ... ok"]);
    let mut broken = itself(&stage, &["--test"]);
    stage
        .end(broken.env("FIXTURE_BREAKS", "1"))
        .expect_code(1)
        .expect_said(&["performance/after ... FAILED"]);
}

#[test]
fn cases_of_the_link_and_of_the_run_stand_side_by_side() {
    let mut stage = Stage::new(&[]);
    stage.add(Bench::FacadeAndRunner, "facade");
    let listed = stage.end(&mut itself(&stage, &["--list", "--format", "terse"])).expect_code(0);
    assert_eq!(ids(&listed.stdout), ["unit/registered", "performance/sum"]);
    // Searching for benchmarks registered at link time does not run the code that registers others.
    let mut command = itself(&stage, &[&QUICK[..], &["--bench"]].concat());
    stage.end(command.env("FIXTURE_ONCE", stage.path().join("once"))).expect_code(1);
    let record = read_json(&stage.report().join("run.json"));
    assert_eq!(case(&record, "unit/registered")["status"], "ok");
    let broken = failure(case(&record, "performance/sum"));
    assert!(broken.contains("while benchmarks were registered: registered twice"), "{broken}");
}
