//! OTLP/JSON metrics (`ExportMetricsServiceRequest` in its JSON form, opentelemetry.io/docs/specs/otlp), which a
//! collector accepts at `/v1/metrics`: a gauge for each figure, and a point for each case.

use bench_history::key::build;
use bench_record::Record;
use serde_json::{Value, json};

use crate::export::without_figures;
use crate::families::families;
use crate::{Export, Exported, InterchangeError, seconds_since_1970};

pub(crate) struct Otlp;

impl Export for Otlp {
    fn name(&self) -> &'static str {
        "otlp"
    }

    fn export(&self, record: &Record) -> Result<Exported, InterchangeError> {
        let left_out = without_figures(record)?;
        let moment = seconds_since_1970(&record.timestamp).ok_or_else(|| InterchangeError::Unwritable {
            run: record.run.clone(),
            format: self.name(),
            reason: format!("`{}` is not a time in UTC", record.timestamp),
        })?;
        // 64-bit numbers are texts in this form.
        let nanoseconds = format!("{moment}000000000");
        let metrics: Vec<Value> = families(record)
            .into_iter()
            .map(|((metric, unit), figures)| {
                let points: Vec<Value> = figures
                    .into_iter()
                    .map(|(case, figure)| {
                        let attributes = attributes([
                            ("bench.case", Some(case.id.clone())),
                            ("bench.category", Some(case.category.to_string())),
                            ("bench.model", case.model.clone()),
                        ]);
                        json!({"attributes": attributes, "timeUnixNano": nanoseconds, "asDouble": figure.value})
                    })
                    .collect();
                json!({"name": format!("bench.{metric}"), "unit": ucum(&unit), "gauge": {"dataPoints": points}})
            })
            .collect();
        let request = json!({"resourceMetrics": [{
            "resource": {"attributes": resource(record)},
            "scopeMetrics": [{"scope": {"name": "bench", "version": env!("CARGO_PKG_VERSION")}, "metrics": metrics}],
        }]});
        Ok(Exported::file("otlp.json", format!("{request:#}\n"), left_out))
    }
}

/// Returns the attributes of the run, with the names of the semantic conventions if there are any.
fn resource(record: &Record) -> Vec<Value> {
    let environment = &record.environment;
    attributes([
        ("service.name", Some("bench".to_owned())),
        ("bench.run", Some(record.run.clone())),
        ("bench.toolchain", Some(environment.toolchain.clone())),
        ("bench.build", Some(build(environment))),
        ("host.cpu.model.name", environment.cpu.clone()),
        ("vcs.ref.head.revision", environment.commit.clone()),
    ])
}

/// Returns the attributes that are known.
fn attributes<const N: usize>(known: [(&str, Option<String>); N]) -> Vec<Value> {
    let attribute =
        |(key, value): (&str, Option<String>)| Some(json!({"key": key, "value": {"stringValue": value?}}));
    known.into_iter().filter_map(attribute).collect()
}

/// Returns the unit in the code of OTLP (ucum.org): units that are only counted are in braces.
fn ucum(unit: &str) -> String {
    let code = |unit: &str| match unit {
        "s" | "%" | "W" | "J" | "1" => unit.to_owned(),
        "bytes" => "By".to_owned(),
        "" => "1".to_owned(),
        counted => format!("{{{}}}", counted.replace(['{', '}'], "")),
    };
    match unit.split_once('/') {
        Some((of, per)) => format!("{}/{}", code(of), code(per)),
        None => code(unit),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    #[test]
    fn a_run_is_one_request() {
        let exported = Otlp.export(&fixture::record()).expect("written");
        let request: Value = serde_json::from_slice(&exported.documents[0].content).expect("JSON");
        let resource = &request["resourceMetrics"][0];
        let commit = json!({"key": "vcs.ref.head.revision", "value": {"stringValue": "0123456789abcdef"}});
        assert!(resource["resource"]["attributes"].as_array().expect("attributes").contains(&commit));
        let metrics = resource["scopeMetrics"][0]["metrics"].as_array().expect("metrics");
        let time = metrics.iter().find(|metric| metric["name"] == "bench.time").expect("time");
        assert_eq!(time["unit"], "s");
        let points = time["gauge"]["dataPoints"].as_array().expect("points");
        assert_eq!(points.len(), 2);
        assert_eq!(
            (&points[0]["timeUnixNano"], &points[0]["asDouble"]),
            (&json!("1795246265000000000"), &json!(0.002))
        );
        let names: Vec<&Value> =
            points.iter().map(|point| &point["attributes"][0]["value"]["stringValue"]).collect();
        assert!(names.contains(&&json!(fixture::HOSTILE)), "{names:?}");
    }

    #[test]
    fn units_are_codes() {
        for (unit, code) in
            [("s", "s"), ("bytes", "By"), ("images/s", "{images}/s"), ("J/image", "J/{image}"), ("", "1")]
        {
            assert_eq!(ucum(unit), code);
        }
    }
}
