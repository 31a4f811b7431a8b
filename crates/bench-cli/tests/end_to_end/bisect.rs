//! `bench bisect` finds the commit that made a case slower, in a separate repository.

use serde_json::Value;

use crate::project::{EVERYTHING, Project, UNTIL_DECIDED};

/// A single test, because every step needs the first build.
#[test]
fn the_commit_that_made_it_slower_is_named() {
    let project = Project::new();
    let good = project.head();
    project.work(20_000, "a note");
    let culprit = project.work(100_000, "five times the work");
    project.work(100_000, "another note");
    project.write("src/lib.rs", "pub fn turns() -> u64 { no such thing }\n");
    project.commit("does not build");
    let bad = project.work(100_000, "builds again");
    let bisect = |good: &str, bad: &str, more: &[&str]| {
        let which = ["bisect", good, bad, "--case=unit/spins"];
        project.bench(&[&which[..], &UNTIL_DECIDED, more, &EVERYTHING].concat())
    };

    let ended = bisect(&good, &bad, &[]).expect_code(0).expect_said(&[
        "unit/spins became slower with",
        &culprit[..12],
        " a: five times the work",
        "a note: fast (",
        "five times the work: slow (slower +",
    ]);
    assert!(!ended.stdout.contains("another note"), "{}", ended.stdout);
    project.is_clean();

    // If the slow commit follows one that cannot be built, either may be the cause.
    project.write("src/lib.rs", "pub fn turns() -> u64 { no such thing }\n");
    project.commit("does not build either");
    let worse = project.work(1_000_000, "ten times the work");
    let ended = bisect(&bad, &worse, &["--json=-"]).expect_code(4);
    let found: Value = serde_json::from_str(&ended.stdout).expect("JSON");
    let suspects = found["suspects"].as_array().expect("suspects");
    let subjects: Vec<&Value> = suspects.iter().map(|suspect| &suspect["subject"]).collect();
    assert_eq!(subjects, ["does not build either", "ten times the work"]);
    let untold = suspects[0]["untold"].as_str().expect("a reason");
    assert!(untold.contains("`cargo bench --no-run` failed"), "{untold}");
    assert!(suspects[1]["untold"].is_null());
    project.is_clean();

    bisect(&bad, &good, &[]).expect_code(2).expect_said(&["does not follow"]);
    bisect(&bad, &bad, &[]).expect_code(2).expect_said(&["does not follow"]);
    bisect("no_such_branch", &bad, &[])
        .expect_code(2)
        .expect_said(&["`no_such_branch` is not a git revision"]);
    bisect(&worse, "HEAD", &[]).expect_code(2);
    let faster = ["bisect", &good, "HEAD~6", "--case=unit/spins", "--threshold=50%", "--max-time=20s"];
    project.bench(&[&faster[..], &EVERYTHING].concat()).expect_code(2).expect_said(&["is not slower than"]);
    let nothing = ["bisect", &good, &bad, "--case=unit/nothing"];
    project.bench(&[&nothing[..], &EVERYTHING].concat()).expect_code(2).expect_said(&["no chosen case"]);
    project.is_clean();
}
