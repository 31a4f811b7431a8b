//! Reads results of asv (airspeed velocity): the files `results/MACHINE/COMMIT-ENVIRONMENT.json` of its format 2,
//! together with `results/benchmarks.json`, which describes the counters of each benchmark.

use std::path::{Path, PathBuf};

use bench_protocol::Better;
use bench_record::{Environment, Metric, Time};
use bench_syntax::quantity::Bytes;
use serde_json::{Map, Value};

use crate::known_unit::{KnownUnit, known};
use crate::measure::{Summary, time, time_of_summary};
use crate::{Import, Imported, ImportedCase, InterchangeError, file, json, timestamp};

pub(crate) struct Asv;

const WANTED: &str = "a file of results of asv, results/MACHINE/COMMIT-ENVIRONMENT.json";

/// The file that describes the benchmarks.
const BENCHMARKS: &str = "benchmarks.json";

/// The value that asv writes for a benchmark that was skipped for these parameters; one that failed is `null`.
const SKIPPED: &str = "NaN";

impl Import for Asv {
    fn name(&self) -> &'static str {
        "asv"
    }

    fn import(&self, path: &Path) -> Result<Imported, InterchangeError> {
        let file: Value = file::json_with_nan_as(path, &format!("\"{SKIPPED}\""), WANTED)?;
        let malformed =
            |reason: String| InterchangeError::malformed(path, format!("{reason}; expected {WANTED}"));
        if json::count(&file, "version") == Ok(1) {
            return Err(malformed(
                "it is of version 1 of the format: `asv update` converts it to version 2".to_owned(),
            ));
        }
        let columns: Vec<&str> = json::array(&file, "result_columns")
            .map_err(malformed)?
            .iter()
            .filter_map(Value::as_str)
            .collect();
        let results = json::field(&file, "results").and_then(Value::as_object);
        let results = results.ok_or_else(|| malformed("it has no `results`".to_owned()))?;
        let described = described(path)?;
        let mut imported = Imported { environment: environment(&file), ..Imported::default() };
        let mut started_ms = Vec::new();
        for (name, row) in results {
            let row = Row { columns: &columns, cells: row };
            started_ms.extend(row.cell("started_at").and_then(Value::as_u64));
            match described.get(name) {
                Some(benchmark) => row.cases(name, benchmark, &mut imported),
                None => imported.left_out.push(format!("`{name}`: {BENCHMARKS} does not describe it")),
            }
        }
        imported.timestamp = started_ms.into_iter().min().and_then(|ms| timestamp::from_seconds(ms / 1000));
        imported.checked(path, "it contains no result")
    }
}

/// Reads the descriptions of all benchmarks, from the folder of the results or the one above.
fn described(results: &Path) -> Result<Map<String, Value>, InterchangeError> {
    let folder = results.parent().unwrap_or(Path::new(""));
    // A path of one part has an empty parent, whose own parent is `..`.
    let above = if folder.as_os_str().is_empty() { PathBuf::from("..") } else { folder.join("..") };
    let path = [folder, &above].map(|folder| folder.join(BENCHMARKS)).into_iter().find(|path| path.exists());
    let path = path.ok_or_else(|| {
        let reason = format!(
            "there is no {BENCHMARKS} in its folder or the one above: it describes the counters of each \
             benchmark, and belongs to the results"
        );
        InterchangeError::malformed(results, reason)
    })?;
    file::json_with_nan(&path, "asv's description of benchmarks")
}

fn environment(file: &Value) -> Environment {
    let said = |path: &str| json::text(file, path).ok().filter(|text| !text.is_empty());
    let mut environment = Environment::default();
    environment.commit = said("commit_hash").map(str::to_owned);
    environment.cpu = said("params.cpu").map(str::to_owned);
    environment.cores = said("params.num_cpu").and_then(|cores| cores.parse().ok());
    environment.memory_bytes = said("params.ram").and_then(memory);
    environment.os = said("params.os").map(str::to_owned);
    environment.target = said("params.arch").map(str::to_owned).unwrap_or_default();
    environment.toolchain = said("python").map(|python| format!("Python {python}")).unwrap_or_default();
    // Each combination of an environment's matrix is a separate series, as in asv.
    for part in ["requirements", "env_vars"] {
        for (name, value) in json::field(file, part).and_then(Value::as_object).into_iter().flatten() {
            environment.engines.insert(name.clone(), value.as_str().unwrap_or_default().to_owned());
        }
    }
    environment
}

/// Parses the memory of a machine. `asv machine` writes bytes, older versions kilobytes, and users any text. A number
/// below that of the bytes in 256 MiB counts as kilobytes, because no machine has less memory.
fn memory(text: &str) -> Option<Bytes> {
    const LEAST: u64 = 256 << 20;
    match text.parse::<u64>() {
        Ok(bytes) if bytes >= LEAST => Some(Bytes(bytes)),
        Ok(kilobytes) => Some(Bytes(kilobytes.checked_mul(1024)?)).filter(|bytes| bytes.0 >= LEAST),
        Err(_) => text.parse().ok(),
    }
}

/// The results of a benchmark, cell by cell; the last cells may be missing.
struct Row<'a> {
    columns: &'a [&'a str],
    cells: &'a Value,
}

impl<'a> Row<'a> {
    fn cell(&self, column: &str) -> Option<&'a Value> {
        let place = self.columns.iter().position(|other| *other == column)?;
        self.cells.get(place).filter(|value| !value.is_null())
    }

    /// Returns the value of a column for one combination of parameters.
    fn at(&self, column: &str, place: usize) -> Option<&'a Value> {
        self.cell(column)?.get(place).filter(|value| !value.is_null())
    }

    /// Adds the case of each combination of parameters.
    fn cases(&self, name: &str, benchmark: &Value, imported: &mut Imported) {
        let mut leave_out =
            |name: &str, reason: String| imported.left_out.push(format!("`{name}`: {reason}"));
        if let (Some(measured), Ok(described)) = (self.cell("version"), json::text(benchmark, "version"))
            && measured.as_str() != Some(described)
        {
            let reason =
                format!("it was measured with another version of the benchmark than {BENCHMARKS} describes");
            return leave_out(name, reason);
        }
        let combinations = match self.combinations() {
            Ok(combinations) => combinations,
            Err(reason) => return leave_out(name, reason),
        };
        let results = match self.cell("result") {
            Some(Value::Array(results)) if results.len() == combinations.len() => results,
            // All failed.
            None => return leave_out(name, "it failed".to_owned()),
            Some(_) => {
                let count = combinations.len();
                return leave_out(
                    name,
                    format!("its `result` is not a list of {count}, as its `params` require"),
                );
            }
        };
        for (place, (result, parameters)) in results.iter().zip(combinations).enumerate() {
            let name = if parameters.is_empty() {
                name.to_owned()
            } else {
                format!("{name}({})", parameters.join(", "))
            };
            if *result == SKIPPED {
                continue;
            }
            match self.case(&name, place, result, benchmark) {
                Ok(case) => imported.cases.push(case),
                Err(reason) => leave_out(&name, reason),
            }
        }
    }

    /// Returns every combination of parameters in asv's order: the last one changes fastest.
    fn combinations(&self) -> Result<Vec<Vec<&'a str>>, String> {
        /// The maximum number of combinations: a file with more does not contain measured benchmarks.
        const MOST: usize = 1 << 20;
        let mut combinations = vec![Vec::new()];
        for values in self.cell("params").and_then(Value::as_array).into_iter().flatten() {
            let values: Option<Vec<&str>> =
                values.as_array().and_then(|values| values.iter().map(Value::as_str).collect());
            let values = values.ok_or("its `params` are not lists of texts")?;
            if values.len().saturating_mul(combinations.len()) > MOST {
                return Err(format!("its `params` have more than {MOST} combinations"));
            }
            combinations = combinations
                .iter()
                .flat_map(|front| values.iter().map(|value| [&front[..], &[*value]].concat()))
                .collect();
        }
        Ok(combinations)
    }

    fn case(
        &self,
        name: &str,
        place: usize,
        result: &Value,
        benchmark: &Value,
    ) -> Result<ImportedCase, String> {
        if result.is_null() {
            return Err("it failed".to_owned());
        }
        let value = json::finite(result)
            .ok_or_else(|| format!("its result is {}, expected a number", json::shown(result)))?;
        let mut case = ImportedCase::named(name);
        let metric = |name: &str, unit: &str, better| Metric::new(name, unit, value, better);
        match json::text(benchmark, "type")? {
            "time" => case.time = Some(self.time(place, value)?),
            _ if value < 0.0 && benchmark.get("unit").is_some_and(|unit| unit == "bytes") => {
                return Err(format!("its result is {value} bytes, expected at least 0"));
            }
            "memory" => case.metrics.push(metric("memory", "bytes", Better::Lower)),
            "peakmemory" => case.metrics.push(metric("peak_memory", "bytes", Better::Lower)),
            "track" => {
                let unit = json::text(benchmark, "unit")?;
                match known(if unit == "seconds" { "s" } else { unit }) {
                    Some(KnownUnit { unit, better }) => case.metrics.push(metric("value", &unit, better)),
                    None => case.unknown.push(metric("value", unit, Better::Lower)),
                }
            }
            other => return Err(format!("it is a benchmark of the kind `{other}`, which is not known here")),
        }
        Ok(case)
    }

    /// Computes the time from its samples, which exist with `--record-samples`, or else from `median_s`, which asv has
    /// computed from them. The interval of asv is not used: it is a 99 % interval over the samples of all processes.
    fn time(&self, place: usize, median_s: f64) -> Result<Time, String> {
        let samples: Option<Vec<f64>> = self
            .at("samples", place)
            .and_then(Value::as_array)
            .and_then(|samples| samples.iter().map(json::finite).collect());
        let count = |column| self.at(column, place).and_then(Value::as_u64);
        let samples_of_summary = count("stats_repeat").unwrap_or(1);
        let found = match samples.filter(|samples| !samples.is_empty()) {
            Some(samples) => time(&samples, None),
            None => time_of_summary(&Summary {
                median_s,
                mean_s: median_s,
                standard_deviation_s: None,
                range_s: None,
                samples: usize::try_from(samples_of_summary).unwrap_or(usize::MAX),
            }),
        };
        let mut time = found.ok_or_else(|| format!("its result is {median_s}, which is not a time"))?;
        time.iterations = (time.samples as u64).saturating_mul(count("stats_number").unwrap_or(1));
        Ok(time)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::fixture::{corpus, times, values};

    /// Imports results next to a description of the benchmarks, as asv lays them out.
    fn import(results: &str, described: &str) -> Result<Imported, InterchangeError> {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join(BENCHMARKS), described).expect("written");
        let machine = folder.path().join("host");
        fs::create_dir(&machine).expect("made");
        let path = machine.join("0123-py.json");
        fs::write(&path, results).expect("written");
        Asv.import(&path)
    }

    fn corpus_text(file: &str) -> String {
        fs::read_to_string(corpus(file)).expect("readable")
    }

    fn described() -> String {
        corpus_text("asv_benchmarks/benchmarks.json")
    }

    #[test]
    fn what_asv_writes_is_read() {
        let read = import(&corpus_text("asv/summaries.json"), &described()).expect("read");
        let expected = [
            ("suite.TimeSort.peakmem_sorted(10, 'list')", None),
            ("suite.TimeSort.peakmem_sorted(10, 'tuple')", None),
            ("suite.TimeSort.peakmem_sorted(100, 'list')", None),
            ("suite.TimeSort.time_sorted(10, 'list')", Some(10439.0)),
            ("suite.TimeSort.time_sorted(10, 'tuple')", Some(4980.0)),
            ("suite.TimeSort.time_sorted(100, 'list')", Some(6672.0)),
            ("suite.mem_list", None),
            ("suite.time_sum", Some(5591.0)),
            ("suite.timeraw_import", Some(23_266_494.0)),
            ("suite.track_plain", None),
            ("suite.track_widgets", None),
        ];
        assert_eq!(times(&read), expected);
        assert_eq!(read.left_out, ["`suite.time_fails`: it failed"]);
        assert_eq!(values(&read.cases[0].metrics), [("peak_memory", "bytes", 27_992_064.0)]);
        assert_eq!(values(&read.cases[6].metrics), [("memory", "bytes", 2104.0)]);
        assert_eq!(values(&read.cases[9].unknown), [("value", "unit", 7.0)]);
        assert_eq!(values(&read.cases[10].unknown), [("value", "widgets", 42.0)]);
        assert_eq!(read.timestamp.as_deref(), Some("2026-11-29T06:04:19Z"));
        let found = &read.environment;
        assert_eq!(found.commit.as_deref(), Some("fab2f98444fa6abc744f2ec65263f235f0253ee0"));
        assert_eq!((found.cpu.as_deref(), found.cores), (Some("AMD EPYC"), Some(2)));
        assert_eq!(
            (found.memory_bytes, found.toolchain.as_str()),
            (Some(Bytes(25_276_063_744)), "Python 3.11")
        );
    }

    #[test]
    fn samples_that_were_recorded_are_used() {
        let read = import(&corpus_text("asv/samples.json"), &described()).expect("read");
        let time = read.cases[0].time.as_ref().expect("a time");
        assert_eq!((time.samples, time.iterations, (time.median_s.0 * 1e11).round()), (3, 30, 217_600.0));
        assert!(time.max_s > time.min_s && time.interval_s.is_none());
    }

    #[test]
    fn every_good_entry_is_taken_and_every_other_one_named() {
        let describe = |name: &str, kind: &str, unit: &str| {
            format!(r#""{name}": {{"type": "{kind}", "unit": "{unit}", "version": "1"}}"#)
        };
        let described = [
            describe("a", "track", "seconds"),
            describe("b", "track", "items/s"),
            describe("c", "time", "seconds"),
            describe("d", "time", "seconds"),
            describe("e", "time", "seconds"),
            describe("f", "dance", "steps"),
            describe("g", "memory", "bytes"),
            describe("h", "time", "seconds"),
        ];
        let results = r#"{"version": 2, "result_columns": ["result", "params", "version"], "requirements": {"numpy": "2.1"},
            "env_vars": {"OMP_NUM_THREADS": "1"}, "results": {
            "a": [[2], [], "1"], "b": [[3]], "c": [[-1, null, NaN, "x", 1], [["1", "2", "3", "4", "5"]]],
            "d": [[1, 2], [], "1"], "e": [[1], [], "2"], "f": [[1], [], "1"], "g": [[-1], []], "h": [[1], [[5]]],
            "i": [[1], []]}}"#;
        let read = import(results, &format!("{{{}, \"version\": 2}}", described.join(","))).expect("read");
        assert_eq!(times(&read), [("a", None), ("b", None), ("c(5)", Some(1e9))]);
        assert_eq!(values(&read.cases[0].metrics), [("value", "s", 2.0)]);
        assert_eq!(read.cases[1].metrics[0].better, Better::Higher);
        let engines: Vec<_> =
            read.environment.engines.iter().map(|(name, value)| (&name[..], &value[..])).collect();
        assert_eq!(engines, [("OMP_NUM_THREADS", "1"), ("numpy", "2.1")]);
        assert_eq!(
            read.left_out,
            [
                "`c(1)`: its result is -1, which is not a time",
                "`c(2)`: it failed",
                "`c(4)`: its result is \"x\", expected a number",
                "`d`: its `result` is not a list of 1, as its `params` require",
                "`e`: it was measured with another version of the benchmark than benchmarks.json describes",
                "`f`: it is a benchmark of the kind `dance`, which is not known here",
                "`g`: its result is -1 bytes, expected at least 0",
                "`h`: its `params` are not lists of texts",
                "`i`: benchmarks.json does not describe it",
            ]
        );
    }

    #[test]
    fn what_is_not_of_the_format_is_named() {
        for (results, reason) in [
            (r#"{"version": 1, "results": {}}"#, "`asv update`"),
            (r#"{"arch": "x86_64", "version": 1}"#, "`asv update`"),
            (r#"{"version": 2}"#, "`result_columns`"),
            (r#"{"result_columns": [], "results": {}}"#, "it contains no result"),
            ("[", "a file of results of asv"),
        ] {
            let error = import(results, "{}").expect_err(results).to_string();
            assert!(error.contains(reason), "{error}");
        }
        let error = Asv.import(&corpus("asv/samples.json")).expect_err("alone").to_string();
        assert!(error.contains("there is no benchmarks.json"), "{error}");
    }

    #[test]
    fn memory_is_taken_only_where_its_unit_is_certain() {
        for (text, bytes) in [
            ("25276063744", Some(25_276_063_744)),
            ("8268928", Some(8_268_928 * 1024)),
            ("16GiB", Some(16 << 30)),
            ("16", None),
            ("a lot", None),
        ] {
            assert_eq!(memory(text), bytes.map(Bytes), "{text}");
        }
    }
}
