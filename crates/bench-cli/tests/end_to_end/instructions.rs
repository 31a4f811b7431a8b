//! Counts of instructions in addition to the times of a comparison, and those of cases that a program registers while
//! it runs. Tests that need valgrind are skipped if it is missing; in CI, they fail.
#![cfg(not(bench_portable))] // valgrind counts on Linux only

use std::fs;
use std::process::Stdio;

use serde_json::Value;

use bench_testing::{Bench, Ended, require, signal, wait, wait_until, workspace};

use crate::stage::{Stage, case, read_json};

/// Arguments for a comparison so short that nothing is decided.
const UNSURE: [&str; 2] = ["--max-time=1ms", "--quiet"];

fn stage() -> Stage {
    let mut stage = Stage::new(&[]);
    for name in ["base", "other", "heavier"] {
        stage.add(Bench::Instructions, name);
    }
    stage
}

/// Compares, and counts instructions unless the arguments turn that off.
#[track_caller]
fn compare(stage: &Stage, arguments: &[&str]) -> Ended {
    let arguments = [&["compare"], arguments, &UNSURE[..]].concat();
    stage.end(stage.bench_command(&arguments).env_remove("BENCH_INSTRUCTIONS")).expect_code(0)
}

fn instructions(case: &Value, side: &str) -> u64 {
    let counts = &case["instructions"][side];
    counts["iteration"]["instructions"].as_u64().unwrap_or_else(|| panic!("no counts in {case}"))
}

#[track_caller]
fn follows_the_schema(comparison: &Value) {
    let text = fs::read_to_string(workspace().join("docs/comparison.schema.json")).expect("schema");
    let schema = jsonschema::validator_for(&serde_json::from_str(&text).expect("JSON")).expect("a schema");
    let errors = schema.iter_errors(comparison);
    let wrong: Vec<String> = errors.map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Compares 2000 instructions with 2 % more.
#[test]
fn a_time_that_is_unsure_has_a_second_witness() {
    require!("valgrind");
    let stage = stage();
    let ended = compare(&stage, &["./base", "./heavier", "--exact", "unit/walks", "--instructions=always"]);
    let comparison = stage.comparison();
    let walks = case(&comparison, "unit/walks");
    assert_eq!(walks["verdict"], "unsure", "counts decide nothing: {walks}");
    assert_eq!(instructions(walks, "candidate") - instructions(walks, "base"), 40);
    let change = walks["instructions"]["change"].as_f64().expect("a change");
    assert!((change - 0.02).abs() < 0.0003, "{change}");
    assert_eq!(walks["instructions"]["base"]["rounds"], 2, "a difference is looked at twice");
    assert!(comparison["counting"]["options"].to_string().contains("--cache-sim=yes"), "{comparison}");
    follows_the_schema(&comparison);
    let percent = format!("+{:.2} %", change * 100.0);
    ended.expect_said(&[
        "interval  instructions ",
        &format!("        instructions {percent} (2,0"),
        "the candidate does more work, which the time does not show",
        "they do not change a verdict",
        "1 unsure",
    ]);
    let table = fs::read_to_string(stage.report().join("comparison.csv")).expect("a table");
    let counted = format!(",{},{},", instructions(walks, "base"), instructions(walks, "candidate"));
    assert!(table.lines().nth(1).is_some_and(|row| row.contains(&counted)), "{table}");
}

#[test]
fn equal_work_is_said_to_be_equal_and_nobody_has_to_ask() {
    require!("valgrind");
    // Without a flag, counting is left out if it would take long, as on a machine that is busy with other tests.
    let attempt = || {
        let stage = stage();
        let ended = compare(&stage, &["./base", "./other", "--exact", "unit/walks"]);
        let walks = case(&stage.comparison(), "unit/walks").clone();
        (ended, walks)
    };
    let was_busy =
        |walks: &Value| ["out_of_time", "too_slow"].iter().any(|why| walks["uncounted"]["why"] == *why);
    let mut attempts = (0..10).map(|_| attempt());
    let (ended, walks) = attempts.find(|(_, walks)| !was_busy(walks)).expect("a moment without other work");
    assert_eq!(instructions(&walks, "base"), instructions(&walks, "candidate"));
    assert_eq!((&walks["verdict"], &walks["instructions"]["change"]), (&"unsure".into(), &0.0.into()));
    assert_eq!(walks["instructions"]["base"]["rounds"], 1, "the other side has found the same");
    ended.expect_said(&[
        "  equal  ",
        "        instructions equal (2,0",
        "nothing indicates that the work has changed",
    ]);
}

#[test]
fn hashing_is_told_with_care() {
    require!("valgrind");
    let stage = stage();
    let ended = compare(&stage, &["./base", "./other", "--exact", "unit/hashes", "--instructions=always"]);
    ended.expect_said(&["  ~", "        instructions about ", "processes of one side differ by"]);
}

#[test]
fn who_asks_for_none_gets_none() {
    let stage = stage();
    let said = compare(&stage, &["./base", "./heavier", "walks", "--instructions=never"]).said();
    assert!(!said.contains("instructions"), "{said}");
    assert_eq!(case(&stage.comparison(), "unit/walks").get("instructions"), None);
    let wrong = ["compare", "./base", "./heavier", "walks", "--instructions=sometimes"];
    stage.bench(&wrong).expect_code(2).expect_said(&["sometimes", "`auto`, `always` or `never`"]);
}

#[test]
fn a_missing_valgrind_is_named_to_those_who_asked() {
    let stage = stage();
    let with_path = |arguments: &[&str]| {
        let arguments = [&["compare", "./base", "./heavier", "walks"], arguments, &UNSURE[..]].concat();
        let mut command = stage.bench_command(&arguments);
        let ended = stage.end(command.env_remove("BENCH_INSTRUCTIONS").env("PATH", stage.path()));
        ended.expect_code(0).said()
    };
    let asked = with_path(&["--instructions=always"]);
    for said in
        ["note: no instructions were counted", "`--instructions always` needs valgrind", "apt-get install"]
    {
        assert!(asked.contains(said), "{said} is missing in {asked}");
    }
    let said = with_path(&[]);
    assert!(!said.contains("instructions"), "{said}");
}

#[test]
fn what_fails_under_valgrind_has_not_failed() {
    require!("valgrind");
    let stage = stage();
    let case_id = "unit/avoids_valgrind";
    let arguments =
        ["./base", "./other", "--exact", case_id, "--include-ignored", "--instructions=always", "--verbose"];
    compare(&stage, &arguments).expect_said(&[
        "1 unsure",
        "instructions not counted for 1 case: 1 failed under valgrind (--verbose says why)",
        "not counted: unit/avoids_valgrind: base: it has seen valgrind",
    ]);
    let comparison = stage.comparison();
    assert_eq!(case(&comparison, case_id)["uncounted"]["why"], "failed");
    follows_the_schema(&comparison);
}

#[test]
fn an_interrupt_while_counting_leaves_what_was_compared() {
    require!("valgrind");
    let stage = stage();
    let case_id = "unit/takes_its_time_under_valgrind";
    let arguments = [
        "compare",
        "./base",
        "./other",
        "--exact",
        case_id,
        "--include-ignored",
        "--instructions=always",
        "--max-time=1ms",
    ];
    let stream = |name: &str| fs::File::create(stage.path().join(name)).expect("a file");
    let mut command = stage.bench_command(&arguments);
    let bench =
        command.stdin(Stdio::null()).stdout(stream("out")).stderr(stream("err")).spawn().expect("started");
    let read = |name: &str| fs::read_to_string(stage.path().join(name)).expect("read");
    wait_until("it counts", || read("err").contains("counting instructions of 1 case"));
    signal("INT", bench.id());
    let code = wait(bench, || "a comparison".to_owned());
    let said = read("out") + &read("err");
    assert_eq!(code, 130, "{said}");
    assert!(said.contains("instructions not counted for 1 case: 1 interrupted"), "{said}");
    let comparison = stage.comparison();
    assert_eq!(comparison["state"], "complete", "every pair was measured");
    assert_eq!(case(&comparison, case_id)["uncounted"]["why"], "interrupted");
    follows_the_schema(&comparison);
}

/// Counts do not affect how often a comparison errs, and do not include the injected slowdown.
#[test]
fn nothing_is_counted_in_a_calibration() {
    let stage = stage();
    let arguments = ["calibrate", "./base", "walks", "--repeats=1", "--inject=2%", "--max-time=1ms"];
    let ended = stage.end(stage.bench_command(&arguments).env_remove("BENCH_INSTRUCTIONS")).expect_code(0);
    assert!(!ended.said().contains("instructions"), "{}", ended.said());
    let calibration = read_json(&stage.report().join("calibration.json"));
    assert_eq!(calibration["comparisons"][0]["cases"][0].get("instructions"), None);
}

/// Checks cases that register while their program runs: a worker under valgrind has to find them again.
#[test]
fn cases_that_a_program_announces_are_counted() {
    require!("valgrind");
    let mut stage = Stage::new(&[]);
    stage.add(Bench::WithFacade, "facade");
    stage.add(Bench::WithFacade, "slower");
    let run = ["run", "./facade", "sums/", "heavy/one", "--measure=instructions"];
    stage.bench(&run).expect_code(0).expect_said(&["estimated cycles", "of [n]"]);
    let record = read_json(&stage.report().join("run.json"));
    let counts = |id: &str| case(&record, id)["counts"].clone();
    let count = |id: &str| counts(id)["iteration"]["instructions"].as_u64().expect("a count");
    let (small, large) = (count("performance/sums/of [n]/1000"), count("performance/sums/of [n]/10000"));
    // A loop of 1000 or 10000 steps, each of a few instructions; the code around it reads the program's name.
    let step = (large - small) as f64 / 9000.0;
    let around = small as f64 - 1000.0 * step;
    assert!((1.0..20.0).contains(&step) && (0.0..5000.0).contains(&around), "{small} {large}");
    assert!(count("performance/heavy/one") > 100, "its worker leaves after it, under valgrind as well");
    for id in ["performance/sums/of [n]/1000", "performance/heavy/one"] {
        assert_eq!(counts(id)["least_instructions"], counts(id)["most_instructions"], "{id}");
    }

    let compared = ["compare", "./facade", "./slower", "--exact", "performance/sums/of [n]/1000"];
    let arguments =
        [&compared[..], &["--instructions=always", "--output-dir=compared"], &UNSURE[..]].concat();
    stage.bench(&arguments).expect_code(0);
    let folders = bench_testing::runs_in(&stage.path().join("compared"));
    let comparison = read_json(&folders[0].join("comparison.json"));
    let sums = case(&comparison, "performance/sums/of [n]/1000");
    assert_eq!(instructions(sums, "base"), small, "as in a run");
    let more = instructions(sums, "candidate") as f64 - small as f64;
    assert!((more - 1000.0 * step).abs() < 100.0, "twice the steps: {sums}");
}
