//! Recognizes the format of a file or folder.

use std::path::Path;

use serde_json::Value;

use crate::{Import, InterchangeError, file, importer};

/// The name of a format, and the check of fields that distinguishes it from all others.
type Signs = (&'static str, fn(&Value) -> bool);

/// Formats of JSON, by the top level of their files.
const JSON: [Signs; 6] = [
    ("asv", |file| file["result_columns"].is_array() && file["results"].is_object()),
    ("bmf", is_bmf),
    ("google-benchmark", |file| file["benchmarks"].is_array() && file["context"].is_object()),
    ("hyperfine", |file| first(&file["results"]).is_some_and(|result| result.get("command").is_some())),
    ("pyperf", |file| first(&file["benchmarks"]).is_some_and(|benchmark| benchmark.get("runs").is_some())),
    ("pytest-benchmark", |file| file["benchmarks"].is_array() && file["machine_info"].is_object()),
];

/// Returns the format of a file or folder, judging by its content.
///
/// # Errors
/// [`InterchangeError`] if it cannot be read, has no known format, or may have several.
pub fn recognize(path: &Path) -> Result<&'static dyn Import, InterchangeError> {
    let names: Vec<&str> = if path.is_dir() {
        vec!["criterion"]
    } else {
        let text = file::text(path)?;
        if text.trim_start().starts_with(['{', '[']) {
            let file: Value = file::json_with_nan(path, "JSON")?;
            JSON.iter().filter(|(_, holds)| holds(&file)).map(|(name, _)| *name).collect()
        } else if text.lines().any(is_go) {
            vec!["benchfmt"]
        } else {
            Vec::new()
        }
    };
    let reason = match names[..] {
        [name] => match importer(name) {
            Some(import) => return Ok(import),
            None => format!("there is no format `{name}`"),
        },
        [] => "its format is not recognized: name it, if it is one of the supported ones".to_owned(),
        _ => format!("its format may be one of {}: name the right one", names.join(" and ")),
    };
    Err(InterchangeError::malformed(path, reason))
}

fn first(list: &Value) -> Option<&Value> {
    list.as_array()?.first()
}

/// Whether a file contains benchmarks, each an object of measures, each of these an object with a value.
fn is_bmf(file: &Value) -> bool {
    let measures = |benchmark: &Value| {
        benchmark.as_object().is_some_and(|measures| {
            !measures.is_empty() && measures.values().all(|measure| measure.get("value").is_some())
        })
    };
    file.as_object().is_some_and(|file| !file.is_empty() && file.values().all(measures))
}

/// Whether a line is a result in Go's format: `BenchmarkFib-8  100  25.3 ns/op`.
fn is_go(line: &str) -> bool {
    let mut words = line.split_whitespace();
    let is_named = words.next().is_some_and(|name| name.starts_with("Benchmark"));
    is_named && words.next().is_some_and(|iterations| iterations.parse::<u64>().is_ok()) && words.count() >= 2
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::corpus;

    #[test]
    fn what_each_tool_writes_is_recognized() {
        for (file, name) in [
            ("asv/samples.json", "asv"),
            ("asv/summaries.json", "asv"),
            ("benchfmt/go.txt", "benchfmt"),
            ("bmf/two.json", "bmf"),
            ("criterion", "criterion"),
            ("google_benchmark/aggregates.json", "google-benchmark"),
            ("google_benchmark/suite.json", "google-benchmark"),
            ("hyperfine/commands.json", "hyperfine"),
            ("pyperf/memory.json", "pyperf"),
            ("pyperf/two.json", "pyperf"),
            ("pytest_benchmark/data.json", "pytest-benchmark"),
        ] {
            let format = recognize(&corpus(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
            assert_eq!(format.name(), name, "{file}");
        }
    }

    #[test]
    fn what_may_be_anything_is_not_guessed() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("file");
        for (text, reason) in [
            ("", "not recognized"),
            ("{}", "not recognized"),
            ("[1]", "not recognized"),
            ("Benchmarks are fun 1 2 3", "not recognized"),
            (r#"{"benchmarks": []}"#, "not recognized"),
            (r#"{"benchmarks": [{"runs": []}], "machine_info": {}}"#, "pyperf and pytest-benchmark"),
            ("{", "JSON"),
        ] {
            std::fs::write(&path, text).expect("written");
            let error = recognize(&path).err().expect(text).to_string();
            assert!(error.contains(reason), "{text}: {error}");
        }
    }
}
