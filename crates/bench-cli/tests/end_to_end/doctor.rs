//! `bench doctor`, on whatever machine the tests run.

use serde_json::Value;

use crate::stage::{Stage, read_json};
use bench_testing::{Ended, not_checked};

const CHECKS: [&str; 15] = [
    "virtual machine",
    "container",
    "governor",
    "turbo",
    "frequency limits",
    "SMT",
    "battery",
    "ASLR",
    "affinity",
    "cgroup quota",
    "load",
    "other processes",
    "pressure",
    "steal",
    "thermal throttling",
];

fn diagnosis(ended: &Ended) -> Value {
    serde_json::from_str(&ended.stdout).expect("JSON and nothing else")
}

#[test]
fn every_check_is_printed_and_finding_something_is_no_failure() {
    let stage = Stage::new(&[]);
    let ended = stage.bench(&["doctor", "--watch=300ms"]).expect_code(0);
    for check in CHECKS {
        assert!(ended.stdout.lines().any(|line| line.starts_with(check)), "{check}: {}", ended.stdout);
    }
    assert!(!stage.results().exists(), "looking leaves nothing behind");
}

#[test]
fn machines_read_json_from_stdout_or_a_file() {
    let stage = Stage::new(&[]);
    let ended = stage.bench(&["doctor", "--watch=300ms", "--json"]).expect_code(0);
    let found = diagnosis(&ended);
    assert_eq!((&found["format"], &found["watched_s"]), (&"bench-diagnosis".into(), &0.3.into()));
    let checks = found["checks"].as_array().expect("checks");
    let names: Vec<&str> = checks.iter().filter_map(|check| check["name"].as_str()).collect();
    assert_eq!(names, CHECKS);
    for check in checks {
        assert!(check["value"].as_str().is_some_and(|value| !value.is_empty()), "{check}");
        assert_eq!(check["advice"].is_null(), check["state"] == "ok", "{check}");
    }

    let ended = stage.bench(&["doctor", "--watch=10ms", "--json=kept.json"]).expect_code(0);
    assert!(ended.stdout.starts_with(' '), "the table: {}", ended.stdout);
    assert_eq!(read_json(&stage.path().join("kept.json"))["format"], "bench-diagnosis");
    stage
        .bench(&["doctor", "--watch=10ms", "--json=no/such/folder.json"])
        .expect_code(2)
        .expect_said(&["no/such/folder.json"]);
    stage.bench(&["doctor", "--watch=soon"]).expect_code(2).expect_said(&["\"soon\" is not a duration"]);
}

/// Without randomization of the address space, there is always a warning.
#[test]
fn strict_ends_with_4_where_something_warns() {
    let stage = Stage::new(&[]);
    let bench = env!("CARGO_BIN_EXE_bench");
    let mut warned = stage.command("setarch", &["-R", bench, "doctor", "--watch=10ms", "--strict"]);
    if !stage.command("setarch", &["-R", "true"]).output().is_ok_and(|output| output.status.success()) {
        not_checked("there is no `setarch` here, or it may not be used");
        return;
    }
    stage.end(&mut warned).expect_code(4).expect_said(&["start it without `setarch"]);
    let mut lenient = stage.command("setarch", &["-R", bench, "doctor", "--watch=10ms"]);
    stage.end(&mut lenient).expect_code(0).expect_said(&["all rounds have one memory layout"]);
}

#[test]
fn without_proc_it_says_what_is_missing() {
    let stage = Stage::new(&[]);
    let bench = env!("CARGO_BIN_EXE_bench");
    let script = |command: &str| format!("umount -l /proc && exec {command}");
    let alone = ["--mount", "--propagation", "private", "sh", "-c"];
    let unshared = |command: &str| stage.command("unshare", &[&alone[..], &[&script(command)]].concat());
    if !unshared("true").output().is_ok_and(|output| output.status.success()) {
        not_checked("/proc cannot be unmounted here");
        return;
    }
    let ended = stage.end(&mut unshared(&format!("{bench} doctor --watch=10ms"))).expect_code(0);
    ended.expect_said(&["/proc is not mounted", "sudo mount -t proc proc /proc"]);
}
