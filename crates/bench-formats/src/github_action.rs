//! The format of github-action-benchmark: `customSmallerIsBetter` and `customBiggerIsBetter`, a file for each.

use std::path::PathBuf;

use bench_history::figure::figures;
use bench_protocol::Better;
use bench_record::Record;
use serde::Serialize;

use crate::export::without_figures;
use crate::{Document, Export, Exported, InterchangeError};

pub(crate) struct GithubAction;

#[derive(Serialize)]
struct Entry {
    name: String,
    unit: String,
    value: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    range: Option<String>,
}

impl Export for GithubAction {
    fn name(&self) -> &'static str {
        "github-action"
    }

    fn is_folder(&self) -> bool {
        true
    }

    fn export(&self, record: &Record) -> Result<Exported, InterchangeError> {
        let left_out = without_figures(record)?;
        let mut documents = Vec::new();
        for (better, name) in [(Better::Lower, "smaller-is-better"), (Better::Higher, "bigger-is-better")] {
            let entries = entries(record, better);
            // The action refuses an empty list.
            if entries.is_empty() {
                continue;
            }
            let text =
                serde_json::to_string_pretty(&entries).map_err(|error| InterchangeError::Unwritable {
                    run: record.run.clone(),
                    format: self.name(),
                    reason: error.to_string(),
                })?;
            documents.push(Document {
                path: PathBuf::from(format!("{name}.json")),
                content: (text + "\n").into_bytes(),
            });
        }
        Ok(Exported { documents, left_out })
    }
}

/// Returns an entry for each figure that is better in this direction. Entries are distinguished by name, which
/// therefore contains the id and the metric.
fn entries(record: &Record, better: Better) -> Vec<Entry> {
    let of_case = |case| {
        let all = figures(case);
        let names: Vec<String> = all.iter().map(|figure| figure.metric.clone()).collect();
        let is_alone = move |metric: &str| names.iter().filter(|name| *name == metric).count() == 1;
        all.into_iter().filter(move |figure| figure.better == better).map(move |figure| {
            let unit = if is_alone(&figure.metric) { String::new() } else { format!(" ({})", figure.unit) };
            let half = figure.interval.map(|interval| (interval.high - interval.low) / 2.0);
            Entry {
                name: format!("{}: {}{unit}", case.id, figure.metric),
                unit: figure.unit,
                value: figure.value,
                range: half.filter(|half| half.is_finite()).map(|half| format!("± {half}")),
            }
        })
    };
    record.cases.iter().flat_map(of_case).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::fixture;

    #[test]
    fn figures_are_parted_by_what_is_better() {
        let exported = GithubAction.export(&fixture::record()).expect("written");
        let read = |number: usize| -> Vec<Value> {
            serde_json::from_slice(&exported.documents[number].content).expect("a list")
        };
        let paths: Vec<_> = exported.documents.iter().map(|document| document.path.clone()).collect();
        assert_eq!(paths, [PathBuf::from("smaller-is-better.json"), PathBuf::from("bigger-is-better.json")]);
        let name = "resnet/performance/forward[batch=8]";
        let time = read(0).into_iter().find(|entry| entry["name"] == format!("{name}: time")).expect("time");
        assert_eq!((&time["unit"], &time["value"]), (&json!("s"), &json!(0.002)));
        assert!(time["range"].as_str().expect("a range").starts_with("± 0.0001"), "{time}");
        let bigger = json!({"name": format!("{name}: throughput"), "unit": "images/s", "value": 4000.0});
        assert!(read(1).contains(&bigger), "{:?}", read(1));
    }

    #[test]
    fn every_line_has_a_name_of_its_own() {
        use bench_record::Metric;
        let mut record = fixture::record();
        for unit in ["J/image", "J/pixel"] {
            record.cases[0].metrics.push(Metric::new("energy", unit, 1.0, Better::Lower));
        }
        let lines = entries(&record, Better::Lower);
        assert!(lines.iter().any(|line| line.name.ends_with(": energy (J/pixel)")));
        let names: std::collections::BTreeSet<&str> = lines.iter().map(|line| line.name.as_str()).collect();
        assert_eq!(names.len(), lines.len());
    }
}
