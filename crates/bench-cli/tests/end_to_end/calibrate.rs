//! A program is compared with itself.

use std::fs;

use crate::stage::{Stage, read_json};
use bench_testing::runs_in;

#[test]
fn what_is_injected_is_found() {
    let stage = Stage::new(&["base"]);
    let arguments = ["calibrate", "./base", "spins", "--repeats=2", "--inject=50%", "--threshold=5%"];
    stage.bench(&[&arguments[..], &["--max-time=20s", "--quiet"]].concat()).expect_code(0);
    let calibration = read_json(&stage.report().join("calibration.json"));
    assert_eq!(calibration["format"], "bench-calibration");
    let suite = &calibration["suite"];
    assert_eq!((&suite["comparisons"], &suite["slower"]), (&2.into(), &2.into()), "{suite}");
    assert_eq!(calibration["cases"][0]["id"], "unit/spins");
    assert_eq!(calibration.get("symmetry"), None, "injected work leans on purpose");
    let plot = fs::read_to_string(stage.report().join("plots/intervals.svg")).expect("a plot");
    assert!(plot.contains("unit/spins · 1") && plot.contains("unit/spins · 2"));
}

#[test]
fn json_alone_on_stdout() {
    let stage = Stage::new(&["base"]);
    let arguments = ["calibrate", "./base", "second", "--repeats=1", "--max-time=50ms", "--json=-"];
    let ended = stage.bench(&arguments).expect_code(0);
    let printed: serde_json::Value = serde_json::from_str(&ended.stdout).expect("JSON and nothing else");
    assert_eq!(printed["suite"]["comparisons"], 1);
    let symmetry = &printed["symmetry"];
    let leaned = symmetry["slower"].as_u64().zip(symmetry["faster"].as_u64()).expect("counts of both sides");
    assert!(leaned.0 + leaned.1 <= 1 && symmetry["p_value"] == 1.0, "{symmetry}");
}

#[test]
fn a_case_that_fails_is_exit_code_1() {
    let stage = Stage::new(&["panics"]);
    let arguments = ["calibrate", "./panics", "ends", "--repeats=2", "--max-time=50ms", "--quiet"];
    stage.bench(&arguments).expect_code(1).expect_said(&["the floor is gone"]);
    assert_eq!(runs_in(&stage.results()).len(), 1);
}
