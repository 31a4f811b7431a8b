//! Reads criterion's target folder as a run: the latest measurement of each benchmark.

use std::path::{Path, PathBuf};

use bench_protocol::{Better, Counter};
use bench_record::{Metric, Time};
use bench_stats::Interval;
use bench_syntax::quantity::Seconds;
use serde::Deserialize;
use serde_json::Value;

use super::estimates::{Estimate, Estimates};
use super::{BENCHMARK, Criterion, ESTIMATES, SAMPLE};
use crate::{Import, Imported, ImportedCase, InterchangeError, file, measure};

/// The folder of the latest measurement.
const NEWEST: &str = "new";

/// The folder with the difference from the previous measurement.
const CHANGE: &str = "change";

#[derive(Deserialize)]
struct Benchmark {
    full_id: String,
    throughput: Option<Value>,
}

#[derive(Deserialize)]
struct Sample {
    iters: Vec<f64>,
    times: Vec<f64>,
}

impl Import for Criterion {
    fn name(&self) -> &'static str {
        "criterion"
    }

    fn import(&self, path: &Path) -> Result<Imported, InterchangeError> {
        let mut found = Found::default();
        find(path, &mut found)?;
        found.folders.sort_unstable();
        let mut imported = Imported { left_out: found.left_out, ..Imported::default() };
        for folder in &found.folders {
            match read(folder) {
                Ok(case) => imported.cases.push(case),
                Err(error) => imported.left_out.push(error.to_string()),
            }
        }
        imported.checked(
            path,
            "no benchmark there: expected criterion's folder, usually target/criterion, with \
             BENCHMARK/new/estimates.json in it",
        )
    }
}

/// The folders of measurements, one for each benchmark, and the reasons why others are missing.
#[derive(Default)]
struct Found {
    folders: Vec<PathBuf>,
    left_out: Vec<String>,
}

/// Finds the folder of each benchmark that contains estimates and is called `new`, or else its only one: a baseline,
/// such as `bench export` writes. Links are not followed, because they could form a cycle.
fn find(folder: &Path, found: &mut Found) -> Result<(), InterchangeError> {
    let io = |source| InterchangeError::Io { path: folder.to_owned(), source };
    let (mut others, mut baselines) = (Vec::new(), Vec::new());
    for entry in std::fs::read_dir(folder).map_err(io)? {
        let entry = entry.map_err(io)?;
        if !entry.file_type().map_err(io)?.is_dir() {
            continue;
        }
        let path = entry.path();
        if path.join(ESTIMATES).exists() {
            // The folder with the difference between two runs contains estimates, too.
            if entry.file_name() != CHANGE {
                baselines.push(path);
            }
        } else {
            others.push(path);
        }
    }
    let newest = baselines.iter().find(|path| path.file_name().is_some_and(|name| name == NEWEST));
    match (newest, &baselines[..]) {
        (Some(newest), _) => found.folders.push(newest.clone()),
        (None, [only]) => found.folders.push(only.clone()),
        (None, []) => {}
        (None, several) => {
            let names: Vec<_> = several
                .iter()
                .filter_map(|path| path.file_name())
                .map(|name| name.to_string_lossy())
                .collect();
            found.left_out.push(format!(
                "{}: it has several baselines and none called `{NEWEST}`: {}",
                folder.display(),
                names.join(", ")
            ));
        }
    }
    others.iter().try_for_each(|other| find(other, found))
}

fn read(folder: &Path) -> Result<ImportedCase, InterchangeError> {
    let benchmark: Benchmark = file::json(&folder.join(BENCHMARK), "criterion's description of a benchmark")?;
    let path = folder.join(ESTIMATES);
    let estimates: Estimates = file::json(&path, "criterion's estimates")?;
    let sample = folder.join(SAMPLE);
    let sample = if sample.exists() { Some(file::json(&sample, "criterion's samples")?) } else { None };
    let time = time(&estimates, sample).ok_or_else(|| {
        let reason = format!("a median of {} ns is not a time", estimates.median.point_estimate);
        InterchangeError::malformed(&path, reason)
    })?;
    let counters = counters(benchmark.throughput.as_ref());
    let rate = |counter: &Counter| {
        let value = counter.per_iteration as f64 / time.median_s.0;
        Metric::new("throughput", format!("{}/s", counter.unit), value, Better::Higher)
    };
    // Two rates with the same name would become one series with two values for each run.
    let metrics = counters.iter().take(1).filter(|_| time.median_s.0 > 0.0).map(rate).collect();
    Ok(ImportedCase { time: Some(time), metrics, counters, ..ImportedCase::named(benchmark.full_id) })
}

/// Computes the time: the median, mean and deviation are criterion's estimates, all other figures come from the
/// samples.
fn time(estimates: &Estimates, sample: Option<Sample>) -> Option<Time> {
    let seconds = |ns: f64| ns / 1e9;
    let interval = |estimate: &Estimate| {
        let ends = &estimate.confidence_interval;
        Interval { low: seconds(ends.lower_bound), high: seconds(ends.upper_bound) }
    };
    let sample = sample.filter(|sample| !sample.times.is_empty() && sample.times.len() == sample.iters.len());
    let values = sample.as_ref().map_or_else(
        || vec![seconds(estimates.median.point_estimate)],
        |sample| {
            let pairs = sample.times.iter().zip(&sample.iters);
            pairs.map(|(ns, iterations)| seconds(ns / iterations)).collect()
        },
    );
    let mut time = measure::time(&values, Some(interval(&estimates.median)))?;
    let median = seconds(estimates.median.point_estimate);
    time.median_s = Seconds(median);
    time.mean_s = Seconds(seconds(estimates.mean.point_estimate));
    time.standard_deviation_s = Some(Seconds(seconds(estimates.std_dev.point_estimate)));
    if let Some(sample) = sample {
        time.iterations = sample.iters.iter().sum::<f64>() as u64;
    }
    (median.is_finite() && median >= 0.0).then_some(time)
}

/// Reads the counters of an iteration from `throughput`, such as `{"Bytes": 8}`.
fn counters(throughput: Option<&Value>) -> Vec<Counter> {
    let kinds = throughput.and_then(Value::as_object).into_iter().flatten();
    let counter = |kind: &str, count: &Value| Counter::of_criterion(kind, count.as_u64()?);
    kinds
        .flat_map(|(kind, count)| match kind.as_str() {
            "ElementsAndBytes" => {
                vec![counter("Elements", &count["elements"]), counter("Bytes", &count["bytes"])]
            }
            kind => vec![counter(kind, count)],
        })
        .flatten()
        .collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::{Export, fixture};

    /// A folder with the fixture's run in it, as if criterion had measured it last.
    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("folder");
        for document in Criterion.export(&fixture::record()).expect("written").documents {
            let benchmark = document.path.iter().next().expect("a folder");
            let place = folder.path().join("group").join(benchmark).join(NEWEST);
            fs::create_dir_all(&place).expect("made");
            fs::write(place.join(document.path.file_name().expect("a name")), document.content)
                .expect("written");
        }
        fs::create_dir_all(folder.path().join("report")).expect("made");
        folder
    }

    #[test]
    fn what_criterion_measured_is_read() {
        let folder = folder();
        let read = Criterion.import(folder.path()).expect("read");
        let mut names: Vec<&str> = read.cases.iter().map(|case| case.name.as_str()).collect();
        names.sort_unstable();
        assert_eq!(names, ["resnet/performance/forward[batch=8]", fixture::HOSTILE]);
        let case = read.cases.iter().find(|case| case.name.starts_with("resnet")).expect("there");
        let time = case.time.as_ref().expect("a time");
        assert_eq!((time.median_s.0, time.samples, time.iterations), (0.002, 12, 120));
        assert!(time.interval_s.is_some_and(|interval| interval.low < 0.002 && interval.high > 0.002));
        assert_eq!(case.counters[0], Counter { unit: "elements".to_owned(), per_iteration: 8 });
        assert_eq!((case.metrics[0].unit.as_str(), case.metrics[0].value), ("elements/s", 4000.0));
    }

    #[test]
    fn throughput_is_counted_as_when_criterion_is_measured_here() {
        let counted = |json: &str| -> Vec<(String, u64)> {
            let value: Value = serde_json::from_str(json).expect("JSON");
            counters(Some(&value)).into_iter().map(|counter| (counter.unit, counter.per_iteration)).collect()
        };
        let pair = |unit: &str, count| (unit.to_owned(), count);
        assert_eq!(counted(r#"{"BytesDecimal": 64}"#), [pair("bytes", 64)]);
        let both = counted(r#"{"ElementsAndBytes": {"elements": 1, "bytes": 2}}"#);
        assert_eq!(both, [pair("elements", 1), pair("bytes", 2)]);
        assert_eq!(counted(r#"{"Unknown": 64, "Bits": -1}"#), []);
    }

    #[test]
    fn estimates_alone_are_enough() {
        let folder = folder();
        for case in fs::read_dir(folder.path().join("group")).expect("folders").flatten() {
            fs::remove_file(case.path().join(NEWEST).join(SAMPLE)).expect("removed");
        }
        let read = Criterion.import(folder.path()).expect("read");
        assert!(read.cases.iter().all(|case| case.time.as_ref().is_some_and(|time| time.samples == 1)));
    }

    #[test]
    fn what_is_no_folder_of_criterion_is_told() {
        let folder = folder();
        let error = Criterion.import(&folder.path().join("report")).expect_err("empty").to_string();
        assert!(error.contains("target/criterion"), "{error}");
        let error = Criterion.import(Path::new("no/such")).expect_err("missing").to_string();
        assert!(error.contains("cannot read no/such"), "{error}");
    }

    #[test]
    fn a_benchmark_that_cannot_be_read_is_named_and_the_others_are_taken() {
        let folder = folder();
        let case = fs::read_dir(folder.path().join("group")).expect("folders").flatten().next();
        let place = case.expect("a case").path().join(NEWEST);
        for (file, content) in [(ESTIMATES, ""), (ESTIMATES, "{\"mean\": 1"), (BENCHMARK, "")] {
            fs::write(place.join(file), content).expect("written");
            let read = Criterion.import(folder.path()).expect("the other one");
            assert_eq!((read.cases.len(), read.left_out.len()), (1, 1), "{:?}", read.left_out);
            assert!(read.left_out[0].contains(file), "{:?}", read.left_out);
        }
    }

    #[test]
    fn what_was_exported_is_read() {
        let record = fixture::record();
        let folder = tempfile::tempdir().expect("folder");
        for document in Criterion.export(&record).expect("written").documents {
            let path = folder.path().join(&document.path);
            fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            fs::write(path, document.content).expect("written");
        }
        let read = Criterion.import(folder.path()).expect("read");
        assert_eq!((read.cases.len(), &read.left_out[..]), (2, &[][..]));
        let other = folder.path().join(bench_record::file_name(fixture::HOSTILE));
        let copy = other.join("another");
        fs::create_dir_all(&copy).expect("made");
        fs::write(copy.join(ESTIMATES), "{}").expect("written");
        let read = Criterion.import(folder.path()).expect("read");
        assert!(
            read.cases.len() == 1 && read.left_out[0].contains("several baselines"),
            "{:?}",
            read.left_out
        );
    }
}
