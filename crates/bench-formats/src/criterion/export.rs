//! Writes a run as criterion's folder; the baseline is named after the run.

use bench_judge::Summarize;
use std::path::Path;

use bench_protocol::Counter;
use bench_record::{CaseRecord, Record, Status, file_name};
use serde_json::{Value, json};

use super::estimates::Estimates;
use super::{BENCHMARK, Criterion, ESTIMATES, SAMPLE};
use crate::export::without_figures;
use crate::{Document, Export, Exported, InterchangeError};

impl Export for Criterion {
    fn name(&self) -> &'static str {
        "criterion"
    }

    fn is_folder(&self) -> bool {
        true
    }

    fn export(&self, record: &Record) -> Result<Exported, InterchangeError> {
        let mut left_out = without_figures(record)?;
        let mut documents = Vec::new();
        let baseline = baseline(&record.run);
        let has_times = |case: &&CaseRecord| case.status == Status::Ok && case.time.is_some();
        for case in record.cases.iter().filter(has_times) {
            let (iterations, times_ns) = samples(case);
            let per_iteration: Vec<f64> =
                iterations.iter().zip(&times_ns).map(|(iterations, ns)| ns / iterations).collect();
            let Some(estimates) = Estimates::of(&per_iteration) else {
                let count = per_iteration.len();
                left_out.push(format!("{}: {count} samples are too few for estimates", case.id));
                continue;
            };
            let folder = Path::new(&file_name(&case.id)).join(&baseline);
            let sample = json!({"sampling_mode": "Flat", "iters": iterations, "times": times_ns});
            let unwritable = |error: serde_json::Error| InterchangeError::Unwritable {
                run: record.run.clone(),
                format: "criterion",
                reason: error.to_string(),
            };
            let estimates = serde_json::to_value(&estimates).map_err(unwritable)?;
            for (name, content) in [(BENCHMARK, benchmark(case)), (ESTIMATES, estimates), (SAMPLE, sample)] {
                let content = content.to_string().into_bytes();
                documents.push(Document { path: folder.join(name), content });
            }
        }
        Ok(Exported { documents, left_out })
    }
}

/// Returns the name of the baseline: that of the run, changed if it cannot be the name of a folder, or is one of
/// criterion's own, `new`, `base` and `change`.
fn baseline(run: &str) -> String {
    let is_plain = run.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
        && run.starts_with(|c: char| c.is_ascii_alphanumeric())
        && run.len() <= 100;
    match run {
        "new" | "base" | "change" => format!("run-{run}"),
        _ if is_plain => run.to_owned(),
        _ => file_name(run),
    }
}

/// Returns the content of `benchmark.json`. The whole id is the name of a group with one function, because criterion
/// would not know the meaning of its parts.
fn benchmark(case: &CaseRecord) -> Value {
    json!({
        "group_id": case.id,
        "function_id": null,
        "value_str": null,
        "throughput": throughput(&case.counters),
        "full_id": case.id,
        "directory_name": file_name(&case.id),
        "title": case.id,
    })
}

/// Returns the bytes if they are counted, or else the first counter.
fn throughput(counters: &[Counter]) -> Option<Value> {
    let bytes = counters.iter().find(|counter| counter.unit == "bytes");
    let counter = bytes.or(counters.first())?;
    let kind = if bytes.is_some() { "Bytes" } else { "Elements" };
    Some(json!({kind: counter.per_iteration}))
}

/// Returns the iterations and the nanoseconds of every sample of the rounds that count.
fn samples(case: &CaseRecord) -> (Vec<f64>, Vec<f64>) {
    let of_round = case.counted_rounds().flat_map(|round| {
        let iterations = round.iterations_per_sample.max(1) as f64;
        round.sample_ns.iter().map(move |ns| (iterations, *ns as f64))
    });
    of_round.unzip()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Component;

    use super::*;
    use crate::fixture;

    #[test]
    fn a_run_is_a_baseline() {
        let exported = Criterion.export(&fixture::record()).expect("written");
        let find = |name: &str| {
            let folder = file_name("resnet/performance/forward[batch=8]");
            let path = Path::new(&folder).join("2026-11-21T07-31-05Z-3f9c").join(name);
            let paths: Vec<_> = exported.documents.iter().map(|document| &document.path).collect();
            let document = exported.documents.iter().find(|document| document.path == path);
            let document = document.unwrap_or_else(|| panic!("{path:?} is not in {paths:?}"));
            serde_json::from_slice::<Value>(&document.content).expect("JSON")
        };
        let benchmark = find(BENCHMARK);
        assert_eq!(benchmark["full_id"], "resnet/performance/forward[batch=8]");
        assert_eq!(benchmark["throughput"], json!({"Elements": 8}));
        let estimates = find(ESTIMATES);
        assert_eq!(estimates["median"]["point_estimate"], 2_000_000.0);
        assert!(estimates["slope"].is_null());
        assert_eq!(find(SAMPLE)["iters"].as_array().map(Vec::len), Some(12));
    }

    #[test]
    fn no_name_leaves_the_folder() {
        let exported = Criterion.export(&fixture::record()).expect("written");
        let paths: BTreeSet<_> = exported.documents.iter().map(|document| document.path.clone()).collect();
        assert_eq!((paths.len(), exported.documents.len()), (6, 6));
        for path in paths {
            assert!(path.components().all(|part| matches!(part, Component::Normal(_))), "{path:?}");
            assert_eq!(path.components().count(), 3);
        }
    }

    #[test]
    fn a_baseline_is_called_after_its_run() {
        assert_eq!(baseline("2026-11-21T07-31-05Z-3f9c"), "2026-11-21T07-31-05Z-3f9c");
        assert_eq!(baseline("new"), "run-new");
        for hostile in ["../x", "..", "a/b", &"x".repeat(500)] {
            let name = baseline(hostile);
            assert!(
                !name.starts_with('.') && !name.contains('/') && name.len() < 120 && !name.is_empty(),
                "{name}"
            );
        }
    }

    #[test]
    fn too_few_samples_are_left_out_and_told() {
        let mut record = fixture::record();
        record.cases[0].rounds.truncate(1);
        record.cases[0].rounds[0].sample_ns.truncate(1);
        let exported = Criterion.export(&record).expect("written");
        assert_eq!(exported.documents.len(), 3);
        assert!(exported.left_out.iter().any(|line| line.contains("1 samples are too few")));
    }
}
