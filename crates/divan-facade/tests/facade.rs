//! Benchmarks written for divan, with divan and with the crate that stands in for it: `bench-core/tests/fixtures/divan`.
#![allow(clippy::expect_used, reason = "a test may fail")]

use std::collections::BTreeSet;
use std::process::{Command, Output};

use bench_testing::{Bench, executable, scrub};

/// Runs an executable with these arguments.
fn run(bench: Bench, arguments: &[&str]) -> Output {
    let mut command = Command::new(executable(bench));
    scrub(&mut command);
    // Divan lists one name per line only for cargo-nextest.
    command.env("NEXTEST", "1").args(arguments).output().expect("started")
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The names that an executable lists, without the category.
fn names(bench: Bench, more: &[&str]) -> BTreeSet<String> {
    let output = run(bench, &[&["--list", "--format", "terse"], more].concat());
    assert!(output.status.success(), "{}{}", stdout(&output), String::from_utf8_lossy(&output.stderr));
    let printed = stdout(&output);
    let listed = printed.lines().map(|line| line.strip_suffix(": benchmark").unwrap_or(line));
    listed.map(|id| id.strip_prefix("performance/").unwrap_or(id).to_owned()).collect()
}

#[test]
fn the_same_names_are_listed_as_by_divan() {
    let theirs = names(Bench::DivanShapes, &["--bench", "--include-ignored"]);
    let ours = names(Bench::DivanShapesFacade, &[]);
    assert!(theirs.len() > 90, "{theirs:?}");
    // Divan names the number of threads in its table only.
    let without_threads =
        |name: &String| name.rsplit_once("::t=").map_or(name.as_str(), |(name, _)| name).to_owned();
    assert_eq!(ours.iter().map(without_threads).collect::<BTreeSet<String>>(), theirs);
    let with_threads: Vec<&String> = ours.iter().filter(|name| name.contains("::t=")).collect();
    assert_eq!(
        with_threads,
        [
            "divan_shapes::options::threads_and_arguments::8::t=1",
            "divan_shapes::options::threads_and_arguments::8::t=2"
        ]
    );
    // The benchmarks that divan leaves out are marked `ignore`.
    let included = names(Bench::DivanShapes, &["--bench"]);
    let marked = names(Bench::DivanShapesFacade, &["--ignored"]);
    assert_eq!(marked, theirs.difference(&included).cloned().collect());
}

#[test]
fn each_shape_runs_once_as_a_test() {
    let output = run(Bench::DivanShapesFacade, &[]);
    let said = stdout(&output);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("test performance/divan_shapes::generics::all::u8::3::x ... ok"), "{said}");
    assert!(said.contains("test result: ok. 98 passed; 0 failed"), "{said}");
    let ignored = stdout(&run(Bench::DivanShapesFacade, &["--ignored"]));
    assert!(ignored.contains("test result: ok. 4 passed"), "{ignored}");
    let all = stdout(&run(Bench::DivanShapesFacade, &["--include-ignored"]));
    assert!(all.contains("test result: ok. 102 passed"), "{all}");
}

#[test]
fn a_condition_decides_while_the_program_runs() {
    let mut command = Command::new(executable(Bench::DivanShapesFacade));
    scrub(&mut command);
    let output = command.env("FIXTURE_IGNORE", "no").args(["--list", "--ignored"]).output().expect("started");
    let listed = stdout(&output);
    assert!(listed.contains("by_option") && !listed.contains("by_condition"), "{listed}");
}

#[test]
fn variables_of_divan_are_read() {
    let run = |name: &str, value: &str| {
        let mut command = Command::new(executable(Bench::DivanShapesFacade));
        scrub(&mut command);
        command.env(name, value).args(["--list"]).output().expect("started")
    };
    let listed = stdout(&run("DIVAN_THREADS", "2,3"));
    assert!(listed.contains("performance/divan_shapes::plain::t=3"), "{listed}");
    let refused = run("DIVAN_MAX_TIME", "soon");
    assert_eq!(refused.status.code(), Some(2));
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(said.contains("DIVAN_MAX_TIME is `soon`: expected a number of seconds"), "{said}");
}

/// The `bench` command recognizes executables of divan by this text, and would measure them in another way.
#[test]
fn it_is_not_taken_for_divan_itself() {
    let holds = |bench: Bench| {
        let bytes = std::fs::read(executable(bench)).expect("an executable");
        bytes.windows(18).any(|window| window == b"DIVAN_SAMPLE_COUNT")
    };
    assert!(holds(Bench::DivanShapes) && !holds(Bench::DivanShapesFacade));
}
