//! Runs are exported in the formats of other tools, and runs of other tools are imported.

use std::fs;
use std::process::Command;

use serde_json::Value;

use crate::stage::{Stage, read_json};
use bench_testing::{not_checked, runs_in};

/// Creates a stage with one real run, whose name is `night`.
fn measured() -> Stage {
    let stage = Stage::new(&["base"]);
    let measure = ["second", "spins", "--rounds=6", "--repeats=12", "--warmup=1", "--bench"];
    stage.end(&mut stage.command("./base", &measure)).expect_code(0);
    let run = runs_in(&stage.results()).pop().expect("a run");
    let mut record = read_json(&run.join("run.json"));
    record["run"] = "night".into();
    fs::remove_dir_all(&run).expect("removed");
    fs::create_dir_all(stage.results().join("night")).expect("made");
    fs::write(stage.results().join("night/run.json"), record.to_string()).expect("written");
    stage
}

/// Returns the output of another program that reads a file; `None`, with a message, if the program is not installed.
fn read_by(stage: &Stage, program: &str, arguments: &[&str]) -> Option<String> {
    let Ok(output) = Command::new(program).args(arguments).current_dir(stage.path()).output() else {
        not_checked(&format!("`{program}` is not installed"));
        return None;
    };
    let said =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program}: {said}");
    Some(said)
}

#[test]
fn a_run_goes_out_in_every_format() {
    let stage = measured();
    for format in ["benchfmt", "bmf", "junit", "openmetrics", "otlp"] {
        let to_file = ["export", format, "night", "--output", "out/file"];
        stage.bench(&to_file).expect_code(0);
        let file = fs::read_to_string(stage.path().join("out/file")).expect("written");
        let printed = stage.bench(&["export", format, "night"]).expect_code(0);
        assert_eq!(printed.stdout, file, "{format}");
        assert!(file.contains("unit/spins"), "{format}: {file}");
    }
    stage.bench(&["export", "criterion", "night"]).expect_code(2).expect_said(&["--output"]);
    stage.bench(&["export", "criterion", "night", "-o", "c"]).expect_code(0);
    stage.bench(&["export", "github-action", "night", "-o", "g"]).expect_code(0);
    let lines = read_json(&stage.path().join("g/smaller-is-better.json"));
    assert!(
        lines.as_array().expect("lines").iter().any(|line| line["name"] == "unit/spins: time"),
        "{lines}"
    );
    stage.bench(&["export", "xml", "night"]).expect_code(2).expect_said(&["junit", "benchfmt"]);
    stage.bench(&["export", "bmf", "nothing-like-this"]).expect_code(2).expect_said(&["nothing-like-this"]);
}

#[test]
fn what_goes_out_is_read_by_those_it_is_for() {
    let stage = measured();
    stage.bench(&["export", "criterion", "night", "-o", "target/criterion"]).expect_code(0);
    if let Some(said) = read_by(&stage, "critcmp", &["--target-dir", "target", "--list", "night"]) {
        assert!(said.contains("unit/spins"), "{said}");
    }
    stage.bench(&["export", "benchfmt", "night", "-o", "night.txt"]).expect_code(0);
    if let Some(said) = read_by(&stage, "benchstat", &["night.txt"]) {
        assert!(said.contains("/unit/spins") && said.contains("sec/op"), "{said}");
    }
    stage.bench(&["export", "openmetrics", "night", "-o", "night.om"]).expect_code(0);
    let blocks = ["tsdb", "create-blocks-from", "openmetrics", "night.om", "blocks"];
    read_by(&stage, "promtool", &blocks);
    stage.bench(&["export", "junit", "night", "-o", "night.xml"]).expect_code(0);
    read_by(&stage, "xmllint", &["--noout", "night.xml"]);
}

/// Updates the summary of a record.
fn count(record: &mut Value) {
    let cases = record["cases"].as_array().expect("cases");
    let of = |status: &str| cases.iter().filter(|case| case["status"] == status).count();
    let (ok, failed) = (of("ok"), of("failed"));
    record["summary"]["successful_runs"] = ok.into();
    record["summary"]["failed_runs"] = failed.into();
}

#[test]
fn a_case_without_figures_is_left_out_and_told() {
    let stage = measured();
    let path = stage.results().join("night/run.json");
    let mut record = read_json(&path);
    record["cases"][0]["status"] = "failed".into();
    count(&mut record);
    fs::write(&path, record.to_string()).expect("written");
    let ended = stage.bench(&["export", "bmf", "night"]).expect_code(0);
    let id = record["cases"][0]["id"].as_str().expect("an id");
    assert!(ended.stderr.contains(&format!("left out: {id}: it failed")), "{}", ended.stderr);
    assert!(!ended.stdout.contains(id), "{}", ended.stdout);
    for case in record["cases"].as_array_mut().expect("cases") {
        case["status"] = "failed".into();
    }
    count(&mut record);
    fs::write(&path, record.to_string()).expect("written");
    stage.bench(&["export", "bmf", "night"]).expect_code(1).expect_said(&["no figures"]);
}

#[test]
fn what_others_measured_comes_into_the_store() {
    let stage = Stage::new(&[]);
    fs::write(stage.path().join("go.txt"), "cpu: EPYC\nBenchmarkFib-8 100 25000 ns/op\n").expect("written");
    let import = ["import", "benchfmt", "go.txt", "--time=2026-01-31T12:00:00Z", "--cores=8", "--commit=abc"];
    stage.bench(&import).expect_code(0).expect_said(&["1 figures", "EPYC, 8 cores, unknown, no GPU"]);
    stage.bench(&import).expect_code(0).expect_said(&["was already in the store"]);
    stage.bench(&["store", "list"]).expect_code(0).expect_said(&["2026-01-31T12:00:00Z", "abc"]);
    let exported = stage.bench(&["store", "export", "--format=json"]).expect_code(0);
    let series: Value = serde_json::from_str(&exported.stdout).expect("JSON");
    assert_eq!(
        (&series[0]["key"]["case"], &series[0]["points"][0]["value"]),
        (&"performance/Fib".into(), &25e-6.into())
    );
    fs::write(stage.path().join("bmf.json"), r#"{"unit/x": {"latency": {"value": 5}}}"#).expect("written");
    stage.bench(&["import", "bmf", "bmf.json"]).expect_code(0).expect_said(&["note:", "--time", "unknown"]);
    stage
        .bench(&["import", "bmf", "bmf.json", "--run=../evil"])
        .expect_code(2)
        .expect_said(&["name of a folder"]);
    stage.bench(&["import", "criterion", "bmf.json"]).expect_code(2).expect_said(&["bmf.json"]);
    stage
        .bench(&["import", "bmf", "go.txt"])
        .expect_code(2)
        .expect_said(&["go.txt", "Bencher Metric Format"]);
    stage
        .bench(&["import", "bmf", "bmf.json", "--time=yesterday"])
        .expect_code(2)
        .expect_said(&["2026-01-31T12"]);
    stage.bench(&["import", "bmf", "no.json"]).expect_code(2).expect_said(&["no.json"]);
}

#[test]
fn what_is_left_out_of_an_import_is_named_and_the_exit_code_says_so() {
    let stage = Stage::new(&[]);
    let text = r#"{"unit/a": {"latency": {"value": 5}, "widgets": {"value": 7}}, "unit/b": {"latency": {"value": NaN}}}"#;
    fs::write(stage.path().join("bmf.json"), text).expect("written");
    let ended = stage.bench(&["import", "bmf", "bmf.json"]).expect_code(1);
    for told in ["left out: `unit/b`, `latency`: ", "note: 1 figures in units that are not known"] {
        assert!(ended.stderr.contains(told), "{}", ended.stderr);
    }
    assert!(ended.stdout.contains("1 figures of 1 benchmarks"), "{}", ended.stdout);
}

#[test]
fn files_of_python_tools_are_runs_with_their_time_commit_and_machine() {
    let stage = Stage::new(&[]);
    let corpus = |file: &str| format!("{}/../../fuzz/corpus/{file}", env!("CARGO_MANIFEST_DIR"));
    let (plain, data) = (corpus("pytest_benchmark/plain.json"), corpus("pytest_benchmark/data.json"));
    let ended = stage.bench(&["import", "auto", &plain, &data]).expect_code(0);
    assert!(ended.stderr.contains("is read as pytest-benchmark"), "{}", ended.stderr);
    assert!(!ended.stderr.contains("--time"), "{}", ended.stderr);
    assert!(ended.stdout.contains("of 4 benchmarks on AMD EPYC, 2 cores"), "{}", ended.stdout);
    stage.bench(&["store", "list"]).expect_code(0).expect_said(&["2026-11-29T06:03:37Z", "8ca331b"]);
    stage.bench(&["import", "auto", &plain, "--run=a", &data]).expect_code(2).expect_said(&["--run"]);
    let none = stage.path().join("none.json");
    let none = none.to_str().expect("a path");
    let ended = stage.bench(&["import", "pytest-benchmark", none, &data]).expect_code(1);
    assert!(
        ended.stderr.contains("left out: cannot read") && ended.stdout.contains("was already in the store")
    );
    stage.bench(&["import", "auto", none]).expect_code(2).expect_said(&["none.json"]);
    let pyperf = corpus("pyperf/two.json");
    stage.bench(&["import", "auto", &pyperf]).expect_code(0).expect_said(&["read as pyperf", "--time"]);
}

#[test]
fn a_criterion_folder_of_this_program_comes_back() {
    let stage = measured();
    stage.bench(&["export", "criterion", "night", "-o", "folder"]).expect_code(0);
    stage
        .bench(&["import", "criterion", "folder", "--run=back"])
        .expect_code(0)
        .expect_said(&["added run back"]);
}

#[test]
fn a_run_of_this_program_comes_back() {
    let stage = measured();
    stage.bench(&["export", "benchfmt", "night", "-o", "night.txt"]).expect_code(0);
    stage.bench(&["import", "benchfmt", "night.txt", "--run=back"]).expect_code(0);
    stage.bench(&["store", "add", "night"]).expect_code(0);
    let median = |run: &str| {
        let shown = stage.bench(&["store", "show", run]).expect_code(0);
        let record: Value = serde_json::from_str(&shown.stdout).expect("JSON");
        let cases = record["cases"].as_array().expect("cases").clone();
        let spins = cases.into_iter().find(|case| case["id"] == "unit/spins").expect("spins");
        spins["time"]["median_s"].as_f64().expect("a median")
    };
    assert!((median("back") / median("night") - 1.0).abs() < 1e-3, "{} {}", median("back"), median("night"));
}

#[test]
fn a_store_goes_out_as_parquet() {
    let stage = measured();
    stage.bench(&["store", "add"]).expect_code(0);
    stage.bench(&["store", "export", "--format=csv", "--output=x"]).expect_code(2).expect_said(&["parquet"]);
    stage.bench(&["store", "export", "--format=parquet"]).expect_code(2).expect_said(&["--output"]);
    let export = stage.bench(&["store", "export", "--format=parquet", "--output=out"]);
    if cfg!(feature = "parquet") {
        export.expect_code(0).expect_said(&["samples of 1 runs"]);
        for file in ["figures.parquet", "samples.parquet"] {
            let bytes = fs::read(stage.path().join("out").join(file)).expect("written");
            assert!(bytes.starts_with(b"PAR1") && bytes.ends_with(b"PAR1"), "{file}");
        }
    } else {
        export.expect_code(2).expect_said(&["--features parquet"]);
    }
}
