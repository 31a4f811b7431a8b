//! The files of a comparison.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::stage::{Stage, read_json, verdicts};
use bench_testing::{Bench, not_checked, runs_in, workspace};

const QUICK: [&str; 2] = ["--max-time=50ms", "--quiet"];

/// Asserts that elements are closed in the right order, and that no text contains a character that must be escaped.
#[track_caller]
fn well_formed(svg: &str) {
    let mut open: Vec<&str> = Vec::new();
    let mut rest = svg;
    while let Some(start) = rest.find('<') {
        let text = &rest[..start];
        assert!(!text.contains('>') && text.chars().all(|c| c >= ' ' || c == '\n'), "{text:?}");
        let end = start + rest[start..].find('>').expect("a tag's end");
        let tag = &rest[start + 1..end];
        match tag.strip_prefix('/') {
            Some(name) => assert_eq!(open.pop(), Some(name), "{svg}"),
            None if tag.ends_with('/') || tag.starts_with(['?', '!']) => {}
            None => open.push(tag.split_whitespace().next().expect("a name")),
        }
        rest = &rest[end + 1..];
    }
    assert!(open.is_empty() && svg.contains("<svg"), "{open:?}");
}

#[test]
fn a_comparison_leaves_data_a_table_and_plots() {
    let stage = Stage::new(&["base", "other"]);
    stage
        .bench(&[&["compare", "./base", "./other", "spins", "second"], &QUICK[..]].concat())
        .expect_code(0)
        .expect_said(&["report: benchmark_results/"]);
    let report = stage.report();
    let comparison = stage.comparison();
    assert_eq!(
        (&comparison["format"], &comparison["schema_version"]),
        (&"bench-comparison".into(), &2.into())
    );
    assert_eq!(comparison["base"]["label"], "./base");
    let table = fs::read_to_string(report.join("comparison.csv")).expect("a table");
    let lines: Vec<&str> = table.lines().collect();
    assert!(lines.len() == 3 && lines[0].starts_with("case,verdict,base_s,"), "{table}");
    assert!(lines[1].starts_with("unit/second,") && lines[2].starts_with("unit/spins,"), "{table}");
    for plot in ["intervals", "unit-second", "unit-spins"] {
        well_formed(&fs::read_to_string(report.join(format!("plots/{plot}.svg"))).expect(plot));
    }
}

#[test]
fn a_comparison_follows_its_published_schema() {
    let text = fs::read_to_string(workspace().join("docs/comparison.schema.json"));
    let schema = serde_json::from_str(&text.expect("schema")).expect("JSON");
    let schema = jsonschema::validator_for(&schema).expect("a schema");
    // Comparisons with figures, with a failure, and with cases of only one side.
    for candidate in ["./base", "./panics", "./other"] {
        let stage = Stage::new(&["base", "panics", "other"]);
        stage.bench(&[&["compare", "./base", candidate], &QUICK[..]].concat());
        let comparison = stage.comparison();
        let wrong: Vec<String> = schema
            .iter_errors(&comparison)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(wrong.is_empty(), "{wrong:#?}");
    }
}

#[test]
fn hostile_ids_stay_in_their_folder() {
    let mut stage = Stage::new(&[]);
    stage.add(Bench::Spread, "spread");
    let ended = stage.bench(&["compare", "./spread", "./spread", "hostile", "--max-time=10ms", "--quiet"]);
    assert!(!ended.said().contains(['\x1b', '\u{202e}', '\0']), "{}", ended.said());
    let ended = ended.expect_code(0);
    let comparison = stage.comparison();
    assert_eq!(verdicts(&comparison).len(), 18, "{}", ended.said());
    let plots: Vec<_> = fs::read_dir(stage.report().join("plots")).expect("plots").flatten().collect();
    assert_eq!(plots.len(), 19, "a plot a case, and one of all: {plots:?}");
    for plot in &plots {
        assert!(plot.file_name().to_str().is_some_and(|name| name.ends_with(".svg")), "{plot:?}");
        well_formed(&fs::read_to_string(plot.path()).expect("UTF-8"));
    }
    let mut table = csv_rows(&stage.report().join("comparison.csv"));
    assert_eq!(table.remove(0)[0], "case");
    let ids: Vec<String> = verdicts(&comparison).into_iter().map(|(id, _)| id).collect();
    assert_eq!(table.iter().map(|row| row[0].clone()).collect::<Vec<_>>(), ids);
}

fn csv_rows(path: &Path) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_path(path).expect("a table");
    reader.records().map(|row| row.expect("a row").iter().map(str::to_owned).collect()).collect()
}

#[test]
fn json_can_go_to_stdout_alone_or_to_a_file() {
    let stage = Stage::new(&["base"]);
    let arguments = ["compare", "./base", "./base", "second", "--max-time=50ms", "--json"];
    let ended = stage.bench(&[&arguments[..], &["-"]].concat()).expect_code(0);
    let printed: serde_json::Value = serde_json::from_str(&ended.stdout).expect("JSON and nothing else");
    assert_eq!(printed, stage.comparison());

    let ended = stage.bench(&[&arguments[..], &["kept.json"]].concat()).expect_code(0);
    assert!(ended.stdout.contains("paired"), "{}", ended.stdout);
    assert_eq!(read_json(&stage.path().join("kept.json"))["format"], "bench-comparison");
    stage
        .bench(&[&arguments[..], &["no/such/folder.json"]].concat())
        .expect_code(2)
        .expect_said(&["no/such/folder.json"]);
    assert_eq!(runs_in(&stage.results()).len(), 3, "what was measured is kept all the same");
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let stage = Stage::new(&["base"]);
    fs::write(stage.path().join("file"), "").expect("written");
    let arguments = ["compare", "./base", "./base", "second", "--output-dir=file/results"];
    stage.bench(&[&arguments, &QUICK[..]].concat()).expect_code(2).expect_said(&["file/results"]);
}

#[test]
fn a_full_disk_is_an_error_and_no_panic() {
    let stage = Stage::new(&["base"]);
    let disk = stage.path().join("disk");
    fs::create_dir(&disk).expect("folder");
    let mount = ["-t", "tmpfs", "-o", "size=16k", "tmpfs", disk.to_str().expect("UTF-8")];
    if !Command::new("mount").args(mount).output().is_ok_and(|output| output.status.success()) {
        not_checked("a file system of 16 kB cannot be mounted here");
        return;
    }
    let arguments = ["compare", "./base", "./base", "second", "spins", "--output-dir=disk"];
    let ended = stage.bench(&[&arguments, &QUICK[..]].concat());
    let _ = Command::new("umount").arg(&disk).status();
    ended.expect_code(2).expect_said(&["disk", "No space left", "paired"]);
}
