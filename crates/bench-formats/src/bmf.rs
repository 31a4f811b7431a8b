//! Bencher Metric Format: benchmarks, their measures, a value each with the ends of its interval.
//!
//! A time per iteration is the measure `latency`, in nanoseconds, as the format has it; any other figure is called
//! after itself and its unit: `peak-memory-bytes`, `throughput-images-per-s`.

use std::collections::BTreeMap;
use std::path::Path;

use bench_history::figure::{Figure, figures};
use bench_protocol::Better;
use bench_record::{Metric, Record};
use bench_stats::Interval;
use serde::{Deserialize, Serialize};

use crate::export::without_figures;
use crate::imported_case::usually_better;
use crate::{Export, Exported, Import, Imported, ImportedCase, InterchangeError, file, measure};

/// Measure of the time per iteration.
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

/// A name in lower case, with dashes.
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
        let report: Report = file::json(path, wanted)?;
        if report.is_empty() {
            return Err(InterchangeError::malformed(path, "it holds no benchmark"));
        }
        let case = |(name, measures): (String, BTreeMap<String, Value>)| {
            let mut case = ImportedCase::named(name);
            for (slug, value) in measures {
                if slug == LATENCY {
                    let ends = value.lower_value.zip(value.upper_value);
                    let interval =
                        ends.map(|(low, high)| Interval { low: low / NS_PER_S, high: high / NS_PER_S });
                    case.time =
                        Some(measure::time(&[value.value / NS_PER_S], interval).ok_or_else(|| {
                            let reason = format!("`{}`: {} is no latency", case.name, value.value);
                            InterchangeError::malformed(path, reason)
                        })?);
                } else {
                    case.metrics.push(metric_of(&slug, &value));
                }
            }
            Ok(case)
        };
        let cases = report.into_iter().map(case).collect::<Result<_, InterchangeError>>()?;
        Ok(Imported { cases, ..Imported::default() })
    }
}

/// The figure that a measure is. The format does not say its unit or its direction: its name does, or else both are
/// those of a plain number that should be small.
fn metric_of(slug: &str, value: &Value) -> Metric {
    let rate = slug.strip_suffix("-per-s").and_then(|rest| rest.rsplit_once('-'));
    let (name, unit) = match (rate, slug) {
        (Some((name, of)), _) => (name, format!("{of}/s")),
        // The measures that Bencher knows by itself.
        (None, "throughput") => (slug, "1/s".to_owned()),
        (None, "build-time") => (slug, "s".to_owned()),
        (None, "file-size") => (slug, "bytes".to_owned()),
        (None, _) => match slug.rsplit_once('-') {
            Some((name, unit @ ("s" | "bytes"))) => (name, unit.to_owned()),
            _ => (slug, "units".to_owned()),
        },
    };
    let better: Better = usually_better(name, &unit);
    let ends = value.lower_value.zip(value.upper_value);
    Metric::new(name, unit, value.value, better).with_interval(ends.map(|(low, high)| Interval { low, high }))
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
        assert_eq!(
            metrics,
            [
                ("file-size", "bytes", Better::Lower),
                ("instructions", "units", Better::Lower),
                ("throughput", "1/s", Better::Higher)
            ]
        );
    }

    #[test]
    fn what_is_not_of_the_format_is_told() {
        for (text, says) in [
            ("", "wanted Bencher Metric Format"),
            ("[]", "wanted Bencher Metric Format"),
            ("{}", "no benchmark"),
            (r#"{"a": {"latency": 5}}"#, "wanted Bencher Metric Format"),
            (r#"{"a": {"latency": {"value": -5}}}"#, "`a`: -5 is no latency"),
        ] {
            let error = import(text).expect_err(text).to_string();
            assert!(error.contains(says) && error.contains("bmf.json"), "{error}");
        }
    }
}
