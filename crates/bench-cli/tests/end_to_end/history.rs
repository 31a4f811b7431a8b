//! A store of nightly runs, and its reports.

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::stage::{Stage, read_json};
use bench_testing::runs_in;

/// Creates a stage with `count` nightly runs of one real run's cases, with times multiplied by `factor`.
pub(crate) fn nights(count: usize, factor: impl Fn(usize) -> f64) -> Stage {
    let (stage, record) = measured();
    for night in 0..count {
        write_night(&stage, &record, night, factor(night));
    }
    stage
}

/// Returns a stage, and the record of a real run, whose files were removed from the stage.
pub(crate) fn measured() -> (Stage, Value) {
    let stage = Stage::new(&["base"]);
    let measure = ["second", "spins", "--rounds=6", "--repeats=12", "--warmup=1", "--bench"];
    stage.end(&mut stage.command("./base", &measure)).expect_code(0);
    let run = runs_in(&stage.results()).pop().expect("a run");
    let record = read_json(&run.join("run.json"));
    fs::remove_dir_all(&run).expect("removed");
    fs::remove_file(stage.results().join("latest")).expect("removed");
    (stage, record)
}

pub(crate) fn write_night(stage: &Stage, record: &Value, night: usize, factor: f64) {
    write_night_at(stage, record, night, factor, &format!("{night:040}"));
}

/// Writes the run of a night that has measured this commit.
pub(crate) fn write_night_at(stage: &Stage, record: &Value, night: usize, factor: f64, commit: &str) {
    let mut record = record.clone();
    let run = format!("night-{night:02}");
    record["run"] = json!(run);
    record["timestamp"] = json!(format!("2026-{:02}-{:02}T01:00:00Z", 1 + night / 28, 1 + night % 28));
    record["environment"]["commit"] = json!(commit);
    record["environment"]["dirty"] = json!(false);
    for case in record["cases"].as_array_mut().expect("cases") {
        // Some noise, the same in every test: multiples of the golden ratio are spread evenly.
        let noise = 1.0 + 0.01 * ((night as f64 * 0.618_034).fract() - 0.5);
        let changed = if case["id"] == "unit/spins" { factor } else { 1.0 };
        scale(case, 0.001 * noise * changed);
        case["peak_memory_bytes"] = json!(50_000_000);
    }
    let folder = stage.results().join(&run);
    fs::create_dir_all(&folder).expect("folder");
    fs::write(folder.join("run.json"), record.to_string()).expect("written");
}

/// Gives a case this median, and rounds to match: the samples of a round are equal, and rounds differ by a thousandth.
fn scale(case: &mut Value, median_s: f64) {
    const ITERATIONS: u64 = 1000;
    let rounds = case["rounds"].as_array_mut().expect("rounds");
    let middle = (rounds.len() as f64 - 1.0) / 2.0;
    let of_round = |number: f64| median_s * (1.0 + 0.001 * (number - middle));
    for (number, round) in rounds.iter_mut().enumerate() {
        // Many iterations per sample, so that rounding to nanoseconds has little effect.
        round["iterations_per_sample"] = json!(ITERATIONS);
        for sample in round["sample_ns"].as_array_mut().expect("samples") {
            *sample = json!((of_round(number as f64) * 1e9 * ITERATIONS as f64).round() as u64);
        }
    }
    let (low, high) = (of_round(0.0), of_round(2.0 * middle));
    let time = &mut case["time"];
    for (field, value) in [("median_s", median_s), ("mean_s", median_s), ("min_s", low), ("max_s", high)] {
        time[field] = json!(value);
    }
    time["interval_s"] = json!({"low": low, "high": high});
    time["standard_deviation_s"] = json!(0.001 * median_s);
    time["p95"]["value_s"] = json!(high);
    time["p99"]["value_s"] = json!(high);
}

pub(crate) fn slower_from_night_20(night: usize) -> f64 {
    if night >= 20 { 1.03 } else { 1.0 }
}

fn store_file(stage: &Stage) -> PathBuf {
    stage.results().join("history.sqlite")
}

fn changes(stage: &Stage) -> Vec<Value> {
    let ended = stage.bench(&["trend", "--metric=time", "--json"]).expect_code(0);
    let printed: Value = serde_json::from_str(&ended.stdout).expect("JSON and nothing else");
    let trends = printed["trends"].as_array().expect("trends");
    trends.iter().flat_map(|trend| trend["changes"].as_array().expect("changes")).cloned().collect()
}

#[test]
fn a_regression_in_thirty_nights_is_told_once_and_can_be_accepted() {
    let stage = nights(30, slower_from_night_20);
    stage.bench(&["store", "add"]).expect_code(0).expect_said(&["runs added: 30 ("]);
    stage.bench(&["store", "add"]).expect_code(0).expect_said(&["runs added: 0 (", "already there: 30"]);
    let found = changes(&stage);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0]["since"]["run"], "night-20");
    assert_eq!(found[0]["last_before"]["run"], "night-19");
    stage.bench(&["trend"]).expect_code(0).expect_said(&[
        "unit/spins  time",
        "+3.0 % (worse) since 2026-01-21T01:00:00Z (night-20 at 000000000000",
    ]);
    let ended = stage.bench(&["trend", "second"]).expect_code(0);
    assert!(!ended.stdout.contains("worse"), "{}", ended.stdout);
    stage.bench(&["accept", "unit/spins", "--reason", " "]).expect_code(2).expect_said(&["--reason"]);
    stage.bench(&["accept", "unit/nothing", "--reason=x"]).expect_code(2).expect_said(&["unit/nothing"]);
    let accept = ["accept", "unit/spins", "--reason=exact sums", "--author=me"];
    stage.bench(&accept).expect_code(0).expect_said(&["since night-20"]);
    stage.bench(&accept).expect_code(2).expect_said(&["nothing to accept"]);
    stage.bench(&["trend"]).expect_code(0).expect_said(&["[accepted by me: exact sums]"]);
    stage.bench(&["baseline", "set", "v1", "night-03", "--author=me"]).expect_code(0);
    stage.bench(&["rename", "unit/spins", "unit/turns"]).expect_code(0).expect_said(&["`unit/turns` now"]);
    stage.bench(&["store", "rebuild"]).expect_code(0).expect_said(&["30 runs from their directories"]);
    stage.bench(&["trend"]).expect_code(0).expect_said(&["unit/turns  time", "[accepted by me: exact sums]"]);
    stage.bench(&["baseline", "list"]).expect_code(0).expect_said(&["v1  night-03  since 20", ", by me"]);
}

#[test]
fn what_else_changed_that_night_is_told() {
    let stage = nights(30, slower_from_night_20);
    for night in 0..30 {
        let path = stage.results().join(format!("night-{night:02}/run.json"));
        let mut record = read_json(&path);
        record["environment"]["os"] = json!(if night < 20 { "Linux 6.8" } else { "Linux 6.11" });
        fs::write(path, record.to_string()).expect("written");
    }
    stage.bench(&["store", "add"]).expect_code(0);
    let with = "together with operating system: Linux 6.8 → Linux 6.11";
    stage.bench(&["trend"]).expect_code(0).expect_said(&[with]);
    stage.bench(&["gate"]).expect_code(3).expect_said(&[with]);
    assert_eq!(changes(&stage)[0]["also"][0], "operating system: Linux 6.8 → Linux 6.11");
}

#[test]
fn what_cannot_be_named_is_said() {
    let stage = nights(2, |_| 1.0);
    stage.bench(&["rename", "unit/a", "unit/b"]).expect_code(2).expect_said(&["no store"]);
    stage.bench(&["baseline", "set", "v1", "night-99"]).expect_code(2).expect_said(&["night-99"]);
    stage.bench(&["baseline", "set", "../v1", "night-00"]).expect_code(2).expect_said(&["letters, digits"]);
    assert!(!store_file(&stage).exists(), "a wrong name leaves no store");
    stage.bench(&["store", "add"]).expect_code(0);
    stage.bench(&["rename", "unit/a", "unit/b"]).expect_code(2).expect_said(&["no case `unit/a`"]);
    stage.bench(&["rename", "unit/spins", "unit/spins"]).expect_code(2).expect_said(&["two different ids"]);
    stage.bench(&["rename", "unit/spins", ""]).expect_code(2).expect_said(&["two different ids"]);
    stage
        .bench(&["rename", "unit/spins", "unit/second"])
        .expect_code(2)
        .expect_said(&["two different cases"]);
}

#[test]
fn a_store_is_listed_shown_exported_pruned() {
    let stage = nights(3, |_| 1.0);
    stage.bench(&["store", "list"]).expect_code(2).expect_said(&["no store", "bench store add"]);
    stage.bench(&["store", "add", "nothing-like-this"]).expect_code(2);
    assert!(!store_file(&stage).exists(), "a wrong name leaves no store");
    stage.bench(&["store", "add", "night-00", "benchmark_results/night-01", "night-02"]).expect_code(0);
    stage.bench(&["store", "list"]).expect_code(0).expect_said(&["night-00", "2026-01-03T01:00:00Z"]);
    let shown = stage.bench(&["store", "show", "night-01"]).expect_code(0);
    let shown: Value = serde_json::from_str(&shown.stdout).expect("JSON");
    assert_eq!(shown, read_json(&stage.results().join("night-01/run.json")));
    stage.bench(&["store", "show", "night-99"]).expect_code(2).expect_said(&["night-99", "bench store list"]);
    let exported = stage.bench(&["store", "export"]).expect_code(0);
    let mut reader = csv::Reader::from_reader(exported.stdout.as_bytes());
    let rows: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>().expect("CSV");
    let times = rows.iter().filter(|row| &row[0] == "unit/spins" && &row[1] == "time");
    assert_eq!(times.map(|row| row[9].to_owned()).collect::<Vec<_>>(), ["night-00", "night-01", "night-02"]);
    stage.bench(&["trend"]).expect_code(0).expect_said(&["too little history"]);
    stage.bench(&["trend", "nothing-like-this"]).expect_code(2);
    stage.bench(&["store", "prune", "--before=yesterday"]).expect_code(2).expect_said(&["2026-01-31"]);
    stage.bench(&["store", "prune", "--before=2026-01-02"]).expect_code(0).expect_said(&["removed 1 runs"]);
    stage.bench(&["store", "verify"]).expect_code(0).expect_said(&["2 runs, no damage"]);
}

#[test]
fn a_damaged_store_is_told_and_made_anew() {
    let stage = nights(3, |_| 1.0);
    stage.bench(&["store", "add"]).expect_code(0);
    // This run is now only in the store.
    fs::remove_dir_all(stage.results().join("night-00")).expect("removed");
    stage
        .bench(&["store", "rebuild"])
        .expect_code(0)
        .expect_said(&["2 runs from their", "1 more from the old"]);
    stage.bench(&["store", "list"]).expect_code(0).expect_said(&["night-00"]);
    fs::write(store_file(&stage), "this is no database, and longer than its header: ".repeat(40))
        .expect("file");
    stage.bench(&["trend"]).expect_code(2).expect_said(&["history.sqlite", "bench store rebuild"]);
    stage.bench(&["store", "rebuild"]).expect_code(0).expect_said(&["2 runs from their", "0 more"]);
    stage.bench(&["store", "verify"]).expect_code(0).expect_said(&["2 runs, no damage"]);
}

#[test]
fn a_run_that_changed_is_refused() {
    let stage = nights(1, |_| 1.0);
    stage.bench(&["store", "add"]).expect_code(0);
    let record = read_json(&stage.results().join("night-00/run.json"));
    write_night(&stage, &record, 0, 1.5);
    stage.bench(&["store", "add"]).expect_code(1).expect_said(&["night-00", "other contents"]);
}

#[test]
fn where_a_store_may_be_is_said() {
    let stage = Stage::new(&[]);
    let ended = stage.bench(&["trend", "--store=mysql://u:secret@h/d"]).expect_code(2);
    assert!(!ended.said().contains("secret"), "{}", ended.said());
    ended.expect_said(&["postgres://USER@HOST/DATABASE"]);
    if cfg!(not(feature = "postgres")) {
        stage
            .bench(&["trend", "--store=postgres://h/d"])
            .expect_code(2)
            .expect_said(&["--features postgres"]);
    }
}

#[test]
fn one_bad_run_does_not_keep_the_others_out() {
    let stage = nights(3, |_| 1.0);
    stage.bench(&["store", "add"]).expect_code(0).expect_said(&["runs added: 3 ("]);
    // A record with another content is a different run with the same name.
    let path = stage.results().join("night-01/run.json");
    let mut record = read_json(&path);
    record["seed"] = json!(4711);
    fs::write(&path, record.to_string()).expect("written");
    let (_elsewhere, newer) = measured();
    write_night(&stage, &newer, 3, 1.0);
    let added = stage.bench(&["store", "add"]).expect_code(1);
    added.expect_said(&[
        "warning: the store already contains a run `night-01`",
        "runs added: 1 (",
        "with other contents: 1",
    ]);
    stage.bench(&["store", "add", "night-01", "night-02"]).expect_code(1);
}

#[test]
fn a_run_that_was_killed_is_the_same_run_twice() {
    let stage = Stage::new(&["base"]);
    let mut child = stage.command("./base", &["spins", "--rounds=1000", "--max-time=60s", "--bench"]);
    let mut child =
        child.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).spawn().expect("runs");
    let has_round = || {
        let journal = runs_in(&stage.results()).pop().map(|run| run.join("journal.jsonl"));
        let text = journal.and_then(|journal| fs::read_to_string(journal).ok()).unwrap_or_default();
        text.lines().count() > 3
    };
    bench_testing::wait_until("a round has ended", has_round);
    child.kill().expect("killed");
    child.wait().expect("ended");
    stage.bench(&["store", "add"]).expect_code(0);
    let run = runs_in(&stage.results()).pop().expect("a run");
    let name = run.file_name().and_then(|name| name.to_str()).expect("a name");
    stage.bench(&["store", "add", name]).expect_code(0).expect_said(&["runs added: 1 ("]);
    std::thread::sleep(std::time::Duration::from_millis(1100));
    stage.bench(&["store", "add", name]).expect_code(0).expect_said(&["runs added: 0 (", "already there: 1"]);
}
