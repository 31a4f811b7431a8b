//! OpenMetrics text, 1.0: a family of gauges for each figure, and a sample for each case, with the time of the run.
//!
//! Labels contain only values that are the same in all runs of a series, so that a database shows the runs of a case as
//! one series; run and commit are the labels of `bench_run_info`.

use std::collections::{BTreeMap, BTreeSet};

use bench_history::key::{MachineClass, build};
use bench_record::{CaseRecord, Record, Status};

use crate::families::families;
use crate::{Export, Exported, InterchangeError, seconds_since_1970};

pub(crate) struct OpenMetrics;

impl Export for OpenMetrics {
    fn name(&self) -> &'static str {
        "openmetrics"
    }

    fn export(&self, record: &Record) -> Result<Exported, InterchangeError> {
        let moment = seconds_since_1970(&record.timestamp).ok_or_else(|| InterchangeError::Unwritable {
            run: record.run.clone(),
            format: self.name(),
            reason: format!("`{}` is not a time in UTC", record.timestamp),
        })?;
        let machine = machine(record);
        let mut left_out = crate::export::without_figures(record).unwrap_or_default();
        let mut text = Text { out: String::new(), moment };
        let mut names = BTreeSet::new();
        for ((metric, unit), figures) in families(record) {
            let (unit, name) = (plain(&unit), format!("bench_{}_{}", sanitized(&metric), plain(&unit)));
            if !names.insert(name.clone()) {
                left_out
                    .push(format!("the metric {metric}: another metric has the same exported name, {name}"));
                continue;
            }
            text.family(&name, Some(&unit), &format!("{metric} of a benchmark"));
            for (case, figure) in figures {
                let labels = labels(case).chain(machine.iter().cloned());
                text.sample(&name, labels.collect(), figure.value);
            }
        }
        text.family("bench_success", None, "whether a benchmark has figures: 1, or 0 where it failed");
        for case in &record.cases {
            if let Some(success) = success(case.status) {
                text.sample("bench_success", labels(case).chain(machine.iter().cloned()).collect(), success);
            }
        }
        text.family("bench_run_info", None, "the run that these figures come from");
        let info = [("commit", record.environment.commit.clone()), ("run", Some(record.run.clone()))];
        text.sample(
            "bench_run_info",
            info.into_iter().filter_map(|(key, value)| Some((key, value?))).collect(),
            1.0,
        );
        Ok(Exported::file("openmetrics.txt", text.out + "# EOF\n", left_out))
    }
}

fn success(status: Status) -> Option<f64> {
    match status {
        Status::Ok => Some(1.0),
        Status::Failed => Some(0.0),
        Status::Skipped | Status::NotRun => None,
    }
}

/// The text, and the common time of all its samples.
struct Text {
    out: String,
    moment: u64,
}

impl Text {
    fn family(&mut self, name: &str, unit: Option<&str>, help: &str) {
        self.out += &format!("# TYPE {name} gauge\n");
        if let Some(unit) = unit {
            self.out += &format!("# UNIT {name} {unit}\n");
        }
        self.out += &format!("# HELP {name} {help}\n");
    }

    fn sample(&mut self, name: &str, labels: BTreeMap<&str, String>, value: f64) {
        let labels: Vec<String> =
            labels.into_iter().map(|(key, value)| format!("{key}=\"{}\"", escaped(&value))).collect();
        self.out += &format!("{name}{{{}}} {value} {}\n", labels.join(","), self.moment);
    }
}

/// Returns the labels that distinguish a case from the others.
fn labels(case: &CaseRecord) -> impl Iterator<Item = (&'static str, String)> {
    [
        ("case", Some(case.id.clone())),
        ("category", Some(case.category.to_string())),
        ("model", case.model.clone()),
    ]
    .into_iter()
    .filter_map(|(key, value)| Some((key, value?)))
}

/// Returns the labels that distinguish a series from those of other machines and builds.
fn machine(record: &Record) -> Vec<(&'static str, String)> {
    let class = MachineClass::of(&record.environment);
    vec![
        ("build", build(&record.environment)),
        ("cores", class.cores),
        ("cpu", class.cpu),
        ("gpu", class.gpu),
        ("memory", class.memory),
        ("toolchain", record.environment.toolchain.clone()),
    ]
}

/// Returns a unit in words, as in names of metrics: `s` is `seconds`, `images/s` is `images_per_second`.
fn plain(unit: &str) -> String {
    let word = |unit: &str| match unit {
        "s" => "seconds".to_owned(),
        "%" => "percent".to_owned(),
        unit => sanitized(unit),
    };
    let words = match unit.split_once('/') {
        Some((of, "s")) => format!("{}_per_second", word(of)),
        Some((of, per)) => format!("{}_per_{}", word(of), word(per)),
        None => word(unit),
    };
    // Without a unit before the slash, as in `/s`, the words begin with `_`.
    let words = words.trim_matches('_');
    if words.is_empty() { "value".to_owned() } else { words.to_owned() }
}

/// Returns a text in lower case with only letters, digits and `_`.
fn sanitized(text: &str) -> String {
    let lower = text.to_lowercase();
    let words = lower.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("_")
}

/// Escapes the value of a label: within its quotes, only these three characters have a special meaning.
fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    fn text(record: &Record) -> String {
        let exported = OpenMetrics.export(record).expect("written");
        String::from_utf8(exported.documents[0].content.clone()).expect("text")
    }

    #[test]
    fn a_run_is_families_of_samples() {
        let text = text(&fixture::record());
        let sample = "bench_time_seconds{build=\"x86_64-unknown-linux-gnu, opt-level 3\",\
            case=\"resnet/performance/forward[batch=8]\",category=\"performance\",cores=\"4\",\
            cpu=\"AMD \\\"EPYC\\\" 7763\",gpu=\"no GPU\",memory=\"16 GiB\",model=\"resnet\",toolchain=\"rustc 1.95.0\"} \
            0.002 1795246265\n";
        assert!(text.contains(sample), "{text}");
        assert!(text.contains("# TYPE bench_time_seconds gauge\n# UNIT bench_time_seconds seconds\n# HELP"));
        assert!(text.contains("\nbench_throughput_images_per_second{"));
        assert!(text.contains("\nbench_peak_memory_bytes{") && text.ends_with("\n# EOF\n"));
        let success: Vec<&str> = text.lines().filter(|line| line.starts_with("bench_success{")).collect();
        assert_eq!(success.len(), 3, "skipped and not run is neither");
        assert!(success.iter().any(|line| line.contains("unit/broken") && line.contains("} 0 ")));
    }

    #[test]
    fn every_line_is_a_sample_or_says_what_samples_are() {
        let text = text(&fixture::record());
        let mut family = String::new();
        let mut seen = BTreeSet::new();
        for line in text.lines() {
            if let Some(rest) = line.strip_prefix("# TYPE ") {
                family = rest.split(' ').next().expect("a name").to_owned();
                assert!(seen.insert(family.clone()), "{family} twice");
            } else if !line.starts_with('#') {
                let (name, rest) = line.split_once('{').expect("labels");
                assert_eq!(name, family, "{line}");
                let (_, end) = rest.rsplit_once("} ").expect("a value");
                let (value, moment) = end.split_once(' ').expect("a moment");
                assert!(value.parse::<f64>().is_ok() && moment == "1795246265", "{line}");
            }
        }
    }

    #[test]
    fn units_are_words() {
        for (unit, words) in [
            ("s", "seconds"),
            ("bytes", "bytes"),
            ("images/s", "images_per_second"),
            ("J/image", "j_per_image"),
            ("%", "percent"),
            ("×", "value"),
            ("/s", "per_second"),
        ] {
            assert_eq!(plain(unit), words);
        }
    }

    #[test]
    fn two_metrics_of_one_name_are_told() {
        use bench_protocol::Better;
        use bench_record::Metric;
        let mut record = fixture::record();
        record.cases[0].metrics =
            vec![Metric::new("a", "b c", 1.0, Better::Lower), Metric::new("a b", "c", 2.0, Better::Lower)];
        let exported = OpenMetrics.export(&record).expect("written");
        assert!(exported.left_out.iter().any(|line| line.contains("bench_a_b_c")), "{:?}", exported.left_out);
    }
}
