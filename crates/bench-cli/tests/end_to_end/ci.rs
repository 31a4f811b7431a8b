//! Follows the steps of `docs/book/src/history.md`.

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use yaml_rust2::{Yaml, YamlLoader};

use crate::project::Project;
use crate::stage::read_json;
use bench_testing::{Block, Document, Ended, run_to_end, runs_in, workspace};

/// Returns the block of the chapter in this language: the script or the workflow.
fn block(language: &str) -> String {
    let document = Document::read(&workspace().join("docs/book/src/history.md"));
    let is_it = |block: &Block| {
        block.language == language && ["#!/bin/sh", "name:"].iter().any(|it| block.text.starts_with(it))
    };
    document.blocks().into_iter().find(is_it).expect("a block").text
}

/// Runs the script, with the `bench` of this test in the path.
fn nightly(project: &Project, arguments: &[&str]) -> Ended {
    let bench = Path::new(env!("CARGO_BIN_EXE_bench")).parent().expect("a folder");
    let mut path = OsString::from(bench);
    path.push(":");
    path.push(std::env::var_os("PATH").expect("a path"));
    let mut command: Command = project.prepare(project.stage.command("sh", &["nightly.sh"]));
    command.env("PATH", path).args(arguments);
    run_to_end(&mut command, project.path())
}

#[test]
fn the_script_measures_keeps_and_judges() {
    let project = Project::new();
    project.write("nightly.sh", &block("sh"));
    project.write(".gitignore", "target\nbenchmark_results\nnightly.sh\n.tmp*\n");
    project.commit("ignored");
    let quick = ["--rounds=2", "--repeats=4", "--warmup=1"];
    nightly(&project, &quick).expect_code(0).expect_said(&["too little history"]);
    let results = project.stage.results();
    let decision: Value = read_json(&results.join("gate.json"));
    let run = decision["run"].as_str().expect("a run").to_owned();
    assert_eq!(read_json(&results.join("nightly/run.json"))["run"], run.as_str());
    assert_eq!(decision["commit"], project.head());
    project.bench(&["store", "list"]).expect_code(0).expect_said(&[&run]);

    let benches = fs::read_to_string(project.path().join("benches/speed.rs")).expect("the benches");
    project
        .write("benches/speed.rs", &benches.replace("(0..project", "panic!(\"out of ideas\"); (0..project"));
    nightly(&project, &quick).expect_code(1).expect_said(&["unit/spins", "out of ideas", "1 fails"]);
    assert_eq!(runs_in(&results).len(), 2);

    project.write("benches/speed.rs", "no such thing\n");
    let ended = nightly(&project, &quick);
    assert!(![0, 1, 2, 3, 4].contains(&ended.code), "cargo's own: {}", ended.said());
    assert_eq!(runs_in(&results).len(), 2, "nothing was measured");
    assert_eq!(read_json(&results.join("gate.json"))["findings"][0]["case"], "unit/spins", "nor judged");

    // With an unknown flag there is no run, and the previous run is not judged in its place.
    project.write("benches/speed.rs", &benches);
    nightly(&project, &["--no-such-flag"]).expect_code(2).expect_said(&["nightly"]);
}

#[test]
fn the_workflow_is_sound_and_does_what_the_script_needs() {
    let text = block("yaml");
    let workflow = YamlLoader::load_from_str(&text).expect("YAML").remove(0);
    let cron = workflow["on"]["schedule"][0]["cron"].as_str().expect("a schedule");
    assert_eq!(cron.split_whitespace().count(), 5);
    let job = &workflow["jobs"]["benchmarks"];
    assert!(job["runs-on"].as_str().is_some() && job["timeout-minutes"].as_i64().is_some());
    let steps = job["steps"].as_vec().expect("steps");
    let of = |action: &str| {
        let uses = |step: &&Yaml| step["uses"].as_str().is_some_and(|uses| uses.starts_with(action));
        steps.iter().position(|step| uses(&step)).unwrap_or_else(|| panic!("no {action}"))
    };
    let (restore, save) = (of("actions/cache/restore@"), of("actions/cache/save@"));
    let judged = steps
        .iter()
        .position(|step| step["run"].as_str().is_some_and(|run| run.contains("nightly.sh")))
        .expect("the script");
    assert!(restore < judged && judged < save);
    assert_eq!(steps[of("actions/checkout@")]["with"]["fetch-depth"].as_i64(), Some(0));
    assert_eq!(steps[restore]["with"]["path"], steps[save]["with"]["path"]);
    let key = steps[save]["with"]["key"].as_str().expect("a key");
    let beginning = steps[restore]["with"]["restore-keys"].as_str().expect("its beginning");
    assert!(key.starts_with(beginning) && key.len() > beginning.len());
    for step in [save, of("actions/upload-artifact@")] {
        assert_eq!(steps[step]["if"].as_str(), Some("always()"), "a night that failed is kept as well");
    }
    for step in steps {
        assert!(step["uses"].as_str().is_some() != step["run"].as_str().is_some(), "{step:?}");
    }
}
