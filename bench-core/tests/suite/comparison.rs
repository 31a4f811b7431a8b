//! Comparisons with an earlier run: its choice, the output, and the exit code.

use std::fs;
use std::path::{Path, PathBuf};

use bench_testing::{Bench, Ended, Stage};
use serde_json::{Value, json};

/// Several rounds, so that there is an interval.
const ROUNDS: [&str; 3] = ["--rounds=6", "--repeats=12", "--warmup=1"];
const NAP: &str = "integration/naps[ms=1]";

/// Creates a stage with a run of the case [`NAP`].
fn napped() -> Stage {
    let stage = Stage::new(Bench::Second);
    nap(&stage, &[]).expect_code(0);
    stage
}

fn nap(stage: &Stage, arguments: &[&str]) -> Ended {
    stage.run(&[&ROUNDS[..], &["--exact", NAP], arguments, &["--bench"]].concat())
}

/// Writes a changed copy of the stage's latest record; returns its path.
fn doctored(stage: &Stage, change: impl Fn(&mut Value)) -> String {
    let mut record: Value =
        serde_json::from_slice(&fs::read(stage.latest().join("run.json")).unwrap()).unwrap();
    change(&mut record);
    let path = stage.path().join("doctored.json");
    fs::write(&path, record.to_string()).expect("written");
    path.to_str().expect("UTF-8").to_owned()
}

/// Multiplies every time of every case.
fn scale(record: &mut Value, factor: f64) {
    fn every_number(value: &mut Value, factor: f64) {
        match value {
            Value::Number(number) if number.is_u64() => {
                *value = json!((number.as_f64().unwrap() * factor) as u64)
            }
            Value::Number(number) => *value = json!(number.as_f64().unwrap() * factor),
            Value::Array(values) => values.iter_mut().for_each(|value| every_number(value, factor)),
            Value::Object(fields) => {
                let times = fields
                    .iter_mut()
                    .filter(|(name, _)| !matches!(name.as_str(), "samples" | "rounds" | "iterations"));
                times.for_each(|(_, value)| every_number(value, factor));
            }
            _ => {}
        }
    }
    for case in record["cases"].as_array_mut().expect("cases") {
        every_number(&mut case["time"], factor);
        for round in case["rounds"].as_array_mut().expect("rounds") {
            if factor < 1.0 {
                // A sample is a whole number of nanoseconds, so the number of iterations is raised, and the time is
                // kept.
                every_number(&mut round["iterations_per_sample"], 1.0 / factor);
            } else {
                every_number(&mut round["sample_ns"], factor);
            }
        }
    }
}

/// Whether a line of the table is the row of this case. Model and category are above the row, and arguments after the
/// name.
fn is_row_of(line: &str, id: &str) -> bool {
    let name = id.split('[').next().and_then(|head| head.rsplit('/').next()).unwrap_or(id);
    line.starts_with(&format!("  {name} "))
}

/// Returns the verdict on a case, from the last column of the table.
#[track_caller]
fn verdict(ended: &Ended, id: &str) -> String {
    let (_, table) = ended.stdout.split_once("compared with ").unwrap_or_else(|| panic!("{}", ended.said()));
    let line = table.lines().find(|line| is_row_of(line, id)).unwrap_or_else(|| panic!("{}", ended.said()));
    line.split_whitespace().last().expect("a verdict").to_owned()
}

#[test]
fn an_earlier_run_can_be_named_in_every_way() {
    let stage = napped();
    let earlier = stage.latest();
    let run = earlier.file_name().unwrap().to_str().unwrap().to_owned();
    nap(&stage, &["--save-as", "base", "--compare", "latest"])
        .expect_code(0)
        .expect_said(&[&format!("compared with {run}\n")]);

    let saved = stage.latest();
    let link = stage.results().join("base");
    let meant = |name: &Path| fs::canonicalize(bench_core::record::followed(name)).unwrap();
    assert_eq!(meant(&link), saved);
    let base = format!("compared with {}\n", saved.file_name().unwrap().to_str().unwrap());
    let file = saved.join("run.json");
    for name in [
        "base",
        "benchmark_results/base",
        link.to_str().unwrap(),
        saved.to_str().unwrap(),
        file.to_str().unwrap(),
    ] {
        nap(&stage, &["--compare", name]).expect_code(0).expect_said(&[&base]);
    }
    nap(&stage, &["--compare", &run]).expect_code(0).expect_said(&[&format!("compared with {run}\n")]);
    // `latest` has moved on; the saved name has not.
    assert_ne!(stage.latest(), saved);
    assert_eq!(meant(&link), saved);
    nap(&stage, &["--save-as", "base"]).expect_code(0);
    assert_eq!(meant(&link), stage.latest());
}

/// Cargo runs a bench target in the folder of its package, but users type paths at the root of the workspace.
#[test]
fn paths_are_relative_to_the_workspace() {
    let stage = napped();
    let package = stage.path().join("package");
    fs::create_dir(&package).expect("folder");
    fs::copy(stage.latest().join("run.json"), stage.path().join("kept.json")).expect("copied");
    let arguments =
        [&ROUNDS[..], &["--exact", NAP, "--compare=./kept.json", "--output-dir=out/put", "--bench"]].concat();
    stage.end(stage.command(&arguments).current_dir(package)).expect_code(0).expect_said(&["compared with "]);
    assert_eq!(bench_testing::runs_in(&stage.path().join("out/put")).len(), 1);
}

#[test]
fn a_bad_baseline_is_noticed_before_anything_is_measured() {
    let stage = Stage::new(Bench::Spread);
    stage.bench(&["softmax", "--save-as=baseline"]).expect_code(0);
    let whole = fs::read_to_string(stage.latest().join("run.json")).expect("read");
    let write = |name: &str, content: &[u8]| {
        fs::write(stage.path().join(name), content).expect("written");
        name.to_owned()
    };
    fs::create_dir(stage.path().join("no_run")).expect("folder");
    let version = format!("\"schema_version\":{}", bench_core::record::SCHEMA_VERSION);
    assert!(whole.contains(&version));
    let cases: [(String, &[&str]); 10] = [
        (write("cut.json", &whole.as_bytes()[..whole.len() / 2]), &["cut.json", "truncated"]),
        (write("empty.json", b""), &["empty.json", "truncated"]),
        (
            write("newer.json", whole.replace(&version, "\"schema_version\":99").as_bytes()),
            &["newer.json", "version 99", "update"],
        ),
        (write("notes.txt", b"buy milk"), &["notes.txt", "not JSON"]),
        (write("other.json", b"{\"name\": \"other\"}"), &["other.json", "not a benchmark record"]),
        (
            write("odd.json", whole.replace("\"cases\":", "\"case\":").as_bytes()),
            &["odd.json", "does not follow its schema", "cases"],
        ),
        ("no_run".to_owned(), &["no_run", "not a run directory"]),
        ("./nowhere".to_owned(), &["./nowhere", "no such file"]),
        ("baselin".to_owned(), &["baselin", "existing: baseline"]),
        ("..".to_owned(), &[".."]),
    ];
    let before = stage.runs();
    let mark = stage.path().join("mark");
    for (name, texts) in cases {
        let mut command = stage.command(&["marks", "--compare", &name, "--rounds=1", "--bench"]);
        let ended = stage.end(command.env("FIXTURE_MARK", &mark)).expect_code(2).expect_said(texts);
        assert!(!mark.exists(), "{name}: measured all the same");
        assert!(!ended.stdout.contains("known to"), "{name}");
        assert_eq!(stage.runs(), before, "{name}: a run directory is left");
    }
}

#[test]
fn without_an_earlier_run_there_is_nothing_to_compare_with() {
    let stage = Stage::new(Bench::Spread);
    stage
        .bench(&["softmax", "--compare=latest"])
        .expect_code(2)
        .expect_said(&["no earlier run", "without `--compare`"]);
    assert_eq!(stage.runs(), Vec::<PathBuf>::new());
}

#[test]
fn slower_than_allowed_is_exit_code_3() {
    let stage = napped();
    let fast = doctored(&stage, |record| scale(record, 0.1));
    let ended = nap(&stage, &["--compare", &fast, "--fail-on-regression=10%"]).expect_code(3);
    assert_eq!(verdict(&ended, NAP), "slower");
    assert!(ended.stderr.contains(NAP) && ended.stderr.contains("10 %"), "{}", ended.stderr);
    assert!(stage.latest().join("run.json").exists(), "the report comes before the exit code");
    assert_eq!(verdict(&nap(&stage, &["--compare", &fast]).expect_code(0), NAP), "slower");
    // Ten times as slow is within the limit here.
    nap(&stage, &["--compare", &fast, "--fail-on-regression=5000"]).expect_code(0);
}

#[test]
fn faster_is_no_regression() {
    let stage = napped();
    let slow = doctored(&stage, |record| scale(record, 10.0));
    let ended = nap(&stage, &["--compare", &slow, "--fail-on-regression=1", "--strict"]).expect_code(0);
    assert_eq!(verdict(&ended, NAP), "faster");
}

#[test]
fn unsure_is_exit_code_4_when_strict() {
    let stage = napped();
    let wide = doctored(&stage, |record| {
        for case in record["cases"].as_array_mut().unwrap() {
            let median = case["time"]["median_s"].as_f64().unwrap();
            case["time"]["interval_s"]["low"] = json!(median / 10.0);
            case["time"]["interval_s"]["high"] = json!(median * 10.0);
        }
    });
    let ended = nap(&stage, &["--compare", &wide, "--strict"]).expect_code(4).expect_said(&[
        "1 unsure",
        "a change of more than ±1000 %",
        &format!("{NAP}: the medians of the runs are not known well enough"),
        "to settle it, let both builds take turns: cargo bench -- --against ",
    ]);
    assert_eq!(verdict(&ended, NAP), "unsure");
    assert!(ended.stderr.contains("--strict"), "{}", ended.stderr);
    nap(&stage, &["--compare", &wide]).expect_code(0);
    nap(&stage, &["--compare", &wide, "--fail-on-regression=1"]).expect_code(0);
}

#[test]
fn cases_of_one_run_only_are_added_or_removed() {
    let stage = Stage::new(Bench::Spread);
    stage.bench(&["resnet/unit"]).expect_code(0);
    let other = doctored(&stage, |record| {
        let case =
            record["cases"].as_array_mut().unwrap().iter_mut().find(|case| case["name"] == "relu").unwrap();
        case["id"] = json!("resnet/unit/gone");
        case["name"] = json!("gone");
    });
    let ended = stage.bench(&["resnet/unit", "--compare", &other]).expect_code(0);
    assert_eq!(verdict(&ended, "resnet/unit/relu"), "added");
    assert_eq!(verdict(&ended, "resnet/unit/gone"), "removed");
    // A case that was not selected is not reported as removed.
    let ended = stage.bench(&["softmax", "--compare", &other]).expect_code(0);
    assert!(!ended.stdout.contains("gone"), "{}", ended.stdout);
    // Nor is a case that still exists, but is marked `ignore`.
    stage.bench(&["vit/unit", "--include-ignored"]).expect_code(0);
    let ended = stage.bench(&["vit/unit", "--compare=latest"]).expect_code(0);
    assert!(!ended.stdout.contains("vit/unit/giant"), "{}", ended.stdout);
}

#[test]
fn a_case_that_fails_now_is_no_figure_to_compare() {
    let stage = Stage::new(Bench::Misbehaving);
    stage.bench(&["--exact", "unit/sums"]).expect_code(0);
    let healthy = doctored(&stage, |record| {
        record["cases"][0]["id"] = json!("unit/panics");
        record["cases"][0]["name"] = json!("panics");
    });
    let ended = stage.bench(&["--exact", "unit/panics", "--compare", &healthy, "--fail-on-regression=1"]);
    assert_eq!(verdict(&ended, "unit/panics"), "failed");
    ended.expect_code(1);
}

#[test]
fn another_machine_is_said_first_and_refused_when_strict() {
    let stage = napped();
    let other = doctored(&stage, |record| {
        record["environment"]["cpu"] = json!("Abacus 9000");
        record["environment"]["toolchain"] = json!("rustc 2.0.0");
        scale(record, 0.1);
    });
    let ended = nap(&stage, &["--compare", &other]).expect_code(0);
    let (_, table) = ended.stdout.split_once("compared with ").expect("a table");
    let first = table.lines().nth(1).expect("a line below the heading");
    assert!(
        first.starts_with("not the same machine and build: different processor: Abacus 9000 then"),
        "{first}"
    );
    assert!(first.contains("different toolchain: rustc 2.0.0 then"), "{first}");
    let before = stage.runs().len();
    let ended = nap(&stage, &["--compare", &other, "--strict", "--fail-on-regression=1%"]).expect_code(2);
    assert!(ended.stderr.contains("--strict") && ended.stderr.contains("Abacus 9000"), "{}", ended.stderr);
    assert_eq!(stage.runs().len(), before + 1, "the report comes before the exit code");
    assert_eq!(verdict(&ended, NAP), "slower", "it is shown all the same");
}

#[test]
fn a_threshold_can_be_given() {
    let stage = napped();
    let fast = doctored(&stage, |record| scale(record, 0.1));
    let of = |threshold: &[&str]| {
        verdict(&nap(&stage, &[&["--compare", &fast], threshold].concat()).expect_code(0), NAP)
    };
    assert_eq!(of(&["--threshold=2%"]), "slower");
    assert_eq!(of(&["--threshold=10000"]), "same");
    let arguments = [&ROUNDS[..], &["--exact", NAP, "--compare", &fast, "--bench"]].concat();
    let ended = stage.end(stage.command(&arguments).env("BENCH_THRESHOLD", "10000%")).expect_code(0);
    assert_eq!(verdict(&ended, NAP), "same");
    nap(&stage, &["--compare", &fast, "--threshold=-1"]).expect_code(2);
    nap(&stage, &["--compare", &fast, "--threshold=much"]).expect_code(2).expect_said(&["percentage"]);
}

/// Five earlier runs show how much two runs differ; a broken one is named and ignored.
#[test]
fn earlier_runs_say_how_much_runs_differ() {
    let stage = napped();
    let newest = stage.latest();
    let seen = |ended: &Ended| {
        let (_, table) = ended.stdout.split_once("compared with ").expect("a table");
        let line = table.lines().find(|line| is_row_of(line, NAP)).expect("a row").to_owned();
        let (_, effect) = line.rsplit_once('±').expect("what can be seen");
        effect.split_whitespace().next().and_then(|percent| percent.parse::<f64>().ok()).expect("percent")
    };
    let alone = nap(&stage, &["--compare=latest"]).expect_code(0);
    assert!(seen(&alone) > 60.0, "{}", alone.stdout);
    let whole: Value =
        serde_json::from_slice(&fs::read(newest.join("run.json")).expect("read")).expect("JSON");
    for day in 1..=9 {
        let run = format!("2020-01-0{day}T00-00-00Z-0000");
        let mut record = whole.clone();
        record["run"] = json!(run);
        record["timestamp"] = json!(format!("2020-01-0{day}T00:00:00Z"));
        let folder = stage.results().join(&run);
        fs::create_dir(&folder).expect("folder");
        let text = record.to_string();
        let text = if day == 9 { &text[..text.len() / 2] } else { &text };
        fs::write(folder.join("run.json"), text).expect("written");
    }
    let ended = nap(&stage, &["--compare=latest"]).expect_code(0);
    assert!(!ended.stdout.contains("fewer than 5 earlier runs"), "{}", ended.stdout);
    ended.expect_said(&["earlier run ignored: 2020-01-09T00-00-00Z-0000: "]);
}
