//! Adapts Google Benchmark: reads its JSON.

use std::time::Duration;

use bench_protocol::{Assignment, Finish, Frame, Mode, Reading};
use bench_syntax::quantity::nanoseconds;
use serde::Deserialize;

use crate::adapter::{Adapter, Held, Tell, Trouble, finish};
use crate::printed::{rate, seconds, with_readings};
use crate::subject::Subject;

pub(crate) struct Google;

#[derive(Deserialize)]
struct Report {
    benchmarks: Vec<Entry>,
}

/// The fields of an entry of `benchmarks` that are read.
#[derive(Deserialize)]
struct Entry {
    /// `iteration`, or `aggregate` of several; absent in older versions.
    #[serde(default)]
    run_type: Option<String>,
    #[serde(default)]
    iterations: u64,
    #[serde(default)]
    real_time: f64,
    #[serde(default)]
    cpu_time: f64,
    #[serde(default)]
    time_unit: String,
    items_per_second: Option<f64>,
    bytes_per_second: Option<f64>,
    #[serde(default)]
    error_occurred: bool,
    #[serde(default)]
    error_message: String,
    #[serde(default)]
    skipped: bool,
    #[serde(default)]
    skip_message: String,
}

impl Adapter for Google {
    fn list(&self, subject: &Subject, patience: Duration) -> Result<Held, String> {
        let mut command = subject.command();
        command.arg("--benchmark_list_tests=true");
        let ended = subject.run(&mut command, Some(patience))?;
        if !ended.status.success() {
            return Err(format!("`--benchmark_list_tests` ended with {}", ended.status));
        }
        let names = ended.stdout.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned);
        Ok(Held { names: names.collect(), ..Held::default() })
    }

    fn measure(
        &self,
        subject: &Subject,
        names: &[String],
        assignment: &Assignment,
        tell: &mut Tell<'_>,
    ) -> Result<Finish, Trouble> {
        let names: Vec<String> = names.iter().map(|name| regex_lite::escape(name)).collect();
        let once = assignment.mode == Mode::Once;
        let least = if once { "0.000001".to_owned() } else { seconds(assignment.slice_ns, 0.8) };
        let mut command = subject.command();
        command.args([
            "--benchmark_format=json",
            &format!("--benchmark_filter=^({})$", names.join("|")),
            &format!("--benchmark_min_time={least}"),
        ]);
        let ended = subject.run(&mut command, None)?;
        if !ended.status.success() {
            return Err(Trouble::Failed(format!("it ended with {}", ended.status)));
        }
        let Samples { iterations, ns, cpu_s, rates } = samples(&ended.stdout)?;
        if once {
            tell(Frame::FirstCall { ns: nanoseconds(ended.wall) })?;
            return Ok(finish(1));
        }
        let count = ns.len() as u64;
        tell(Frame::Samples { iterations, ns })?;
        let mut readings = vec![Reading::new("cpu_time", "s", cpu_s)];
        readings.extend(rates);
        Ok(with_readings(finish(iterations * count), &ended, readings))
    }
}

/// The samples of one benchmark in a report: one for each repetition.
#[derive(Debug, PartialEq)]
struct Samples {
    iterations: u64,
    ns: Vec<u64>,
    /// Processor time per iteration in the first repetition, in seconds.
    cpu_s: f64,
    rates: Option<Reading>,
}

fn samples(json: &str) -> Result<Samples, Trouble> {
    // The benchmark's own output may come before the report.
    let start = json.find("{\n").unwrap_or_default();
    let report: Report = serde_json::from_str(&json[start..])
        .map_err(|error| format!("its report is not JSON of Google Benchmark ({error})"))?;
    let entries: Vec<Entry> = report
        .benchmarks
        .into_iter()
        .filter(|entry| entry.run_type.as_deref().is_none_or(|kind| kind == "iteration"))
        .collect();
    let first = entries.first().ok_or("its report contains no run of the benchmark".to_owned())?;
    if let Some(entry) = entries.iter().find(|entry| entry.skipped) {
        return Err(Trouble::Skipped(entry.skip_message.clone()));
    }
    if let Some(entry) = entries.iter().find(|entry| entry.error_occurred) {
        return Err(Trouble::Failed(entry.error_message.clone()));
    }
    let scale = match first.time_unit.as_str() {
        "ns" => 1.0,
        "us" => 1e3,
        "ms" => 1e6,
        "s" => 1e9,
        unit => {
            return Err(Trouble::Failed(format!(
                "its report has times in `{unit}`, expected ns, us, ms or s"
            )));
        }
    };
    let iterations = entries.iter().map(|entry| entry.iterations).max().unwrap_or_default().max(1);
    let ns: Vec<f64> = entries.iter().map(|entry| entry.real_time * scale * iterations as f64).collect();
    if !ns.iter().all(|ns| ns.is_finite() && *ns >= 0.0) {
        return Err(Trouble::Failed("its report contains a time that is not a number".to_owned()));
    }
    let rates = first
        .items_per_second
        .map(|items| rate("items/s", items))
        .or_else(|| first.bytes_per_second.map(|bytes| rate("bytes/s", bytes)));
    let cpu_s = first.cpu_time * scale / 1e9;
    Ok(Samples { iterations, ns: ns.into_iter().map(|ns| ns.round() as u64).collect(), cpu_s, rates })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_read() {
        let report = r#"said by the benchmark
{
  "context": {"library_version": "v1.9.4"},
  "benchmarks": [
    {"name": "BM_sort/8", "run_type": "iteration", "iterations": 1000, "real_time": 1.25, "cpu_time": 1.2, "time_unit": "us",
     "items_per_second": 6.4e6},
    {"name": "BM_sort/8", "run_type": "iteration", "iterations": 1000, "real_time": 1.5, "cpu_time": 1.2, "time_unit": "us"},
    {"name": "BM_sort/8_mean", "run_type": "aggregate", "iterations": 2, "real_time": 9.0, "cpu_time": 9.0, "time_unit": "us"}
  ]
}"#;
        let read = samples(report).expect("read");
        let rates = Some(rate("items/s", 6.4e6));
        assert_eq!((read.iterations, &read.ns[..], &read.rates), (1000, &[1_250_000, 1_500_000][..], &rates));
        assert!((read.cpu_s - 1.2e-6).abs() < 1e-15);
    }

    #[test]
    fn what_went_wrong_is_told() {
        let of = |entry: &str| samples(&format!("{{\n\"benchmarks\": [{entry}]}}")).expect_err("wrong");
        assert_eq!(
            of(r#"{"error_occurred": true, "error_message": "no file"}"#),
            Trouble::Failed("no file".to_owned())
        );
        assert_eq!(
            of(r#"{"skipped": true, "skip_message": "no GPU"}"#),
            Trouble::Skipped("no GPU".to_owned())
        );
        assert!(matches!(of(""), Trouble::Failed(reason) if reason.contains("no run")));
        assert!(
            matches!(of(r#"{"time_unit": "fortnight"}"#), Trouble::Failed(reason) if reason.contains("fortnight"))
        );
        assert!(matches!(samples("no JSON"), Err(Trouble::Failed(reason)) if reason.contains("not JSON of")));
    }
}
