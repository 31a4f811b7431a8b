//! Records that contradict themselves.

use serde_json::{Value, json};

use super::*;

/// A record of one case with two rounds of two samples, whose interval reaches beyond them.
fn sound() -> Value {
    let percentile = json!({"value_s": 3e-6, "supported": false});
    let round = |sample_ns: [u64; 2]| {
        json!({"round": 0, "started_s": 0.0, "wall_s": 0.1, "iterations_per_sample": 1, "sample_ns": sample_ns,
               "counters": [], "probes": []})
    };
    json!({
        "format": "bench-run", "schema_version": 1, "run": "2026-02-28T01-00-00Z-00ff", "state": "complete",
        "seed": 1, "warnings": [], "timestamp": "2026-02-28T01:00:00Z", "sealed": "2026-02-28T02:00:00.5Z",
        "summary": {"total_benchmarks": 1, "successful_runs": 1, "failed_runs": 0, "skipped_runs": 0},
        "environment": {"toolchain": "", "target": "", "target_features": "", "opt_level": "3",
                        "debug_assertions": false, "gpus": []},
        "cases": [{
            "id": "m/unit/a[n=1]", "model": "m", "category": "unit", "name": "a", "arguments": {"n": "1"}, "tags": [],
            "source": "", "target": "", "status": "ok", "counters": [], "warnings": [], "load_s": 1.0,
            "settings": {"max_time_s": 1.0, "max_time_is_hard": false, "timeout_s": 1.0, "target_precision": 0.01},
            "time": {"median_s": 2e-6, "interval_s": {"low": 2e-7, "high": 2e-5}, "mean_s": 2e-6, "min_s": 1e-6,
                     "max_s": 3e-6, "p95": percentile, "p99": percentile, "samples": 4, "rounds": 2, "iterations": 4},
            "metrics": [{"name": "IPS", "unit": "items/s", "value": 5e5, "better": "higher",
                         "interval": {"low": 4e5, "high": 6e5}}],
            "rounds": [round([1000, 2000]), round([2000, 3000])],
        }],
    })
}

fn check(value: Value) -> Result<(), String> {
    serde_json::from_value::<Record>(value).expect("follows the types").check()
}

#[test]
fn a_record_that_contradicts_itself_is_refused() {
    assert_eq!(check(sound()), Ok(()));
    let time = "/cases/0/time";
    for (place, value, says) in [
        ("/run", json!(""), "name of a folder"),
        ("/run", json!("../../evil"), "name of a folder"),
        ("/run", json!("a\u{1b}[2J"), "name of a folder"),
        ("/timestamp", json!("2026-02-30T01:00:00Z"), "`timestamp`"),
        ("/timestamp", json!("2026-02-28"), "`timestamp`"),
        ("/sealed", json!("2026-02-28T25:00:00Z"), "`sealed`"),
        ("/sealed", json!("2026-02-28T02:00:00+02:00"), "`sealed`"),
        ("/summary/total_benchmarks", json!(7), "summary"),
        ("/summary/failed_runs", json!(1), "summary"),
        ("/cases/0/id", json!("m/unit/b"), "does not contain `a`"),
        ("/cases/0/id", json!("x/unit/a"), "does not contain `m`"),
        ("/cases/0/category", json!("performance"), "its category is performance"),
        ("/cases/0/load_s", json!(-1.0), "load_s"),
        ("/cases/0/metrics/0/interval/high", json!(0.0), "the interval of its IPS"),
        ("/cases/0/rounds/0/wall_s", json!(-0.1), "wall_s"),
        (&format!("{time}/median_s"), json!(-2e-6), "median_s"),
        (&format!("{time}/median_s"), json!(2e-3), "the medians of its rounds"),
        (&format!("{time}/median_s"), json!(2.9e-6), "the medians of its rounds"),
        (&format!("{time}/mean_s"), json!(5e-6), "its samples"),
        (&format!("{time}/max_s"), json!(3e-3), "its samples"),
        (&format!("{time}/min_s"), json!(4e-6), "more than its max_s"),
        (&format!("{time}/p99/value_s"), json!(1.0), "its samples"),
        (&format!("{time}/interval_s/low"), json!(2.1e-5), "the interval of its time"),
        (&format!("{time}/interval_s/high"), json!(1.9e-6), "the ends of its interval"),
        (&format!("{time}/samples"), json!(40), "it counts 40 samples, but contains 4"),
    ] {
        let mut record = sound();
        *record.pointer_mut(place).unwrap_or_else(|| panic!("{place}")) = value.clone();
        let reason = check(record).expect_err(&format!("{place} is {value}"));
        assert!(reason.contains(says), "{place} is {value}: {reason}");
    }
    let mut twice = sound();
    let case = twice["cases"][0].clone();
    twice["cases"] = json!([case.clone(), case]);
    assert!(check(twice).expect_err("twice").contains("two cases `m/unit/a[n=1]`"));
}

#[test]
fn figures_that_are_not_finite_are_refused() {
    for value in [f64::NAN, f64::INFINITY] {
        let mut record: Record = serde_json::from_value(sound()).expect("a record");
        record.cases[0].rounds.clear();
        record.cases[0].time.as_mut().expect("measured").median_s.0 = value;
        assert!(record.check().expect_err("not finite").contains("median_s"));
    }
}

#[test]
fn days_exist() {
    for there in ["2024-02-29T00:00:00Z", "2026-12-31T23:59:60Z", "2026-01-01T00:00:00.123456Z"] {
        assert!(seconds_of_moment(there).is_some(), "{there}");
    }
    for none in [
        "2026-02-29T00:00:00Z",
        "2100-02-29T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-01-00T00:00:00Z",
        "2026-01-01T00:60:00Z",
        "2026-01-01T00:00:00.Z",
        "2026-01-01 00:00:00Z",
        "é026-01-01T00:00:00Z",
        "",
    ] {
        assert!(seconds_of_moment(none).is_none(), "{none}");
    }
}

#[test]
fn parts_are_numbered_from_one_and_each_is_there_once() {
    for (numbers, is_sound) in [
        (json!([1, 3]), true),
        (json!([]), false),
        (json!([0]), false),
        (json!([4]), false),
        (json!([2, 2]), false),
    ] {
        let mut record = sound();
        record["parts"] = json!({"run": "nightly", "of": 3, "numbers": numbers});
        assert_eq!(check(record).is_ok(), is_sound, "{numbers}");
    }
    let mut record = sound();
    record["parts"] = json!({"run": "../evil", "of": 3, "numbers": [1]});
    assert!(check(record).expect_err("a path").contains("name of a folder"));
}
