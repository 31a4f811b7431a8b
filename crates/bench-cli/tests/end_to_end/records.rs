//! Comparisons of two records, which were measured at different times.

use std::fs;

use serde_json::{Value, json};

use crate::stage::{Stage, read_json};
use bench_testing::{Ended, runs_in};

/// Creates a stage with two runs, `./one.json` and `./other.json`, with `change` applied to the second.
fn two_runs(change: impl Fn(&mut Value)) -> Stage {
    let stage = Stage::new(&["base"]);
    let measure = ["second", "spins", "--rounds=6", "--repeats=12", "--warmup=1", "--bench"];
    for name in ["one", "other"] {
        stage.end(&mut stage.command("./base", &measure)).expect_code(0);
        let run = runs_in(&stage.results()).pop().expect("a run");
        let mut record = read_json(&run.join("run.json"));
        if name == "other" {
            change(&mut record);
        }
        fs::write(stage.path().join(format!("{name}.json")), record.to_string()).expect("written");
    }
    stage
}

fn compare(stage: &Stage, arguments: &[&str]) -> Ended {
    stage.bench(&[&["compare", "./one.json", "./other.json"], arguments].concat())
}

#[test]
fn time_is_not_compared_with_instructions() {
    let stage = two_runs(|record| {
        for case in cases(record) {
            case["settings"]["measure"] = json!("instructions");
        }
    });
    compare(&stage, &[])
        .expect_code(2)
        .expect_said(&["measured time, and this one instructions", "--measure"]);
}

fn cases(record: &mut Value) -> impl Iterator<Item = &mut Value> {
    record["cases"].as_array_mut().expect("cases").iter_mut()
}

#[test]
fn two_runs_are_compared_however_they_are_named() {
    let stage = two_runs(|_| {});
    let runs: Vec<String> = runs_in(&stage.results())
        .iter()
        .map(|run| run.file_name().expect("a name").to_str().expect("UTF-8").to_owned())
        .collect();
    let path = |run: &str| format!("benchmark_results/{run}");
    for [base, candidate] in [
        [runs[0].clone(), runs[1].clone()],
        [path(&runs[0]), path(&runs[1])],
        [path(&runs[0]) + "/run.json", "latest".to_owned()],
    ] {
        let ended = stage.bench(&["compare", &base, &candidate, "--threshold=99%"]).expect_code(0);
        ended.expect_said(&[&format!("compared with {}", runs[0]), "unit\n", "  second ", "  spins "]);
    }
    let ended =
        stage.bench(&["compare", &runs[0], &runs[1], "--exact", "unit/spins"]).expect_said(&["  spins "]);
    assert!(!ended.stdout.contains("second "), "{}", ended.stdout);
    stage
        .bench(&["compare", &runs[0], &runs[1], "nothing_like_this"])
        .expect_code(2)
        .expect_said(&["no chosen case is in both runs"]);
    let ended = stage.bench(&["compare", &runs[0], &runs[1], "--json=-"]);
    let printed: Value = serde_json::from_str(&ended.stdout).expect("JSON and nothing else");
    assert_eq!(printed["cases"].as_array().map(Vec::len), Some(2));
}

#[test]
fn another_machine_is_said_first_and_refused_when_strict() {
    let stage = two_runs(|record| record["environment"]["cpu"] = json!("Abacus 9000"));
    let ended = compare(&stage, &["--threshold=99%"]).expect_code(0);
    let second = ended.stdout.lines().nth(1).expect("a line below the heading");
    assert!(second.contains("different processor") && second.contains("Abacus 9000"), "{}", ended.stdout);
    compare(&stage, &["--strict"]).expect_code(2).expect_said(&["--strict", "Abacus 9000"]);
}

#[test]
fn what_is_no_whole_record_is_named() {
    let stage = two_runs(|_| {});
    let whole = fs::read_to_string(stage.path().join("one.json")).expect("read");
    let version = format!("\"schema_version\":{}", bench_record::SCHEMA_VERSION);
    assert!(whole.contains(&version));
    let broken: [(&str, String, &[&str]); 4] = [
        ("cut.json", whole[..whole.len() / 2].to_owned(), &["cut.json", "truncated"]),
        ("newer.json", whole.replace(&version, "\"schema_version\":99"), &["newer.json", "version 99"]),
        ("empty.json", String::new(), &["empty.json"]),
        ("nan.json", whole.replacen("\"median_s\":", "\"median_s\":NaN,\"was\":", 1), &["nan.json"]),
    ];
    for (name, text, said) in broken {
        fs::write(stage.path().join(name), text).expect("written");
        stage.bench(&["compare", "./one.json", name]).expect_code(2).expect_said(said);
        stage.bench(&["compare", name, "./one.json"]).expect_code(2).expect_said(said);
    }
    for sides in [["./one.json", "./base"], ["./base", "./one.json"]] {
        stage
            .bench(&["compare", sides[0], sides[1]])
            .expect_code(2)
            .expect_said(&["a record cannot be compared with a program"]);
    }
    stage.bench(&["calibrate", "./one.json"]).expect_code(2).expect_said(&["only a program"]);
}

/// Checks that impossible figures in a record lead to no verdict.
#[test]
fn impossible_times_are_no_verdict() {
    let set = |figures: Value| {
        move |record: &mut Value| {
            for case in cases(record) {
                for (name, value) in figures.as_object().expect("figures") {
                    case["time"][name] = value.clone();
                }
                for round in case["rounds"].as_array_mut().expect("rounds") {
                    let samples = round["sample_ns"].as_array().expect("samples").len();
                    round["sample_ns"] = json!(vec![0; samples]);
                }
            }
        }
    };
    let zero = json!({"low": 0.0, "high": 0.0});
    let none = json!({"value_s": 0.0, "supported": false});
    let nothing = json!({"median_s": 0.0, "interval_s": zero, "mean_s": 0.0, "min_s": 0.0, "max_s": 0.0,
                         "standard_deviation_s": 0.0, "p95": none, "p99": none});
    let contradictory = [
        json!({"median_s": -1.0, "interval_s": {"low": -2.0, "high": -0.5}}),
        json!({"median_s": 1e308, "interval_s": {"low": 1e-308, "high": 1e308}}),
        json!({"interval_s": {"low": 1.0, "high": 0.0}}),
    ];
    for figures in contradictory {
        let ended = two_runs(set(figures)).bench(&["compare", "./one.json", "./other.json"]);
        ended.expect_code(2).expect_said(&["contradicts itself"]);
    }
    let stage = two_runs(set(nothing));
    for sides in [["./one.json", "./other.json"], ["./other.json", "./one.json"], ["./other.json"; 2]] {
        let ended = stage.bench(&["compare", sides[0], sides[1], "--json=-"]);
        let printed: Value = serde_json::from_str(&ended.stdout).expect("JSON and nothing else");
        for case in printed["cases"].as_array().expect("cases") {
            let verdict = case["verdict"].as_str().expect("a verdict");
            assert!(matches!(verdict, "unsure" | "failed"), "{sides:?}: {case}");
        }
    }
}
