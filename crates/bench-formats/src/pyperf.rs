//! The JSON of pyperf's `-o FILE`. Each of its processes is a round.

use std::path::Path;

use bench_protocol::Better;
use bench_record::{Environment, Metric};
use bench_stats as stats;
use serde_json::Value;

use crate::measure::time_of_processes;
use crate::{Import, Imported, ImportedCase, InterchangeError, file, json};

pub(crate) struct Pyperf;

const WANTED: &str =
    "what pyperf writes with `-o FILE`: {\"benchmarks\": [{\"runs\": [{\"values\": […]}, …]}, …]}";

impl Import for Pyperf {
    fn name(&self) -> &'static str {
        "pyperf"
    }

    fn import(&self, path: &Path) -> Result<Imported, InterchangeError> {
        let file: Value = file::json_with_nan(path, WANTED)?;
        // Its dates are in the local time of an unknown time zone, so the time in UTC is not known.
        let mut imported = Imported { environment: environment(&file), ..Imported::default() };
        let benchmarks = file::list(path, &file, "benchmarks", WANTED)?;
        imported.take("benchmarks", benchmarks, "metadata.name", |benchmark| case(&file, benchmark));
        imported.checked(path, "it contains no benchmark")
    }
}

/// Returns the environment that all benchmarks of the file have in common; values that differ are left out.
fn environment(file: &Value) -> Environment {
    let said = |key: &str| json::text(file, &format!("metadata.{key}")).ok();
    let mut environment = Environment::default();
    environment.cpu = said("cpu_model_name").map(str::to_owned);
    environment.cores =
        json::count(file, "metadata.cpu_count").ok().and_then(|cores| usize::try_from(cores).ok());
    environment.os = said("platform").map(str::to_owned);
    // `cpython` and `3.11.7 (64-bit)`, which Python itself calls `CPython 3.11.7`.
    environment.toolchain = said("python_implementation")
        .zip(said("python_version").and_then(|version| version.split_whitespace().next()))
        .map(|(name, version)| match name {
            "cpython" => format!("CPython {version}"),
            "pypy" => format!("PyPy {version}"),
            name => format!("{name} {version}"),
        })
        .unwrap_or_default();
    environment
}

/// Returns an entry of the metadata of the first of these levels that has one: a run, its benchmark, the file.
fn metadata<'a>(levels: &[&'a Value], key: &str) -> Option<&'a Value> {
    levels.iter().find_map(|level| json::field(level, &format!("metadata.{key}")))
}

fn case(file: &Value, benchmark: &Value) -> Result<ImportedCase, String> {
    let name = metadata(&[benchmark, file], "name").and_then(Value::as_str);
    let mut case = ImportedCase::named(name.ok_or("`metadata.name` is missing: expected a string")?);
    let (mut processes, mut iterations, mut peak) = (Vec::new(), 0u64, None);
    for run in json::array(benchmark, "runs")? {
        // A process that only calibrates the number of iterations has no values.
        let Some(values) = json::optional(run, "values", json::times)? else { continue };
        let count = |key| metadata(&[run, benchmark, file], key).and_then(Value::as_u64).unwrap_or(1);
        let of_each = count("loops").saturating_mul(count("inner_loops"));
        iterations = iterations.saturating_add(of_each.saturating_mul(values.len() as u64));
        processes.push(values);
        let resident = json::optional(run, "metadata.mem_max_rss", json::not_negative)?;
        peak = peak.into_iter().chain(resident).reduce(f64::max);
    }
    let unit = metadata(&[benchmark, file], "unit").and_then(Value::as_str).unwrap_or("second");
    if unit == "second" {
        let mut time = time_of_processes(&processes).ok_or("its `runs` contain no time")?;
        time.iterations = iterations;
        case.time = Some(time);
    } else {
        let medians: Vec<f64> =
            processes.iter().filter_map(|values| stats::median(&stats::sorted(values))).collect();
        let median = stats::median(&stats::sorted(&medians)).filter(|median| median.is_finite());
        let median = median.ok_or("its `runs` contain no value")?;
        let interval = stats::median_interval(&medians)
            .filter(|interval| interval.low.is_finite() && interval.high.is_finite());
        let metric = |name, unit| Metric::new(name, unit, median, Better::Lower).with_interval(interval);
        match unit {
            // Of `--track-memory` and `--tracemalloc`, which measure memory in place of time.
            "byte" => case.metrics.push(metric("memory", "bytes")),
            other => case.unknown.push(metric("value", other)),
        }
    }
    case.metrics.extend(peak.map(|peak| Metric::new("mem_max_rss", "bytes", peak, Better::Lower)));
    Ok(case)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{corpus, read, times, values};

    #[test]
    fn what_pyperf_writes_is_read() {
        let read = Pyperf.import(&corpus("pyperf/two.json")).expect("read");
        assert_eq!(times(&read), [("sort", Some(1281.0)), ("dict[get]", Some(76.2))]);
        let time = read.cases[0].time.as_ref().expect("a time");
        assert_eq!((time.rounds, time.samples, time.iterations), (3, 9, 9 * 64));
        assert!(time.interval_s.is_some() && time.spread_between_rounds.is_some());
        assert_eq!(values(&read.cases[0].metrics), [("mem_max_rss", "bytes", 19_574_784.0)]);
        let found = &read.environment;
        assert_eq!((found.cpu.as_deref(), found.cores), (Some("AMD EPYC"), Some(2)));
        assert_eq!((found.toolchain.as_str(), &read.timestamp), ("CPython 3.11.7", &None));
    }

    #[test]
    fn one_benchmark_has_its_metadata_with_the_file() {
        let read = Pyperf.import(&corpus("pyperf/timeit.json")).expect("read");
        assert_eq!(times(&read), [("timeit", Some(30.4))]);
    }

    #[test]
    fn memory_is_no_time() {
        let read = Pyperf.import(&corpus("pyperf/memory.json")).expect("read");
        assert_eq!(times(&read), [("sort", None), ("dict[get]", None)]);
        assert_eq!(values(&read.cases[0].metrics)[0], ("memory", "bytes", 12_058_624.0));
    }

    #[test]
    fn every_good_entry_is_taken_and_every_other_one_named() {
        let text = r#"{"metadata": {"unit": "integer"}, "benchmarks": [
            {"metadata": {"name": "a", "unit": "second"}, "runs": [{"warmups": [[1, 2]]}, {"values": [2e-6]}]},
            {"metadata": {"name": "b", "unit": "second"}, "runs": [{"values": [2e-6, NaN]}]},
            {"metadata": {"name": "c", "unit": "second"}, "runs": [{"warmups": [[1, 2]]}]},
            {"metadata": {"name": "d", "unit": "second"}, "runs": 5},
            {"runs": [{"values": [2e-6]}]},
            {"metadata": {"name": "f"}, "runs": [{"values": [7]}]}]}"#;
        let read = read(&Pyperf, text).expect("read");
        assert_eq!(times(&read), [("a", Some(2000.0)), ("f", None)]);
        assert_eq!(values(&read.cases[1].unknown), [("value", "integer", 7.0)]);
        assert_eq!(
            read.left_out,
            [
                "entry 2 of `benchmarks` (`b`): `values` contains null, but every element must be a time: a number of at least 0",
                "entry 3 of `benchmarks` (`c`): its `runs` contain no time",
                "entry 4 of `benchmarks` (`d`): `runs` is 5, expected a list",
                "entry 5 of `benchmarks`: `metadata.name` is missing: expected a string",
            ]
        );
    }
}
