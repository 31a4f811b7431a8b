//! Tests reading earlier runs, with records that contain figures.

use std::fs;
use std::path::Path;

use bench_record::{EarlierRun, EarlierRuns, RUN_FILE, SCHEMA_VERSION};

use crate::testing::record;

fn keep(results: &Path, folder: &str, content: &[u8]) {
    fs::create_dir(results.join(folder)).expect("folder");
    fs::write(results.join(folder).join(RUN_FILE), content).expect("file");
}

#[test]
fn the_newest_runs_are_read_and_broken_ones_named() {
    let results = tempfile::tempdir().expect("folder");
    let sealed = record(vec![("unit/x", vec![100, 101, 102]), ("unit/once", vec![7]), ("unit/no", vec![])]);
    let text = serde_json::to_vec(&sealed).expect("JSON");
    for day in ["2026-11-01", "2026-11-02", "2026-11-04"] {
        keep(results.path(), day, &text);
    }
    keep(results.path(), "2026-11-03", b"{\"format\": \"bench-run\", \"sche");
    bench_record::point(results.path(), "latest", "2026-11-04").expect("named");

    let earlier = EarlierRuns::read(results.path(), 3);
    assert_eq!(earlier.runs.len(), 2, "three were read, and the name is none of its own");
    assert_eq!(earlier.runs[0], EarlierRun::from(&sealed));
    assert_eq!(earlier.runs[0].medians_s.keys().collect::<Vec<_>>(), ["unit/x"]);
    assert_eq!(earlier.unreadable.len(), 1);
    assert!(earlier.unreadable[0].starts_with("2026-11-03: "), "{:?}", earlier.unreadable);
    assert_eq!(EarlierRuns::read(&results.path().join("missing"), 3), EarlierRuns::default());
}

#[test]
fn a_newer_schema_is_not_guessed_at() {
    let results = tempfile::tempdir().expect("folder");
    let mut newer = record(vec![("unit/x", vec![100, 101])]);
    newer.schema_version = SCHEMA_VERSION + 1;
    keep(results.path(), "run", &serde_json::to_vec(&newer).expect("JSON"));
    let earlier = EarlierRuns::read(results.path(), 3);
    assert!(earlier.runs.is_empty() && earlier.unreadable[0].contains("version 2"), "{earlier:?}");
}
