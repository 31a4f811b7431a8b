//! The files of a run: they are complete, readable and consistent with each other.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use bench_core::record::{self, State, Status};
use bench_core::report::harmless;
use bench_testing::{Bench, Stage, scrub};
use serde_json::Value;

/// Returns the rows of a CSV file, by the names of their columns. Fails if a row has another length.
fn rows(file: &Path) -> Vec<HashMap<String, String>> {
    csv::Reader::from_path(file).expect("csv").deserialize().collect::<Result<_, _>>().expect("rows")
}

/// Runs all benchmarks of `spread`, including those with hostile arguments.
fn spread() -> Stage {
    let stage = Stage::new(Bench::Spread);
    stage.bench(&["--include-ignored"]).expect_code(0).expect_said(&["35 of 35 benchmarks measured"]);
    stage
}

/// Runs benchmarks of which some fail and one is skipped.
fn misbehaving() -> Stage {
    let stage = Stage::new(Bench::Misbehaving);
    let cases = ["unit/panics_with_escapes", "unit/skips", "unit/sums", "unit/prints_escapes_and_fails"];
    stage.bench(&[&["--exact"], &cases[..]].concat()).expect_code(1);
    stage
}

#[test]
fn a_record_round_trips() {
    for stage in [spread(), misbehaving()] {
        let file = stage.runs()[0].join("run.json");
        let record = record::open(&file).expect("record");
        assert_eq!(record, stage.record(), "by its file and by its folder");
        let written: Value = serde_json::from_slice(&fs::read(&file).expect("read")).expect("JSON");
        assert_eq!(serde_json::to_value(&record).expect("JSON"), written);
        let again = stage.path().join("again.json");
        fs::write(&again, serde_json::to_vec_pretty(&record).expect("JSON")).expect("written");
        assert_eq!(record::open(&again).expect("record"), record);
        assert_eq!(record.run, stage.runs()[0].file_name().unwrap().to_str().unwrap());
        assert_eq!(record.summary, record::Summary::of(&record.cases));
    }
}

#[test]
fn the_summary_has_a_row_a_case() {
    for stage in [spread(), misbehaving()] {
        let (record, rows) = (stage.record(), rows(&stage.runs()[0].join("summary.csv")));
        assert_eq!(rows.len(), record.cases.len());
        for (row, case) in rows.iter().zip(&record.cases) {
            let figure = |column: &str| row[column].parse::<f64>().ok();
            assert_eq!((&row["case"], &row["name"], &row["run"]), (&case.id, &case.name, &record.run));
            assert_eq!(row["model"], case.model.clone().unwrap_or_default());
            assert_eq!(row["category"], case.category.name());
            let arguments: Vec<String> =
                case.arguments.iter().map(|(name, value)| format!("{name}={value}")).collect();
            assert_eq!(row["arguments"], harmless(&arguments.join(";")), "{}", case.id);
            let status = match case.status {
                Status::Ok => "ok",
                Status::Failed => "failed",
                Status::Skipped => "skipped",
                Status::NotRun => "not_run",
            };
            assert_eq!(row["status"], status);
            assert_eq!(figure("median_s"), case.time.as_ref().map(|time| time.median_s.0), "{}", case.id);
            assert_eq!(figure("max_s"), case.time.as_ref().map(|time| time.max_s.0), "{}", case.id);
            assert_eq!(
                figure("iterations"),
                case.time.as_ref().map(|time| time.iterations as f64),
                "{}",
                case.id
            );
            assert_eq!(
                figure("peak_memory_bytes"),
                case.peak_memory_bytes.map(|bytes| bytes.0 as f64),
                "{}",
                case.id
            );
            assert_eq!(
                figure("metric_value"),
                case.metrics.first().map(|metric| metric.value),
                "{}",
                case.id
            );
            let reason = case.failure.as_ref().map(ToString::to_string).or_else(|| {
                // Never written unchanged: a spreadsheet treats a cell that begins with `=` as a formula.
                case.skip_reason.as_ref().map(|reason| format!("skipped: {reason}"))
            });
            assert_eq!(row["reason"], harmless(&reason.unwrap_or_default()), "{}", case.id);
        }
    }
}

/// The machine is measured around each round, and around the run.
#[test]
fn rounds_know_their_surroundings() {
    let stage = Stage::new(Bench::Spread);
    stage.bench(&["resnet/unit"]).expect_code(0);
    let record = stage.record();
    let typical = record.environment.references.expect("references of the run");
    assert!(typical.clock_step_ns > 0.0 && typical.walk_step_ns > typical.clock_step_ns, "{typical:?}");
    for round in record.cases.iter().flat_map(|case| &case.rounds) {
        let seen = round.surroundings.expect("somebody looked");
        for reading in [seen.before, seen.after] {
            // Within a factor that no machine exceeds, but a wrong unit does.
            let ratio = reading.clock_step_ns / typical.clock_step_ns;
            assert!((0.05..20.0).contains(&ratio), "{seen:?}");
        }
        assert!(seen.pressure.is_none_or(|share| (0.0..=1.0).contains(&share)), "{seen:?}");
    }
    let stage = Stage::new(Bench::Spread);
    stage.bench(&["resnet/unit", "--in-process"]).expect_code(0);
    let profiled = stage.record();
    assert!(profiled.cases.iter().flat_map(|case| &case.rounds).all(|round| round.surroundings.is_none()));
}

/// Warnings are under the table and in the record, in the same words; checks that need no warning are in the record
/// only.
#[test]
fn a_record_keeps_how_quiet_the_machine_was() {
    let stage = Stage::new(Bench::Spread);
    let ended = stage.bench(&["resnet/unit", "--verbose"]).expect_code(0);
    let record = stage.record();
    let checks = &record.environment.quietness;
    let names: Vec<&str> = checks.iter().map(|check| check.name.as_str()).collect();
    for name in ["governor", "load", "steal", "other processes"] {
        assert_eq!(names.iter().filter(|known| **known == name).count(), 1, "{name} in {names:?}");
    }
    let warned: Vec<String> = checks
        .iter()
        .filter(|check| check.state == State::Warn)
        .map(|check| format!("{}: {}", check.name, check.value))
        .collect();
    for line in &warned {
        assert_eq!(record.warnings.iter().filter(|warning| *warning == line).count(), 1, "{line}");
        assert!(ended.stdout.lines().any(|shown| shown == format!("warning: {line}")), "{}", ended.said());
    }
    let unknown: Vec<&str> = checks
        .iter()
        .filter(|check| check.state == State::Unknown)
        .map(|check| check.name.as_str())
        .collect();
    let line = unknown.first().map(|first| format!("warning: unknown on this machine: {first}"));
    let told = ended.stdout.lines().filter(|shown| shown.contains("unknown on this machine")).count();
    assert_eq!(told, usize::from(line.is_some()), "{}", ended.said());
    assert!(line.is_none_or(|line| ended.stdout.contains(&line)), "{}", ended.said());
    let hint = ended.stdout.contains("`bench doctor` prints what to do");
    assert_eq!(hint, !(warned.is_empty() && unknown.is_empty()), "{}", ended.said());

    // Nothing is timed, so the machine is not checked.
    let tested = stage.run(&["resnet/unit"]);
    assert!(!tested.said().contains("unknown on this machine"), "{}", tested.said());
}

#[test]
fn the_samples_have_a_row_a_sample() {
    for stage in [spread(), misbehaving()] {
        let (record, rows) = (stage.record(), rows(&stage.runs()[0].join("samples.csv")));
        let mut rows = rows.iter();
        for case in &record.cases {
            for round in &case.rounds {
                for (number, ns) in round.sample_ns.iter().enumerate() {
                    let row = rows.next().expect("a row");
                    assert_eq!((&row["case"], &row["run"]), (&case.id, &record.run));
                    let whole = |column: &str| row[column].parse::<u64>().expect("a whole number");
                    let wanted = (u64::from(round.round), number as u64, round.iterations_per_sample, *ns);
                    let found = (whole("round"), whole("sample"), whole("iterations"), whole("sample_ns"));
                    assert_eq!(found, wanted, "{}", case.id);
                    let seconds: f64 = row["time_per_iteration_s"].parse().expect("a number");
                    let per_iteration = *ns as f64 / 1e9 / round.iterations_per_sample as f64;
                    assert_eq!(row["disturbed"], round.disturbed.clone().unwrap_or_default());
                    assert!((seconds / per_iteration - 1.0).abs() < 1e-12, "{}: {seconds}", case.id);
                }
            }
        }
        assert!(rows.next().is_none(), "more rows than samples");
    }
}

#[test]
fn hostile_values_are_kept_and_kept_apart() {
    let stage = spread();
    let (record, rows) = (stage.record(), rows(&stage.runs()[0].join("summary.csv")));
    let hostile: Vec<&str> =
        record.cases.iter().filter_map(|case| Some(case.arguments.get("text")?.as_str())).collect();
    assert_eq!(hostile.len(), 18);
    for value in [
        "",
        "a,b=c[d]/e%f",
        "say \"hi\"",
        "line\nbreak\r\n",
        "nul\0",
        "=1+1",
        "\x1b[31mred",
        "\u{202e}turned",
    ] {
        assert!(hostile.contains(&value), "{value:?} is not in the record");
        assert!(
            rows.iter().any(|row| row["arguments"] == harmless(&format!("text={value}"))),
            "{value:?} is not in the summary"
        );
    }
    let steers = |c: char| c == '\u{1b}' || c == '\0' || c == '\u{202e}';
    assert!(rows.iter().all(|row| row.values().all(|cell| !cell.contains(steers))), "{rows:?}");
    for case in &record.cases {
        assert!(!case.id.contains(|c: char| c.is_control() || c.is_whitespace()), "{:?}", case.id);
        // A spreadsheet would treat a cell that begins like this as a formula.
        assert!(!case.id.starts_with(['=', '+', '-', '@']), "{:?}", case.id);
    }
}

#[test]
fn a_record_says_where_and_how_it_was_measured() {
    let stage = spread();
    let record = stage.record();
    let environment = &record.environment;
    assert!(environment.toolchain.starts_with("rustc "), "{environment:?}");
    assert!(
        environment.debug_assertions == cfg!(bench_portable)
            && environment.cores.is_some_and(|cores| cores > 0)
    );
    assert_eq!((&environment.commit, environment.dirty), (&None, None), "the stage is no repository");
    assert!(record.timestamp <= record.sealed && record.timestamp.ends_with('Z'), "{}", record.timestamp);
    let case = record.case("resnet/performance/forward[batch=8,dtype=f16]").expect("case");
    assert_eq!(
        (case.settings.rounds, case.settings.warmup, case.settings.repeats),
        (Some(1), Some(1), Some(5))
    );
    assert!(case.load_s.is_some() && case.source.contains("performance.rs:"), "{case:?}");
    assert_eq!(case.counters[0].unit, "images");
    assert_eq!(case.tags, ["nightly"]);
    let probes: Vec<&str> = case.rounds[0].probes.iter().map(|report| report.probe.as_str()).collect();
    assert!(probes.contains(&"cpu") && probes.contains(&"memory"), "{probes:?}");
}

#[test]
fn a_record_names_the_commit_and_whether_files_differ_from_it() {
    let stage = Stage::new(Bench::Spread);
    let git = |arguments: &[&str]| {
        let mut command = std::process::Command::new("git");
        scrub(&mut command);
        command.current_dir(stage.path()).args(["-c", "user.name=t", "-c", "user.email=t@example.org"]);
        let output = command.args(arguments).output().expect("git runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text").trim().to_owned()
    };
    git(&["init", "--quiet"]);
    std::fs::write(stage.path().join("tracked"), "1").expect("file");
    git(&["add", "tracked"]);
    git(&["commit", "--quiet", "--message", "one"]);
    let head = git(&["rev-parse", "HEAD"]);
    stage.bench(&["unit"]).expect_code(0);
    std::fs::write(stage.path().join("tracked"), "2").expect("file");
    stage.bench(&["unit"]).expect_code(0);
    let mut dirty: Vec<Option<bool>> = Vec::new();
    for run in stage.runs() {
        let environment = bench_core::record::open(&run).expect("record").environment;
        assert_eq!(environment.commit.as_ref(), Some(&head));
        dirty.push(environment.dirty);
    }
    dirty.sort();
    assert_eq!(dirty, [Some(false), Some(true)]);
}

#[test]
fn the_same_seed_gives_the_same_order() {
    let order = |seed: &str| {
        let stage = Stage::new(Bench::Spread);
        stage.bench(&["--seed", seed, "--model=resnet"]).expect_code(0);
        let mut cases = stage.record().cases;
        cases.sort_by(|a, b| a.rounds[0].started_s.total_cmp(&b.rounds[0].started_s));
        cases.into_iter().map(|case| case.id).collect::<Vec<_>>()
    };
    let first = order("1");
    assert_eq!(order("1"), first);
    assert!((2..6).any(|seed| order(&seed.to_string()) != first));
}
