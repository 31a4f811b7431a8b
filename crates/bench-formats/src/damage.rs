//! Tests damaged files of other tools: if one entry is wrong, all others are imported, and no value is invented.

use std::fs;

use serde_json::{Value, json};

use crate::import::tests::origin;
use crate::{Imported, fixture, importer};

/// The wrong values that are put in place of every value of a file.
fn damages() -> [Value; 7] {
    [json!(null), json!(-1), json!(1e308), json!(u64::MAX), json!("x"), json!([]), json!({"a": 1})]
}

/// Collects the places of all values of a document, as JSON pointers.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    let escaped = |key: &str| key.replace('~', "~0").replace('/', "~1");
    match value {
        Value::Object(entries) => {
            entries.iter().for_each(|(key, value)| places(value, &format!("{at}/{}", escaped(key)), found));
        }
        Value::Array(elements) => {
            elements
                .iter()
                .enumerate()
                .for_each(|(place, value)| places(value, &format!("{at}/{place}"), found));
        }
        _ => {}
    }
    if !at.is_empty() {
        found.push(at.to_owned());
    }
}

/// Checks that the imported values are sound.
fn check(mut imported: Imported, context: &str) {
    imported.leave_out_unsound(origin().category);
    let record = imported
        .into_record("f", "f".as_ref(), &origin())
        .unwrap_or_else(|error| panic!("{context}: {error}"));
    assert_eq!(record.check(), Ok(()), "{context}");
    let again: bench_record::Record =
        serde_json::from_value(serde_json::to_value(&record).expect("JSON")).expect("a record");
    assert!(again == record, "{context}: another record comes back");
}

/// Damages each value of a file in turn. If a value below the field `entries` is damaged, the import leaves out
/// only the cases of that entry, at most `most`, and names each of them.
fn damage(format: &str, file: &str, entries: &str, most: usize) {
    let folder = tempfile::tempdir().expect("a folder");
    // asv needs this file, too.
    fs::copy(fixture::corpus("asv_benchmarks/benchmarks.json"), folder.path().join("benchmarks.json"))
        .expect("copied");
    let path = folder.path().join("file.json");
    let format = importer(format).expect("a format");
    let text = fs::read_to_string(fixture::corpus(file)).expect("readable");
    fs::write(&path, &text).expect("written");
    let whole = format.import(&path).expect("read");
    for end in (0..text.len()).step_by(text.len() / 20) {
        fs::write(&path, text.get(..end).unwrap_or_default()).expect("written");
        let error = format.import(&path).expect_err("cut short").to_string();
        assert!(error.contains("file.json") && error.contains("expected"), "{error}");
    }
    // `NaN` and infinities are not JSON: they are tested with each format.
    let document: Value =
        serde_json::from_str(&text.replace("NaN", "null").replace("-Infinity", "0").replace("Infinity", "0"))
            .expect("JSON");
    let mut found = Vec::new();
    places(&document, "", &mut found);
    assert!(found.len() > 20, "{file} has only {} values", found.len());
    for (number, place) in found.into_iter().enumerate() {
        // Different ones at each place, so that all are tried and the test is short.
        for wrong in damages().into_iter().skip(number % 3).step_by(3) {
            let mut damaged = document.clone();
            *damaged.pointer_mut(&place).expect("a place") = wrong.clone();
            fs::write(&path, damaged.to_string()).expect("written");
            let context = format!("{file}: {place} is {wrong}");
            let is_in_entry = place.starts_with(entries) && place != entries;
            match format.import(&path) {
                Ok(read) => {
                    let lost = whole.cases.iter().filter(|case| !read.cases.contains(case)).count();
                    assert!(!is_in_entry || lost <= most, "{context}: {lost} cases are lost");
                    let are_fewer = read.cases.len() < whole.cases.len();
                    assert!(
                        !are_fewer || !read.left_out.is_empty(),
                        "{context}: a case is missing without a warning"
                    );
                    check(read, &context);
                }
                // Only if no case is left.
                Err(error) => assert!(!is_in_entry || whole.cases.len() <= most, "{context}: {error}"),
            }
        }
    }
}

#[test]
fn of_pytest_benchmark() {
    damage("pytest-benchmark", "pytest_benchmark/data.json", "/benchmarks", 1);
}

#[test]
fn of_pyperf() {
    damage("pyperf", "pyperf/two.json", "/benchmarks", 1);
}

#[test]
fn of_hyperfine() {
    damage("hyperfine", "hyperfine/parameters.json", "/results", 1);
}

#[test]
fn of_google_benchmark() {
    damage("google-benchmark", "google_benchmark/suite.json", "/benchmarks", 1);
}

#[test]
fn of_asv() {
    damage("asv", "asv/samples.json", "/results", 4);
}
