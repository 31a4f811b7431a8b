//! Tests benchmarks written for libtest, as executables of this workspace.
#![allow(clippy::expect_used, clippy::panic, reason = "a test may fail")]

use std::path::PathBuf;
use std::process::{Command, Output};

/// Runs the example `shapes`, which cargo builds with the tests.
fn shapes(arguments: &[&str]) -> Output {
    let own = std::env::current_exe().expect("a path");
    let folder = own.ancestors().nth(2).expect("a target folder");
    let example: PathBuf = folder.join("examples").join(format!("shapes{}", std::env::consts::EXE_SUFFIX));
    Command::new(&example)
        .args(arguments)
        .output()
        .unwrap_or_else(|error| panic!("{}: {error}", example.display()))
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn ids_are_the_paths_that_libtest_prints() {
    let listed = stdout(&shapes(&["--list", "--format", "terse"]));
    let mut ids: Vec<&str> = listed.lines().filter_map(|line| line.strip_suffix(": benchmark")).collect();
    ids.sort_unstable();
    let expected = [
        "performance/inner::fails",
        "performance/inner::gives_up",
        "performance/inner::loop",
        "performance/inner::zeros_64",
        "performance/inner::zeros_8",
        "performance/returns_a_result",
        "performance/sum",
    ];
    assert_eq!(ids, expected, "{listed}");
    let ignored = stdout(&shapes(&["--list", "--format", "terse", "--ignored"]));
    assert_eq!(ignored.lines().count(), 2, "{ignored}");
}

#[test]
fn each_runs_once_as_a_test() {
    let output = shapes(&[]);
    assert!(output.status.success(), "{}{}", stdout(&output), String::from_utf8_lossy(&output.stderr));
    for (name, reason) in [("inner::fails", "the floor is gone"), ("inner::gives_up", "no file")] {
        let output = shapes(&[name, "--ignored"]);
        let said = stdout(&output) + &String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && said.contains(reason), "{said}");
    }
}
