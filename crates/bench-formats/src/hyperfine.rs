//! The JSON of `hyperfine --export-json FILE`. Each run of a command is a process, and so a round. Times are in
//! seconds.

use std::path::Path;

use bench_protocol::Better;
use bench_record::{Metric, Time};
use bench_syntax::case_id;
use serde_json::Value;

use crate::measure::{Summary, time_of_processes, time_of_summary};
use crate::{Import, Imported, ImportedCase, InterchangeError, file, json};

pub(crate) struct Hyperfine;

const WANTED: &str =
    "what `hyperfine --export-json FILE` writes: {\"results\": [{\"command\": …, \"times\": […]}, …]}";

impl Import for Hyperfine {
    fn name(&self) -> &'static str {
        "hyperfine"
    }

    fn import(&self, path: &Path) -> Result<Imported, InterchangeError> {
        let file: Value = file::json_with_nan(path, WANTED)?;
        let results = file::list(path, &file, "results", WANTED)?;
        let mut imported = Imported::default();
        imported.take("results", results, "command", case);
        imported.checked(path, "it contains no result")
    }
}

fn case(result: &Value) -> Result<ImportedCase, String> {
    let command = json::text(result, "command")?;
    // A command that the user has named has the same name for each value of its parameters.
    let parameters: Vec<(&str, String)> = json::field(result, "parameters")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .map(|(name, value)| (name.as_str(), value.as_str().map_or_else(|| value.to_string(), str::to_owned)))
        .collect();
    let parameters = parameters.iter().map(|(name, value)| (*name, value.as_str()));
    let mut case = ImportedCase::named(case_id::with_arguments(command, parameters));
    let codes = json::optional(result, "exit_codes", json::array)?.unwrap_or_default();
    // A command that fails at once would look like one that has become fast.
    if let Some(code) = codes.iter().find(|code| code.as_i64() != Some(0)) {
        let ended =
            if code.is_null() { "was killed".to_owned() } else { format!("ended with exit code {code}") };
        return Err(format!("a run {ended}"));
    }
    case.time = Some(time(result)?);
    // `null` in versions that did not measure them, and on systems that cannot.
    let (user, system) = (
        json::optional(result, "user", json::not_negative)?,
        json::optional(result, "system", json::not_negative)?,
    );
    let processor = user.zip(system).map(|(user, system)| user + system).filter(|sum| sum.is_finite());
    case.metrics.extend(processor.map(|seconds| Metric::new("cpu_time", "s", seconds, Better::Lower)));
    let memory = json::optional(result, "memory_usage_byte", json::times)?.unwrap_or_default();
    let peak = memory.into_iter().reduce(f64::max);
    case.metrics.extend(peak.map(|bytes| Metric::new("peak_memory", "bytes", bytes, Better::Lower)));
    Ok(case)
}

fn time(result: &Value) -> Result<Time, String> {
    let times = json::optional(result, "times", json::times)?.filter(|times| !times.is_empty());
    let time = match times {
        Some(times) => time_of_processes(&times.into_iter().map(|time| vec![time]).collect::<Vec<_>>()),
        None => time_of_summary(&Summary {
            median_s: json::not_negative(result, "median")?,
            mean_s: json::not_negative(result, "mean")?,
            standard_deviation_s: json::optional(result, "stddev", json::not_negative)?,
            range_s: Some((json::not_negative(result, "min")?, json::not_negative(result, "max")?)),
            samples: 1,
        }),
    };
    time.ok_or_else(|| "its `times` are not times of runs".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{corpus, read, times, values};

    #[test]
    fn what_hyperfine_writes_is_read() {
        let read = Hyperfine.import(&corpus("hyperfine/commands.json")).expect("read");
        let expected = [("true", 3_880_904.0), ("sleep 0.002", 3_925_147.0)];
        assert_eq!(times(&read), expected.map(|(name, ns)| (name, Some(ns))));
        assert_eq!(read.left_out, ["entry 3 of `results` (`false`): a run ended with exit code 1"]);
        let time = read.cases[0].time.as_ref().expect("a time");
        assert_eq!((time.rounds, time.samples, time.iterations), (5, 5, 5));
        assert!(time.interval_s.is_some());
        assert_eq!(values(&read.cases[0].metrics), [("cpu_time", "s", 0.001148)]);
    }

    #[test]
    fn parameters_keep_runs_of_one_name_apart() {
        let read = Hyperfine.import(&corpus("hyperfine/parameters.json")).expect("read");
        let names: Vec<&str> = read.cases.iter().map(|case| case.name.as_str()).collect();
        assert_eq!(names, ["sleep[n=1]", "sleep[n=2]"]);
    }

    #[test]
    fn memory_of_newer_versions_is_read() {
        let read = Hyperfine.import(&corpus("hyperfine/memory.json")).expect("read");
        let figures = values(&read.cases[0].metrics);
        assert!(
            figures
                .iter()
                .any(|(name, unit, value)| (*name, *unit) == ("peak_memory", "bytes") && *value > 1e5)
        );
    }

    #[test]
    fn every_good_entry_is_taken_and_every_other_one_named() {
        let text = r#"{"results": [
            {"command": "a", "times": [0.5, 0.25, 0.75]},
            {"command": "b", "times": [0.5, -1]},
            {"command": "c", "times": [0.5], "exit_codes": [null]},
            {"command": "d"},
            {"times": [0.5]},
            {"command": "f", "mean": 2, "median": 1, "min": 1, "max": 3, "stddev": null},
            {"command": "g", "times": [1e308, 1e308]}]}"#;
        let read = read(&Hyperfine, text).expect("read");
        assert_eq!(times(&read), [("a", Some(5e8)), ("f", Some(1e9))]);
        assert_eq!(
            read.left_out,
            [
                "entry 2 of `results` (`b`): `times` contains -1, but every element must be a time: a number of at least 0",
                "entry 3 of `results` (`c`): a run was killed",
                "entry 4 of `results` (`d`): `median` is missing: expected a number",
                "entry 5 of `results`: `command` is missing: expected a string",
                "entry 7 of `results` (`g`): its `times` are not times of runs",
            ]
        );
    }
}
