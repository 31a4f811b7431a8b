//! Mistakes that a newcomer makes on the first day.

use std::fs;

use crate::project::Project;

#[test]
fn a_bench_target_without_harness_false_does_not_build() {
    let project = Project::new();
    let manifest = fs::read_to_string(project.path().join("Cargo.toml")).expect("a manifest");
    project.write("Cargo.toml", &manifest.replacen("harness = false\n", "", 1));
    let checked = project.run("cargo", &["check", "--benches", "-p", "project", "--quiet"]);
    assert_ne!(checked.code, 0, "{}", checked.said());
    assert!(
        checked.stderr.contains("a bench target needs `harness = false` in Cargo.toml"),
        "{}",
        checked.said()
    );
}

#[test]
fn results_are_not_committed_and_make_no_tree_dirty() {
    let project = Project::new();
    project.write(".gitignore", "target\n");
    project.commit("results are not ignored");
    let quick = ["bench", "-p", "project", "--", "--rounds=1", "--max-time=10ms"];
    let dirty = || {
        let record = project.path().join("benchmark_results/latest/run.json");
        let record: serde_json::Value =
            serde_json::from_slice(&fs::read(record).expect("a record")).expect("JSON");
        record["environment"]["dirty"].clone()
    };
    assert_eq!(project.run("cargo", &quick).code, 0);
    project.git(&["add", "-A"]);
    assert_eq!(project.git(&["status", "--porcelain"]), "", "results were added");
    assert_eq!(dirty(), false);
    // A user who removes `.gitignore` wants results committed, which changes a file in git with each run.
    fs::remove_file(project.path().join("benchmark_results/.gitignore")).expect("removed");
    project.git(&["add", "-A"]);
    project.commit("results");
    assert_eq!(project.run("cargo", &quick).code, 0);
    assert_ne!(project.git(&["status", "--porcelain", "--untracked-files=no"]), "", "`latest` has changed");
    assert_eq!(dirty(), false);
    assert!(!project.path().join("benchmark_results/.gitignore").exists(), "it stays removed");
    project.write("src/lib.rs", "pub fn turns() -> u64 { 1 }\n");
    assert_eq!(project.run("cargo", &quick).code, 0);
    assert_eq!(dirty(), true);
}
