//! `bench gate` on generated nightly runs.

use std::fs;

use serde_json::Value;

use crate::history::{measured, slower_from_night_20, write_night, write_night_at};
use crate::project::Project;
use crate::stage::{Stage, read_json};

/// Returns the decision of the gate, and its exit code.
fn gate(stage: &Stage, arguments: &[&str]) -> (Value, i32) {
    let ended = stage.bench(&[&["gate", "--json=-"], arguments].concat());
    let decision = serde_json::from_str(&ended.stdout).unwrap_or_else(|_| panic!("{}", ended.said()));
    (decision, ended.code)
}

fn findings(decision: &Value) -> &Vec<Value> {
    decision["findings"].as_array().expect("findings")
}

#[test]
fn thirty_nights_with_one_regression_raise_one_alarm_until_it_is_accepted() {
    let (stage, record) = measured();
    let mut alarms = Vec::new();
    for night in 0..30 {
        write_night(&stage, &record, night, slower_from_night_20(night));
        let (decision, code) = gate(&stage, &[&format!("night-{night:02}")]);
        let new = |finding: &&Value| finding["evidence"]["new"] == true;
        alarms.extend(findings(&decision).iter().filter(new).map(|_| night));
        // An alarm lasts until the change is accepted or fixed.
        let expected = if alarms.is_empty() { 0 } else { 3 };
        assert_eq!(code, expected, "night {night}: {decision}");
    }
    assert_eq!(alarms.len(), 1, "{alarms:?}");
    assert!((24..30).contains(&alarms[0]), "{alarms:?}");
    let bisect = format!("bench bisect {} {}", "0".repeat(12), "0".repeat(12));
    stage.bench(&["gate", "night-29"]).expect_code(3).expect_said(&[
        "night-29 (000000000000) against its history",
        "unit/spins  time",
        "+3.0 %",
        "last before: 2026-01-20T01:00:00Z (night-19",
        "not confirmed: no checkout here has the commit",
        &bisect,
        "bench accept 'unit/spins' --reason TEXT",
        "1 fails",
    ]);
    let accept = ["accept", "unit/spins", "--reason=exact sums", "--author=me"];
    stage.bench(&accept).expect_code(0).expect_said(&["since night-20"]);
    stage.bench(&["gate", "night-29"]).expect_code(0);
    for night in 30..34 {
        write_night(&stage, &record, night, slower_from_night_20(night));
        let (decision, code) = gate(&stage, &["--strict", &format!("night-{night:02}")]);
        assert_eq!((findings(&decision).len(), code), (0, 0), "night {night}: {decision}");
    }
    stage.bench(&["trend"]).expect_code(0).expect_said(&["[accepted by me: exact sums]"]);
    // The run was stored before it was judged.
    stage.bench(&["store", "list"]).expect_code(0).expect_said(&["night-00", "night-33"]);
}

#[test]
fn too_little_history_is_said_and_is_unsure_where_that_is_asked() {
    let (stage, record) = measured();
    write_night(&stage, &record, 0, 1.0);
    stage
        .bench(&["gate", "night-00"])
        .expect_code(0)
        .expect_said(&["4 with too little history (fewer than 15 runs)"]);
    stage.bench(&["gate", "night-00", "--strict"]).expect_code(4);
    stage.bench(&["gate"]).expect_code(0).expect_said(&["night-00"]);
    stage.bench(&["gate", "night-99"]).expect_code(2).expect_said(&["night-99"]);
}

#[test]
fn a_mistake_in_bench_toml_is_told_with_its_place_before_anything_is_kept() {
    let (stage, record) = measured();
    write_night(&stage, &record, 0, 1.0);
    fs::write(stage.path().join("bench.toml"), "[gate]\nthreshold = \"2 parsecs\"\n").expect("file");
    stage
        .bench(&["gate", "night-00"])
        .expect_code(2)
        .expect_said(&["error: bench.toml:2:13: `2 parsecs` is not a threshold"]);
    stage.bench(&["store", "list"]).expect_code(2);
    stage.bench(&["gate", "night-00", "--config=other.toml"]).expect_code(2).expect_said(&["other.toml"]);
    let amount = "[[rule]]\nmetric = \"peak_memory\"\nthreshold = \"5ms\"\n";
    fs::write(stage.path().join("bench.toml"), amount).expect("file");
    stage.bench(&["gate", "night-00"]).expect_code(2).expect_said(&["bench.toml:3:13", "measured in bytes"]);
    fs::write(stage.path().join("bench.toml"), "[[rule]]\nlimits = [\"time < 1ns\"]\n").expect("file");
    stage.bench(&["gate", "night-00"]).expect_code(3).expect_said(&["time < 1ns", "a limit of bench.toml"]);
    fs::write(stage.path().join("bench.toml"), "").expect("file");
    stage.bench(&["gate", "night-00"]).expect_code(0);
}

#[test]
fn nothing_judged_is_not_all_well() {
    let (stage, record) = measured();
    write_night(&stage, &record, 0, 1.0);
    let configured = |text: &str| fs::write(stage.path().join("bench.toml"), text).expect("file");
    for (text, says) in [
        (
            "[gate]\nmetrics = [\"tiem\"]\n",
            "bench.toml:2:11: no case has a figure `tiem`: did you mean `time`?",
        ),
        ("[gate]\nthreshold = \"99999999999999999999 %\"\n", "would let everything pass"),
        ("[[rule]]\ncase = \"spin/\"\nlimits = [\"time < 1s\"]\n", "the nearest is `unit/spins`"),
    ] {
        configured(text);
        stage.bench(&["gate", "night-00"]).expect_code(2).expect_said(&[says]);
        assert!(!stage.results().join("history.sqlite").exists(), "kept although {text} is a mistake");
    }
    configured("[gate]\nmetrics = []\n");
    stage.bench(&["gate", "night-00"]).expect_code(2).expect_said(&["nothing was judged"]);
    configured("");
    let mistyped = ["gate", "night-00", "--store=benchmark_results/histroy.sqlite"];
    stage.bench(&mistyped).expect_code(2).expect_said(&["did you mean history.sqlite?"]);
    assert!(!stage.results().join("histroy.sqlite").exists());
}

#[test]
fn a_run_is_held_against_a_baseline() {
    let (stage, record) = measured();
    for night in 0..12 {
        write_night(&stage, &record, night, if night == 11 { 6.0 } else { 1.0 });
    }
    stage.bench(&["store", "add"]).expect_code(0);
    stage.bench(&["gate", "night-11", "--baseline=v1"]).expect_code(2).expect_said(&["`v1` is neither"]);
    stage.bench(&["baseline", "set", "v1", "night-08"]).expect_code(0);
    let against = ["gate", "--baseline=v1"];
    stage.bench(&[&against[..], &["night-10"]].concat()).expect_code(0);
    let ended = stage.bench(&[&against[..], &["night-11"]].concat());
    ended.expect_code(3).expect_said(&["against the baseline v1 (night-08)", "unit/spins  time", "1 fails"]);
    fs::write(stage.path().join("bench.toml"), "[gate]\nbaseline = \"v1\"\n").expect("file");
    stage.bench(&["gate", "night-11"]).expect_code(3);
    stage.bench(&["gate", "night-08"]).expect_code(2).expect_said(&["is this run itself"]);
    // A name that was given while measuring is accepted, too.
    std::os::unix::fs::symlink("night-09", stage.results().join("before")).expect("link");
    stage
        .bench(&["gate", "night-11", "--baseline=before"])
        .expect_code(3)
        .expect_said(&["before (night-09)"]);
}

#[test]
fn what_looks_much_worse_is_shown_although_it_is_unsure() {
    let (stage, record) = measured();
    write_night(&stage, &record, 0, 1.0);
    // More than is allowed, but within the differences between runs.
    write_night(&stage, &record, 1, 1.2);
    stage.bench(&["store", "add"]).expect_code(0);
    stage.bench(&["gate", "night-01", "--baseline=night-00"]).expect_code(0).expect_said(&[
        "this run",
        "unit/spins  time",
        "1.0 %  unsure",
    ]);
    let newest = stage.bench(&["store", "show", "latest"]).expect_code(0);
    assert!(newest.stdout.contains("\"run\":\"night-01\""), "{}", newest.said());
}

#[test]
fn what_the_history_suspects_is_measured_before_it_fails() {
    let (_elsewhere, record) = measured();
    let project = Project::new();
    let fast = project.head();
    let renamed = project.work(20_000, "the same by another name");
    let slow = project.work(100_000, "five times the work");
    let stage = &project.stage;
    // To the history, both commits look the same.
    for (head, code, says) in [
        (&fast, 0, "the last good run is of the same commit"),
        (&renamed, 0, "cleared"),
        (&slow, 3, "slower"),
    ] {
        let _ = fs::remove_dir_all(stage.results());
        for night in 0..30 {
            let commit = if night < 20 { &fast } else { head };
            write_night_at(stage, &record, night, slower_from_night_20(night), commit);
        }
        project.bench(&["store", "add"]).expect_code(0);
        let never = project.bench(&["gate", "night-29", "--confirm=never"]).expect_code(3);
        assert!(!never.said().contains("measured in turn"), "{}", never.said());
        let ended = project.bench(&["gate", "night-29", "--max-time=20s", "--", "--workspace"]);
        ended.expect_code(code).expect_said(&[says]);
        project.is_clean();
    }
    // Code that is not in a commit cannot be measured again.
    let mut dirty = read_json(&stage.results().join("night-29/run.json"));
    dirty["environment"]["dirty"] = Value::Bool(true);
    dirty["run"] = "night-29b".into();
    fs::create_dir(stage.results().join("night-29b")).expect("folder");
    fs::write(stage.results().join("night-29b/run.json"), dirty.to_string()).expect("written");
    let reason = "no commit contains the code of this run";
    project.bench(&["gate", "night-29b"]).expect_code(3).expect_said(&["not confirmed", reason]);
    let always = project.bench(&["gate", "night-29b", "--confirm=always"]);
    always.expect_code(2).expect_said(&["`unit/spins` cannot be confirmed", reason]);
}

#[test]
fn reruns_of_an_old_commit_are_no_change_of_today() {
    let (elsewhere, record) = measured();
    let project = Project::new();
    let commits: Vec<String> =
        (0..25).map(|number| project.work(20_000 + number, &format!("commit {number}"))).collect();
    let stage = &project.stage;
    let slow = |night: usize| if night == 2 || night >= 25 { 1.2 } else { 1.0 };
    for night in 0..31 {
        write_night_at(stage, &record, night, slow(night), commits.get(night).unwrap_or(&commits[2]));
    }
    project.bench(&["store", "add"]).expect_code(0);
    project.bench(&["gate", "night-30", "--confirm=never"]).expect_code(0);
    project.bench(&["gate", "night-24", "--confirm=never"]).expect_code(0);
    let worse = "(worse) since 2026-01-26";
    let trend = project.bench(&["trend"]).expect_code(0);
    assert!(!trend.said().contains(worse), "{}", trend.said());
    // If no commit is known, runs are ordered by time.
    let results = stage.results().display().to_string();
    elsewhere.bench(&["trend", "--output-dir", &results]).expect_code(0).expect_said(&[worse]);
}
