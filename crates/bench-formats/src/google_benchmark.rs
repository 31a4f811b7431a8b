//! The JSON that executables of Google Benchmark write with `--benchmark_out=FILE` or `--benchmark_format=json`.

use std::path::Path;

use bench_protocol::Better;
use bench_record::{Environment, Metric, Time};
use bench_stats as stats;
use serde_json::Value;

use crate::measure::{Summary, time, time_of_summary};
use crate::{Import, Imported, ImportedCase, InterchangeError, file, json, known_unit, timestamp};

pub(crate) struct GoogleBenchmark;

const WANTED: &str = "Google Benchmark's JSON, as `--benchmark_out=FILE` writes it: {\"benchmarks\": [{\"name\": …, \"real_time\": …}, …]}";

/// Numeric fields of an entry that are not figures, or are read by their names.
const FIELDS: [&str; 13] = [
    "family_index",
    "per_family_instance_index",
    "repetitions",
    "repetition_index",
    "threads",
    "iterations",
    "real_time",
    "cpu_time",
    "real_coefficient",
    "cpu_coefficient",
    "rms",
    ITEMS,
    BYTES,
];

const ITEMS: &str = "items_per_second";
const BYTES: &str = "bytes_per_second";

/// The counts of a memory manager (`MemoryManager::Result`), with their units.
const MEMORY: [(&str, &str); 4] = [
    ("allocs_per_iter", "allocs/iteration"),
    ("max_bytes_used", "bytes"),
    ("total_allocated_bytes", "bytes"),
    ("net_heap_growth", "bytes"),
];

impl Import for GoogleBenchmark {
    fn name(&self) -> &'static str {
        "google-benchmark"
    }

    fn import(&self, path: &Path) -> Result<Imported, InterchangeError> {
        let file: Value = file::json_with_nan(path, WANTED)?;
        let mut environment = Environment::default();
        environment.cores =
            json::count(&file, "context.num_cpus").ok().and_then(|cores| usize::try_from(cores).ok());
        let timestamp = json::text(&file, "context.date").ok().and_then(timestamp::in_utc);
        let mut imported = Imported { timestamp, environment, ..Imported::default() };
        let entries = file::list(path, &file, "benchmarks", WANTED)?;
        for run in runs(entries, &mut imported.left_out) {
            match run.case() {
                Ok(case) => imported.cases.extend(case),
                Err(reason) => imported.left_out.push(format!("`{}`: {reason}", run.name)),
            }
        }
        imported.checked(path, "it contains no benchmark")
    }
}

/// The entries of one benchmark.
struct Run<'a> {
    name: &'a str,
    /// One entry for each repetition.
    repetitions: Vec<&'a Value>,
    /// The entries with values computed from the repetitions.
    aggregates: Vec<&'a Value>,
}

/// Groups the entries by benchmark, in the order of the file.
fn runs<'a>(entries: &'a [Value], left_out: &mut Vec<String>) -> Vec<Run<'a>> {
    let mut runs: Vec<Run<'a>> = Vec::new();
    for (place, entry) in entries.iter().enumerate() {
        // Before version 1.5 an entry has no `run_name`.
        let Ok(name) = json::text(entry, "run_name").or_else(|_| json::text(entry, "name")) else {
            left_out
                .push(format!("entry {} of `benchmarks`: `name` is missing: expected a string", place + 1));
            continue;
        };
        let place = runs.iter().position(|run| run.name == name).unwrap_or(runs.len());
        if place == runs.len() {
            runs.push(Run { name, repetitions: Vec::new(), aggregates: Vec::new() });
        }
        if json::text(entry, "run_type") == Ok("aggregate") {
            runs[place].aggregates.push(entry);
        } else {
            runs[place].repetitions.push(entry);
        }
    }
    runs
}

impl Run<'_> {
    /// Returns the case; `None` for a benchmark that was skipped, and for a fit over several benchmarks, which is
    /// not a benchmark.
    fn case(&self) -> Result<Option<ImportedCase>, String> {
        if self
            .repetitions
            .iter()
            .any(|entry| json::field(entry, "skipped").is_some_and(|skipped| skipped == true))
        {
            return Ok(None);
        }
        let wrong = self
            .repetitions
            .iter()
            .find(|entry| json::field(entry, "error_occurred").is_some_and(|wrong| wrong == true));
        if let Some(entry) = wrong {
            let message = json::text(entry, "error_message").unwrap_or("it does not say why");
            return Err(format!("it failed: {message}"));
        }
        if self.repetitions.is_empty() && self.aggregates.iter().all(|entry| is_fit(entry)) {
            return Ok(None);
        }
        let mut case = ImportedCase::named(self.name);
        case.time = Some(if self.repetitions.is_empty() { self.computed()? } else { self.measured()? });
        let figures = if self.repetitions.is_empty() {
            vec![self.aggregate("median")?]
        } else {
            self.repetitions.clone()
        };
        self.add_metrics(&figures, &mut case)?;
        Ok(Some(case))
    }

    fn measured(&self) -> Result<Time, String> {
        let seconds: Result<Vec<f64>, String> =
            self.repetitions.iter().map(|entry| seconds(entry, "real_time")).collect();
        // All repetitions come from one process, so the spread between processes is not known.
        let mut time = time(&seconds?, None).ok_or("its `real_time` is not a time")?;
        let iterations = self.repetitions.iter().filter_map(|entry| json::count(entry, "iterations").ok());
        time.iterations = iterations.fold(0, u64::saturating_add);
        Ok(time)
    }

    /// Computes the time from aggregates, if the file contains no repetitions.
    fn computed(&self) -> Result<Time, String> {
        let median = self.aggregate("median")?;
        let of = |name| self.aggregate(name).and_then(|entry| seconds(entry, "real_time"));
        let repetitions = json::count(median, "iterations")?;
        let summary = Summary {
            median_s: seconds(median, "real_time")?,
            mean_s: of("mean")?,
            standard_deviation_s: if repetitions > 1 { Some(of("stddev")?) } else { None },
            range_s: None,
            samples: usize::try_from(repetitions).unwrap_or(usize::MAX),
        };
        time_of_summary(&summary).ok_or_else(|| "its `real_time` is not a time".to_owned())
    }

    fn aggregate(&self, name: &str) -> Result<&Value, String> {
        let of_name = |entry: &&&Value| json::text(entry, "aggregate_name") == Ok(name);
        self.aggregates
            .iter()
            .find(of_name)
            .copied()
            .ok_or_else(|| format!("it has neither repetitions nor a {name}"))
    }

    /// Adds the medians of all other figures over `entries`.
    fn add_metrics(&self, entries: &[&Value], case: &mut ImportedCase) -> Result<(), String> {
        let median = |read: &dyn Fn(&Value) -> Result<f64, String>| -> Result<f64, String> {
            let values: Result<Vec<f64>, String> = entries.iter().map(|entry| read(entry)).collect();
            stats::median(&stats::sorted(&values?)).ok_or_else(|| "it has no figure".to_owned())
        };
        let Some(first) = entries.first().and_then(|entry| entry.as_object()) else { return Ok(()) };
        if first.contains_key("cpu_time") {
            let cpu = median(&|entry| seconds(entry, "cpu_time"))?;
            case.metrics.push(Metric::new("cpu_time", "s", cpu, Better::Lower));
        }
        // Items come first, as when such an executable is measured here: two rates with the same name would become one
        // series with two values for each run.
        let mut name = "throughput";
        for (field, unit) in [(ITEMS, "items/s"), (BYTES, "bytes/s")] {
            if first.contains_key(field) {
                let rate = median(&|entry| json::not_negative(entry, field))?;
                case.metrics.push(Metric::new(name, unit, rate, Better::Higher));
                name = BYTES;
            }
        }
        for (field, unit) in MEMORY {
            if first.contains_key(field) {
                case.metrics.push(Metric::new(
                    field,
                    unit,
                    median(&|entry| json::number(entry, field))?,
                    Better::Lower,
                ));
            }
        }
        // Counters of the user: the file contains neither their units nor their directions.
        let is_known =
            |field: &str| FIELDS.contains(&field) || MEMORY.iter().any(|(known, _)| *known == field);
        for (field, _) in first.iter().filter(|(field, value)| value.is_number() && !is_known(field)) {
            // Names may contain a point, which separates the keys of a path.
            let counter = median(&|entry| {
                entry
                    .get(field)
                    .and_then(json::finite)
                    .ok_or_else(|| format!("`{field}` is not in every repetition"))
            })?;
            case.unknown.push(Metric::new(field, known_unit::UNKNOWN, counter, Better::Lower));
        }
        Ok(())
    }
}

/// Whether an aggregate is a fit of times against sizes: its coefficients, or its error.
fn is_fit(entry: &Value) -> bool {
    ["BigO", "RMS"].map(Ok).contains(&json::text(entry, "aggregate_name"))
}

/// Returns a time of an entry, in seconds.
fn seconds(entry: &Value, field: &str) -> Result<f64, String> {
    let per_second = match json::text(entry, "time_unit")? {
        "ns" => 1e9,
        "us" => 1e6,
        "ms" => 1e3,
        "s" => 1.0,
        unit => return Err(format!("its times are in `{unit}`, expected ns, us, ms or s")),
    };
    Ok(json::not_negative(entry, field)? / per_second)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{corpus, read, times, values};

    #[test]
    fn what_google_benchmark_writes_is_read() {
        let read = GoogleBenchmark.import(&corpus("google_benchmark/suite.json")).expect("read");
        let expected = [
            ("BM_sort/8", 93.1),
            ("BM_sort/1024", 14983.4),
            ("BM_copy/repeats:3", 450.7),
            ("BM_fit/8", 10.7),
            ("BM_fit/64", 52.5),
            ("BM_threads/real_time/threads:2", 1.5),
        ];
        assert_eq!(times(&read), expected.map(|(name, ns)| (name, Some(ns))));
        assert_eq!(read.left_out, ["`BM_error`: it failed: no file"]);
        let copy = &read.cases[2];
        let time = copy.time.as_ref().expect("a time");
        assert_eq!((time.samples, time.rounds, time.iterations, time.interval_s), (3, 1, 3 * 42879, None));
        let figures: Vec<_> = values(&copy.metrics).into_iter().map(|(name, unit, _)| (name, unit)).collect();
        assert_eq!(figures, [("cpu_time", "s"), ("throughput", "bytes/s")]);
        let counters: Vec<&str> = copy.unknown.iter().map(|metric| metric.name.as_str()).collect();
        assert_eq!(counters, ["copies", "touched"]);
        assert_eq!(read.cases[0].metrics[1].better, Better::Higher);
        assert_eq!(
            (read.timestamp.as_deref(), read.environment.cores),
            (Some("2026-11-29T06:03:44Z"), Some(2))
        );
    }

    #[test]
    fn aggregates_alone_are_enough() {
        let read = GoogleBenchmark.import(&corpus("google_benchmark/aggregates.json")).expect("read");
        assert_eq!(times(&read), [("BM_sort/8", Some(53.7)), ("BM_sort/1024", Some(10602.6))]);
        let time = read.cases[0].time.as_ref().expect("a time");
        assert_eq!((time.samples, time.standard_deviation_s.map(|s| (s.0 * 1e11).round())), (2, Some(45.0)));
        assert_eq!(values(&read.cases[0].metrics)[1].1, "items/s");
    }

    #[test]
    fn what_a_memory_manager_counts_is_read() {
        let read = GoogleBenchmark.import(&corpus("google_benchmark/memory.json")).expect("read");
        let figures = values(&read.cases[0].metrics);
        assert_eq!(figures[1], ("allocs_per_iter", "allocs/iteration", 0.1875));
        assert_eq!(figures[2], ("max_bytes_used", "bytes", 4096.0));
        assert!(read.cases[0].unknown.is_empty());
    }

    #[test]
    fn every_good_entry_is_taken_and_every_other_one_named() {
        let entry = |name: &str, rest: &str| {
            format!(r#"{{"name": "{name}", "real_time": 2, "time_unit": "us"{rest}}}"#)
        };
        let text = format!(
            "{{\"benchmarks\": [{}]}}",
            [
                entry("a", r#", "items_per_second": 5, "bytes_per_second": 6, "v1.x": 7"#),
                entry("b", "").replace("us", "fortnight"),
                entry("c", "").replace('2', "NaN"),
                entry("d", "").replace('2', "-2"),
                entry("e", r#", "skipped": true"#),
                entry("f", r#", "run_name": "g", "run_type": "aggregate", "aggregate_name": "mean""#),
                "5".to_owned(),
                entry("h", "").replace("2", "1e308").replace("us", "s"),
                entry("h", "").replace("2", "1e308").replace("us", "s"),
                entry("a", ""),
            ]
            .join(",")
        );
        let read = read(
            &GoogleBenchmark,
            &text.replace(r#""us"}]"#, r#""us", "items_per_second": 5, "bytes_per_second": 6, "v1.x": 8}]"#),
        );
        let read = read.expect("read");
        assert_eq!(times(&read), [("a", Some(2000.0))]);
        let figures = values(&read.cases[0].metrics);
        assert_eq!(figures, [("throughput", "items/s", 5.0), ("bytes_per_second", "bytes/s", 6.0)]);
        assert_eq!(values(&read.cases[0].unknown), [("v1.x", known_unit::UNKNOWN, 7.5)]);
        assert_eq!(
            read.left_out,
            [
                "entry 7 of `benchmarks`: `name` is missing: expected a string",
                "`b`: its times are in `fortnight`, expected ns, us, ms or s",
                "`c`: `real_time` is null, expected a number",
                "`d`: `real_time` is -2, expected at least 0",
                "`g`: it has neither repetitions nor a median",
                "`h`: its `real_time` is not a time",
            ]
        );
    }
}
