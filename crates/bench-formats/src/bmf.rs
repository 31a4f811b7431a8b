//! Bencher Metric Format: benchmarks with their measures, each a value with the ends of its interval.
//!
//! A time per iteration is the measure `latency`, in nanoseconds, as the format requires; any other figure has its own
//! name with its unit: `peak-memory-bytes`, `throughput-images-per-s`.

use std::collections::BTreeMap;
use std::path::Path;

use bench_history::figure::{Figure, figures};
use bench_protocol::Better;
use bench_record::{Metric, Record};
use bench_stats::Interval;
use serde::{Deserialize, Serialize};

use crate::export::without_figures;
use crate::file::{Entries, Node};
use crate::known_unit::{KnownUnit, UNKNOWN, known};
use crate::{Export, Exported, Import, Imported, ImportedCase, InterchangeError, file, measure};

/// The measure of the time per iteration.
const LATENCY: &str = "latency";

const NS_PER_S: f64 = 1e9;

pub(crate) struct Bmf;

#[derive(Deserialize, Serialize)]
struct Value {
    value: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    lower_value: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    upper_value: Option<f64>,
}

type Report = BTreeMap<String, BTreeMap<String, Value>>;

impl Export for Bmf {
    fn name(&self) -> &'static str {
        "bmf"
    }

    fn export(&self, record: &Record) -> Result<Exported, InterchangeError> {
        let left_out = without_figures(record)?;
        let mut report = Report::new();
        for case in &record.cases {
            let measures: BTreeMap<String, Value> = figures(case).iter().map(measure_of).collect();
            if !measures.is_empty() {
                report.insert(case.id.clone(), measures);
            }
        }
        let text = serde_json::to_string_pretty(&report).map_err(|error| InterchangeError::Unwritable {
            run: record.run.clone(),
            format: "bmf",
            reason: error.to_string(),
        })?;
        Ok(Exported::file("bmf.json", text + "\n", left_out))
    }
}

fn measure_of(figure: &Figure) -> (String, Value) {
    let (slug, scale) = if figure.metric == "time" {
        (LATENCY.to_owned(), NS_PER_S)
    } else {
        (slug(&format!("{} {}", figure.metric, figure.unit.replace('/', " per "))), 1.0)
    };
    let end = |end: f64| Some(end * scale).filter(|end| end.is_finite());
    let value = Value {
        value: figure.value * scale,
        lower_value: figure.interval.and_then(|interval| end(interval.low)),
        upper_value: figure.interval.and_then(|interval| end(interval.high)),
    };
    (slug, value)
}

/// Converts a text to lower case, with dashes between words.
fn slug(text: &str) -> String {
    let lower = text.to_lowercase();
    let words = lower.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-")
}

impl Import for Bmf {
    fn name(&self) -> &'static str {
        "bmf"
    }

    fn import(&self, path: &Path) -> Result<Imported, InterchangeError> {
        let wanted = "Bencher Metric Format: {\"BENCHMARK\": {\"MEASURE\": {\"value\": NUMBER}}}";
        let report: Entries<Node> = file::json_with_nan(path, wanted)?;
        let mut imported = Imported::default();
        let (benchmarks, doubles) = report.parted();
        imported
            .left_out
            .extend(doubles.iter().map(|name| format!("`{name}`: the file contains it several times")));
        for (name, measures) in benchmarks {
            match measures {
                Node::Object(measures) => {
                    imported.cases.extend(case_of(name, measures, &mut imported.left_out))
                }
                Node::Other(_) => {
                    imported.left_out.push(format!("`{name}`: expected its measures, {{\"MEASURE\": {{…}}}}"))
                }
            }
        }
        imported.checked(path, "it contains no benchmark")
    }
}

/// Reads a benchmark with all of its valid measures; `None` if it has none.
fn case_of(
    name: String,
    measures: Entries<serde_json::Value>,
    left_out: &mut Vec<String>,
) -> Option<ImportedCase> {
    let mut case = ImportedCase::named(&name);
    let mut leave_out = |slug: &str, why: String| left_out.push(format!("`{name}`, `{slug}`: {why}"));
    let (measures, doubles) = measures.parted();
    doubles.iter().for_each(|slug| leave_out(slug, "the file contains it several times".to_owned()));
    let slugs: Vec<String> = measures.iter().map(|(slug, _)| slug.clone()).collect();
    for (slug, value) in measures {
        let value = match serde_json::from_value::<Value>(value.clone()) {
            Ok(value) if value.value.is_finite() => value,
            _ => {
                let found = value.get("value").unwrap_or(&value);
                leave_out(&slug, format!("expected {{\"value\": NUMBER}}, found {found}"));
                continue;
            }
        };
        if slug == LATENCY {
            let interval = value
                .interval()
                .map(|ends| Interval { low: ends.low / NS_PER_S, high: ends.high / NS_PER_S });
            match measure::time(&[value.value / NS_PER_S], interval) {
                Some(time) => case.time = Some(time),
                None => leave_out(&slug, format!("{} is not a latency", value.value)),
            }
            continue;
        }
        let is_alone = |name: &str| {
            slugs.iter().filter(|slug| parted(slug).is_some_and(|(of, _)| of == name)).count() == 1
        };
        match metric_of(&slug, &value, is_alone) {
            (metric, true) => case.metrics.push(metric),
            (metric, false) => case.unknown.push(metric),
        }
    }
    let is_empty = case.time.is_none() && case.metrics.is_empty() && case.unknown.is_empty();
    (!is_empty).then_some(case)
}

/// Splits a slug into a name and a unit; `None` if it does not end with a known unit.
fn parted(slug: &str) -> Option<(&str, KnownUnit)> {
    let unit_of = |text: &str| match text.split_once("-per-") {
        Some((of, per)) => known(&format!("{of}/{per}")),
        None => known(text),
    };
    // The longest end that is a known unit; the part before it is the name. A slug that is itself a unit is also the
    // name.
    if let Some(unit) = unit_of(slug) {
        return Some((slug, unit));
    }
    let mut ends = slug.match_indices('-').map(|(place, _)| (&slug[..place], &slug[place + 1..]));
    ends.find_map(|(name, unit)| Some((name, unit_of(unit)?)))
        .filter(|(name, _)| !name.is_empty() && !name.ends_with("-per"))
}

/// Converts a measure into a metric, and returns whether the better direction is known. The format gives neither the
/// unit nor the direction; they are known for Bencher's built-in measures and for known units.
fn metric_of(slug: &str, value: &Value, is_alone: impl Fn(&str) -> bool) -> (Metric, bool) {
    let of = |name: &str, unit: &str, better| {
        Metric::new(name, unit, value.value, better).with_interval(value.interval())
    };
    match slug {
        "throughput" => return (of(slug, "1/s", Better::Higher), true),
        "build-time" => return (of(slug, "s", Better::Lower), true),
        "file-size" => return (of(slug, "bytes", Better::Lower), true),
        _ => {}
    }
    if let Some((name, KnownUnit { unit, better })) = parted(slug) {
        // Two measures with the same name would become one series with two values for each run.
        let name = if is_alone(name) { name } else { slug };
        return (of(name, &unit, better), true);
    }
    // A rate of any counter of a benchmark, as in exported files.
    if let Some(counted) = slug.strip_prefix("throughput-").and_then(|rest| rest.strip_suffix("-per-s")) {
        return (of("throughput", &format!("{counted}/s"), Better::Higher), true);
    }
    (of(slug, UNKNOWN, Better::Lower), false)
}

impl Value {
    fn interval(&self) -> Option<Interval> {
        let (low, high) = self.lower_value.zip(self.upper_value)?;
        (low.is_finite() && high.is_finite() && low <= high).then_some(Interval { low, high })
    }
}

#[cfg(test)]
mod tests {
    use bench_record::Status;
    use serde_json::json;

    use super::*;
    use crate::fixture;
    use crate::import::tests::origin;

    fn import(text: &str) -> Result<Imported, InterchangeError> {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("bmf.json");
        std::fs::write(&path, text).expect("written");
        Bmf.import(&path)
    }

    #[test]
    fn a_run_is_written_with_its_intervals() {
        let exported = Bmf.export(&fixture::record()).expect("written");
        let report: serde_json::Value = serde_json::from_slice(&exported.documents[0].content).expect("JSON");
        let latency = &report["resnet/performance/forward[batch=8]"]["latency"];
        for (end, ns) in [("value", 2e6), ("lower_value", 1.9e6), ("upper_value", 2.1e6)] {
            assert!((latency[end].as_f64().expect(end) - ns).abs() < 1e-3, "{latency}");
        }
        assert_eq!(
            report["resnet/performance/forward[batch=8]"]["throughput-images-per-s"],
            json!({"value": 4000.0})
        );
        assert_eq!(
            report["resnet/performance/forward[batch=8]"]["peak-memory-bytes"],
            json!({"value": 1048576.0})
        );
        assert!(report.get(fixture::HOSTILE).is_some() && report.get("unit/broken").is_none());
    }

    #[test]
    fn a_run_comes_back_as_it_went() {
        let record = fixture::record();
        let text = Bmf.export(&record).expect("written").documents.remove(0).content;
        let imported = import(&String::from_utf8(text).expect("text")).expect("read");
        let back = imported.into_record("bmf", Path::new("f"), &origin()).expect("a run");
        for case in record.cases.iter().filter(|case| case.status == Status::Ok) {
            let (old, new) = (figures(case), figures(back.case(&case.id).expect("the same id")));
            assert_eq!(old.len(), new.len(), "{}", case.id);
            for figure in &new {
                let same = old.iter().find(|other| other.metric == figure.metric).expect("the same metric");
                assert!((same.value / figure.value - 1.0).abs() < 1e-12, "{figure:?}");
                assert_eq!((&same.unit, same.better), (&figure.unit, figure.better));
            }
        }
    }

    #[test]
    fn measures_of_others_are_read() {
        let text = r#"{"fib 20": {"latency": {"value": 2500.0, "lower_value": 2000, "upper_value": 3000},
            "throughput": {"value": 9}, "file-size": {"value": 77}, "instructions": {"value": 5}}}"#;
        let case = import(text).expect("read").cases.remove(0);
        assert_eq!((case.name.as_str(), case.time.expect("a time").median_s.0), ("fib 20", 2.5e-6));
        let metrics: Vec<_> =
            case.metrics.iter().map(|one| (one.name.as_str(), one.unit.as_str(), one.better)).collect();
        assert_eq!(metrics, [("throughput", "1/s", Better::Higher), ("file-size", "bytes", Better::Lower)]);
        assert_eq!((case.unknown[0].name.as_str(), case.unknown[0].unit.as_str()), ("instructions", UNKNOWN));
    }

    #[test]
    fn units_are_read_from_names_and_never_guessed() {
        let text = r#"{"generate": {"tokens-per-s": {"value": 120}, "p99-latency-s": {"value": 2},
            "cache-misses-per-s": {"value": 3}, "peak-rss-bytes": {"value": 4}, "peak-vm-bytes": {"value": 5},
            "a-s": {"value": 6}, "a-bytes": {"value": 7}}}"#;
        let case = import(text).expect("read").cases.remove(0);
        let metrics: Vec<_> =
            case.metrics.iter().map(|one| (one.name.as_str(), one.unit.as_str(), one.better)).collect();
        assert_eq!(
            metrics,
            [
                ("tokens-per-s", "tokens/s", Better::Higher),
                ("p99-latency", "s", Better::Lower),
                ("peak-rss", "bytes", Better::Lower),
                ("peak-vm", "bytes", Better::Lower),
                ("a-s", "s", Better::Lower),
                ("a-bytes", "bytes", Better::Lower),
            ]
        );
        assert_eq!(
            case.unknown.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(),
            ["cache-misses-per-s"]
        );
    }

    #[test]
    fn every_good_entry_is_taken_and_every_other_one_named() {
        let text = r#"{"a": {"latency": {"value": NaN}, "load-s": {"value": 2}}, "b": 5, "NaN": {"latency": {"value": 7}},
            "c": {"latency": {"value": "1,5"}}, "d": {"latency": {"value": 1}}, "d": {"latency": {"value": 2}},
            "e": {"latency": {"value": 1}, "load-s": {"value": 1}, "load-s": {"value": 2}}}"#;
        let read = import(text).expect("read");
        assert_eq!(read.cases.iter().map(|case| case.name.as_str()).collect::<Vec<_>>(), ["a", "NaN", "e"]);
        let told: Vec<&str> =
            read.left_out.iter().map(|what| what.split(": ").next().unwrap_or_default()).collect();
        assert_eq!(told, ["`d`", "`a`, `latency`", "`b`", "`c`, `latency`", "`e`, `load-s`"]);
    }

    #[test]
    fn what_is_not_of_the_format_is_told() {
        for (text, says) in [
            ("", "expected Bencher Metric Format"),
            ("[]", "expected Bencher Metric Format"),
            ("{}", "no benchmark"),
            (r#"{"a": {"latency": 5}}"#, "`a`, `latency`: expected"),
            (r#"{"a": {"latency": {"value": -5}}}"#, "`a`, `latency`: -5 is not a latency"),
        ] {
            let error = import(text).expect_err(text).to_string();
            assert!(error.contains(says) && error.contains("bmf.json"), "{error}");
        }
    }
}
