//! Histories that are replayed night by night, as a nightly job of another tool would: each change is reported soon, once,
//! at the right night, and the gate follows.
#![allow(clippy::single_range_in_vec_init, reason = "a stretch of nights, of which there may be several")]

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value;

use crate::stage::Stage;

/// The number of nights within which a change must be reported.
const NIGHTS: usize = 5;

/// A history, and the reports that are expected.
struct History {
    measure: &'static str,
    nights: usize,
    value: fn(usize) -> f64,
    /// The night of each change that is to be reported, and whether it is for the worse.
    changes: &'static [(usize, bool)],
    /// The nights on which the code is at a level that is not allowed.
    slow: &'static [std::ops::Range<usize>],
}

/// Returns noise with a standard deviation of 1: a sum of twelve uniform numbers, the same in every test.
fn noise(night: usize) -> f64 {
    let mut state = night as u64 * 12;
    let uniform = |_| {
        state += 1;
        let mut z = state.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    };
    (0..12).map(uniform).sum::<f64>() - 6.0
}

fn name(night: usize) -> String {
    format!("night-{night:03}")
}

fn commit(night: usize) -> String {
    format!("{night:040x}")
}

/// The output of `bench trend`, by the night of the report.
#[derive(Default)]
struct Reports {
    standing: BTreeMap<String, Value>,
    withdrawn: BTreeMap<String, Value>,
}

impl Reports {
    fn of(stage: &Stage) -> Self {
        let ended = stage.bench(&["trend", "--metric=all", "--json"]).expect_code(0);
        let document: Value = serde_json::from_str(&ended.stdout).expect("JSON and nothing else");
        let mut reports = Reports::default();
        for trend in document["trends"].as_array().expect("trends") {
            for (list, kept) in [("changes", &mut reports.standing), ("withdrawn", &mut reports.withdrawn)] {
                for turn in trend[list].as_array().expect("a list") {
                    let found = turn["found"]["run"].as_str().expect("a run").to_owned();
                    assert!(kept.insert(found, turn.clone()).is_none(), "two reports of one night: {trend}");
                }
            }
        }
        reports
    }
}

/// Replays a history, and checks all reports of every night.
fn replay(history: &History) {
    let stage = Stage::new(&[]);
    let alert = "[[alert]]\ncommand = [\"sh\", \"-c\", \"cat >> told; echo >> told\"]\nchanges = \"all\"\n";
    fs::write(stage.path().join("bench.toml"), alert).expect("written");
    let mut earlier = Reports::default();
    let mut red = Vec::new();
    for night in 0..history.nights {
        let value = (history.value)(night);
        let report = format!("{{\"unit/case\": {{\"{}\": {{\"value\": {value}}}}}}}", history.measure);
        fs::write(stage.path().join("night.json"), report).expect("written");
        let time = format!("--time=2026-{:02}-{:02}T01:00:00Z", 1 + night / 28, 1 + night % 28);
        let (run, commit) = (format!("--run={}", name(night)), format!("--commit={}", commit(night)));
        let machine = ["--cpu=EPYC", "--cores=8", "--memory=16GiB", "--toolchain=rustc 1.95"];
        let import = ["import", "bmf", "night.json", &time, &run, &commit];
        stage.bench(&[&import[..], &machine].concat()).expect_code(0);
        let reports = Reports::of(&stage);
        for (found, report) in &reports.standing {
            let before = earlier.standing.get(found);
            assert!(before.is_some() || *found == name(night), "night {night}: told afterwards: {report}");
            let worse = before.map_or(&report["worse"], |before| &before["worse"]);
            assert_eq!(*worse, report["worse"], "night {night}: another sign: {report}");
        }
        for (found, report) in &earlier.standing {
            let is_known = reports.standing.contains_key(found) || reports.withdrawn.contains_key(found);
            assert!(is_known, "night {night}: taken back without a word: {report}");
        }
        earlier = reports;
        let gate = stage.bench(&["gate", &name(night), "--confirm=never"]);
        assert!([0, 3].contains(&gate.code), "night {night}: {}", gate.said());
        if gate.code == 3 {
            red.push(night);
        }
        stage.bench(&["alert"]).expect_code(0);
    }
    assert!(earlier.withdrawn.is_empty(), "{:?}", earlier.withdrawn);
    let found: Vec<(&String, &Value)> = earlier.standing.iter().collect();
    assert_eq!(found.len(), history.changes.len(), "{found:?}");
    for ((found, report), (night, worse)) in found.into_iter().zip(history.changes) {
        let late = name(night + NIGHTS);
        assert!(*found >= name(*night) && *found < late, "night {night}: told on {found}");
        assert_eq!(report["since"]["run"], name(*night).as_str(), "{report}");
        assert_eq!(report["since"]["commit"], commit(*night).as_str(), "{report}");
        assert_eq!(report["worse"], *worse, "{report}");
        let culprit = report["culprit"]["commits"].as_array().expect("commits");
        assert!(culprit.iter().any(|one| *one == commit(*night).as_str()), "{report}");
    }
    // The gate fails from the report until the fix, and passes again at the latest on the night after the fix.
    for slow in history.slow {
        let told = slow.start + NIGHTS - 1..slow.end.min(history.nights);
        assert!(told.clone().all(|night| red.contains(&night)), "{told:?}: red on {red:?}");
    }
    let is_expected = |night: &usize| history.slow.iter().any(|slow| slow.contains(night));
    let unexpected: Vec<&usize> = red.iter().filter(|night| !is_expected(night)).collect();
    assert!(unexpected.is_empty(), "red on {unexpected:?}");
    let told = fs::read_to_string(stage.path().join("told")).unwrap_or_default();
    let told: Vec<Value> = serde_json::Deserializer::from_str(&told)
        .into_iter::<Value>()
        .flat_map(|message| message.expect("JSON")["changes"].as_array().expect("changes").clone())
        .collect();
    let since: Vec<&str> =
        told.iter().filter_map(|change| change["change"]["since"]["run"].as_str()).collect();
    let expected: Vec<String> = history.changes.iter().map(|(night, _)| name(*night)).collect();
    assert_eq!(since, expected, "{told:?}");
}

#[test]
fn a_reverted_regression_and_the_next_one() {
    replay(&History {
        measure: "latency",
        nights: 118,
        value: |night| {
            let factor = match night {
                60..=67 => 1.1,
                98.. => 1.08,
                _ => 1.0,
            };
            100e6 * factor * (1.0 + 0.01 * noise(night))
        },
        changes: &[(60, true), (68, false), (98, true)],
        slow: &[60..68, 98..118],
    });
}

#[test]
fn exact_peak_memory_that_rises_after_a_step_of_no_interest() {
    replay(&History {
        measure: "peak-memory-bytes",
        nights: 110,
        value: |night| match night {
            0..30 => 1e9,
            30..90 => 1.003e9,
            _ => 1.2036e9,
        },
        changes: &[(90, true)],
        slow: &[90..110],
    });
}

#[test]
fn a_benchmark_that_was_optimised_in_its_second_week() {
    replay(&History {
        measure: "latency",
        nights: 70,
        value: |night| {
            let level = match night {
                0..10 => 130e6,
                10..50 => 100e6,
                _ => 112e6,
            };
            level * (1.0 + 0.005 * noise(night))
        },
        changes: &[(10, false), (50, true)],
        slow: &[50..70],
    });
}
