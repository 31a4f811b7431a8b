//! The JSON of `pytest --benchmark-json FILE`, which pytest-benchmark also keeps below `.benchmarks`. Times are in
//! seconds.

use std::path::Path;

use bench_protocol::Better;
use bench_record::{Environment, Metric, Time};
use serde_json::Value;

use crate::measure::{Summary, time, time_of_summary};
use crate::{Import, Imported, ImportedCase, InterchangeError, file, json, known_unit, timestamp};

pub(crate) struct PytestBenchmark;

const WANTED: &str =
    "what `pytest --benchmark-json FILE` writes: {\"benchmarks\": [{\"fullname\": …, \"stats\": …}, …]}";

impl Import for PytestBenchmark {
    fn name(&self) -> &'static str {
        "pytest-benchmark"
    }

    fn import(&self, path: &Path) -> Result<Imported, InterchangeError> {
        let file: Value = file::json_with_nan(path, WANTED)?;
        let mut imported = Imported {
            timestamp: json::text(&file, "datetime").ok().and_then(moment),
            environment: environment(&file),
            ..Imported::default()
        };
        let benchmarks = file::list(path, &file, "benchmarks", WANTED)?;
        imported.take("benchmarks", benchmarks, "fullname", case);
        imported.checked(path, "it contains no benchmark")
    }
}

/// Reads a time of the file: before version 4.0 it has no offset, but is also in UTC.
fn moment(text: &str) -> Option<String> {
    timestamp::in_utc(text).or_else(|| timestamp::in_utc(&format!("{text}Z")))
}

fn environment(file: &Value) -> Environment {
    let said = |path: &str| json::text(file, path).ok();
    let mut environment = Environment::default();
    environment.commit = said("commit_info.id").map(str::to_owned);
    environment.dirty = json::field(file, "commit_info.dirty").and_then(Value::as_bool);
    // Called `brand` before version 3.4.
    environment.cpu =
        said("machine_info.cpu.brand_raw").or(said("machine_info.cpu.brand")).map(str::to_owned);
    environment.cores =
        json::count(file, "machine_info.cpu.count").ok().and_then(|cores| usize::try_from(cores).ok());
    if let Some(system) = said("machine_info.system") {
        environment.os =
            Some([Some(system), said("machine_info.release")].map(Option::unwrap_or_default).join(" "));
        // In the same form as in the list of a folder of Python benchmarks.
        environment.target = said("machine_info.machine")
            .map(|machine| format!("{machine}-{}", system.to_lowercase()))
            .unwrap_or_default();
    }
    let interpreter =
        said("machine_info.python_implementation").zip(said("machine_info.python_implementation_version"));
    environment.toolchain =
        interpreter.map(|(name, version)| format!("{name} {version}")).unwrap_or_default();
    environment
}

fn case(entry: &Value) -> Result<ImportedCase, String> {
    let mut case = ImportedCase::named(json::text(entry, "fullname")?);
    case.time = Some(time_of(entry)?);
    // Values that a test adds have a name, but no unit.
    for (name, value) in json::field(entry, "extra_info").and_then(Value::as_object).into_iter().flatten() {
        if let Some(number) = json::finite(value) {
            case.unknown.push(Metric::new(name, known_unit::UNKNOWN, number, Better::Lower));
        }
    }
    Ok(case)
}

/// Computes the time from its samples, which exist with `--benchmark-save-data`, or else from their summary. All
/// samples come from one process, so the spread between processes is not known.
fn time_of(entry: &Value) -> Result<Time, String> {
    let iterations = json::optional(entry, "stats.iterations", json::count)?.unwrap_or(1);
    let rounds = json::count(entry, "stats.rounds")?;
    let found = match json::optional(entry, "stats.data", json::times)?.filter(|data| !data.is_empty()) {
        Some(data) => time(&data, None),
        None => time_of_summary(&Summary {
            median_s: json::not_negative(entry, "stats.median")?,
            mean_s: json::not_negative(entry, "stats.mean")?,
            standard_deviation_s: (rounds > 1)
                .then(|| json::not_negative(entry, "stats.stddev"))
                .transpose()?,
            range_s: Some((json::not_negative(entry, "stats.min")?, json::not_negative(entry, "stats.max")?)),
            samples: usize::try_from(rounds).unwrap_or(usize::MAX),
        }),
    };
    let mut time = found.ok_or("its `stats` are not those of one set of times")?;
    time.iterations = iterations.saturating_mul(rounds);
    Ok(time)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{corpus, read, times, values};

    #[test]
    fn what_pytest_benchmark_writes_is_read() {
        let read = PytestBenchmark.import(&corpus("pytest_benchmark/plain.json")).expect("read");
        let expected = [
            ("test_sort.py::test_fib", 4508.0),
            ("test_sort.py::test_sort[10]", 276.0),
            ("test_sort.py::test_sort[100]", 689.8),
            ("test_sort.py::TestGroup::test_sum", 1071.1),
        ];
        assert_eq!(times(&read), expected.map(|(name, ns)| (name, Some(ns))));
        assert!(read.left_out.is_empty());
        let time = read.cases[1].time.as_ref().expect("a time");
        assert_eq!((time.samples, time.rounds, time.iterations, time.interval_s), (6, 1, 120, None));
        assert!(time.min_s < time.median_s && time.median_s < time.max_s);
        assert_eq!(read.timestamp.as_deref(), Some("2026-11-29T06:03:37Z"));
        let found = &read.environment;
        assert_eq!(found.commit.as_deref(), Some("8ca331b71838b250f82ad90c4dcc773f8bcf9c3e"));
        assert_eq!(
            (found.dirty, found.cpu.as_deref(), found.cores),
            (Some(false), Some("AMD EPYC"), Some(2))
        );
        assert_eq!((found.toolchain.as_str(), found.target.as_str()), ("CPython 3.11.7", "x86_64-linux"));
        assert_eq!(found.os.as_deref(), Some("Linux 6.1.0"));
    }

    #[test]
    fn samples_that_were_saved_are_used() {
        let read = PytestBenchmark.import(&corpus("pytest_benchmark/data.json")).expect("read");
        let time = read.cases[0].time.as_ref().expect("a time");
        assert_eq!(((time.median_s.0 * 1e10).round(), time.samples, time.iterations), (2309.0, 6, 120));
        assert!(time.p95.value_s > time.median_s);
    }

    #[test]
    fn every_good_entry_is_taken_and_every_other_one_named() {
        let entry = |name: &str, median: &str| {
            format!(
                r#"{{"fullname": "{name}", "extra_info": {{"rows": 5, "cache": "warm"}}, "stats":
                {{"median": {median}, "mean": 2e-6, "stddev": 1e-7, "min": 1e-6, "max": 3e-6, "rounds": 5}}}}"#
            )
        };
        let text = format!(
            "\u{feff}{{\"benchmarks\": [{}, {}, {}, {{\"fullname\": \"d\"}}, 7, {}], \"datetime\": \"2015-03-10T09:46:20.5\"}}",
            entry("a", "2e-6"),
            entry("b", "NaN"),
            entry("c", "-1"),
            entry("e", "\"2\""),
        );
        let read = read(&PytestBenchmark, &text).expect("read");
        assert_eq!(times(&read), [("a", Some(2000.0))]);
        assert_eq!(values(&read.cases[0].unknown), [("rows", known_unit::UNKNOWN, 5.0)]);
        assert_eq!(read.timestamp.as_deref(), Some("2015-03-10T09:46:20Z"));
        assert_eq!(
            read.left_out,
            [
                "entry 2 of `benchmarks` (`b`): `stats.median` is null, expected a number",
                "entry 3 of `benchmarks` (`c`): `stats.median` is -1, expected at least 0",
                "entry 4 of `benchmarks` (`d`): `stats.rounds` is missing: expected a count",
                "entry 5 of `benchmarks`: `fullname` is missing: expected a string",
                "entry 6 of `benchmarks` (`e`): `stats.median` is \"2\", expected a number",
            ]
        );
    }
}
