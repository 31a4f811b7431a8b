//! The report of a large run, as it is printed on terminals of several widths.

mod models;

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use bench_record::{Dot, InvalidCause, Lag, Record, SloCondition, Steady, Told, Worker};
use bench_syntax::quantity::Seconds;

/// The largest number of lines of the report of the suite of models. Two of these are for what models add, and three
/// for the command that measured them.
const MOST_LINES: usize = 95;

/// Prints the record of the suite of models.
fn shown(columns: usize, arguments: &[&str]) -> String {
    let folder = tempfile::tempdir().expect("folder");
    let record = folder.path().join("run.json");
    fs::write(&record, serde_json::to_vec(&models::record()).expect("JSON")).expect("written");
    let mut command = Command::new(env!("CARGO_BIN_EXE_bench"));
    command.args(["show", "--color=never", "./run.json"]).args(arguments).current_dir(folder.path());
    let ended = command.env("COLUMNS", columns.to_string()).output().expect("started");
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    String::from_utf8(ended.stdout).expect("UTF-8")
}

/// Compares a text with a file, or writes it there if `UPDATE_SNAPSHOTS` is set.
#[track_caller]
fn assert_is(file: &str, text: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(file);
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        fs::write(&path, text).expect("written");
    }
    let known = fs::read_to_string(&path).unwrap_or_default();
    assert!(known == text, "{file} is not what is printed (UPDATE_SNAPSHOTS=1 writes it):\n{text}");
}

#[test]
fn the_report_of_many_cases_fits_the_terminal() {
    for columns in [80, 120, 200] {
        let text = shown(columns, &[]);
        assert_is(&format!("console-{columns}.txt"), &text);
        let wide: Vec<&str> = text.lines().filter(|line| line.chars().count() > columns).collect();
        assert!(wide.is_empty(), "wider than {columns}: {wide:#?}");
        let lines = text.lines().count();
        assert!(columns < 120 || lines <= MOST_LINES, "{lines} lines of {columns} columns");
    }
}

#[test]
fn nothing_is_lost_with_verbose() {
    let (record, text) = (models::record(), shown(120, &["--verbose"]));
    for case in &record.cases {
        for warning in &case.warnings {
            assert!(text.contains(warning.as_str()), "{warning}");
        }
    }
    assert_eq!(text.matches("skipped: ").count(), 37);
    assert_eq!(text.matches("recommendations · ").count(), 5);
}

#[test]
fn levels_of_load_follow_the_schema() {
    let mut record = models::record();
    let levels =
        record.cases.iter_mut().flat_map(|case| &mut case.rounds).filter_map(|round| round.served.as_mut());
    for level in levels.flat_map(|served| &mut served.levels) {
        level.rate = Some(2.5);
        level.slo = vec![SloCondition::of_requests("ttft <= 200ms", "ttft", true, 0.2)];
        level.steady = Some(Steady::between(0.5, 2.0));
        level.timeline = vec![Dot::new(0.1, 0.2, true)];
        level.errors = vec![Told::new("full", 1)];
        level.workers = vec![Worker::new(1, "host")];
        let lag = Lag::new(Seconds(0.0), Seconds(0.1), Seconds(0.2));
        (level.pace.send_lag, level.pace.client_stall) = (Some(lag), Some(lag));
        level.validity.causes = vec![InvalidCause::HarnessLate];
    }
    let value = serde_json::to_value(&record).expect("JSON");
    let schema = serde_json::from_str(include_str!("../../../../docs/run.schema.json")).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let wrong: Vec<String> = validator
        .iter_errors(&value)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .take(5)
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    let mut older = value;
    let levels = older["cases"].as_array_mut().expect("cases").iter_mut();
    let levels = levels.flat_map(|case| case["rounds"].as_array_mut().expect("rounds"));
    for level in levels.filter_map(|round| round.get_mut("served")?["levels"][0].as_object_mut()) {
        level.remove("slo").expect("a field");
    }
    assert!(validator.is_valid(&older));
    let older: Record = serde_json::from_value(older).expect("a record from before objectives were kept");
    let served = older.cases.iter().flat_map(|case| &case.rounds).filter_map(|round| round.served.as_ref());
    assert!(served.flat_map(|served| &served.levels).all(|level| level.slo.is_empty()));
}
