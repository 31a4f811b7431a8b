//! `summary.csv`: one row for each case, with units in the header.

use std::io::{self, Write};

use bench_record::{CaseCounts, CaseRecord, Metric, Outcome, Record, Status};
use bench_report::{CsvTable, Exporter};
use bench_syntax::quantity::Seconds;

inventory::submit! {
    Exporter { name: "summary.csv", export: |record, outlet| outlet.write("summary.csv", |out| write(record, out)) }
}

/// The columns of every run; the readings of probes follow, one column for each metric.
const HEADER: [&str; 40] = [
    "run",
    "timestamp",
    "case",
    "model",
    "category",
    "name",
    "arguments",
    "status",
    "median_s",
    "median_low_s",
    "median_high_s",
    "mean_s",
    "standard_deviation_s",
    "min_s",
    "max_s",
    "p95_s",
    "p95_supported",
    "p99_s",
    "p99_supported",
    "samples",
    "rounds",
    "iterations",
    "first_call_s",
    "load_s",
    "cpu_time_s",
    "peak_memory_bytes",
    "instructions",
    "estimated_cycles",
    "l1_hits",
    "ll_hits",
    "ram_hits",
    "first_call_instructions",
    "metric",
    "metric_unit",
    "metric_value",
    "targets_met",
    "targets_missed",
    "targets_unsure",
    "reason",
    "warnings",
];

fn write(record: &Record, out: &mut dyn Write) -> io::Result<()> {
    let mut csv = CsvTable::new(out);
    let observed = observed(record);
    csv.row(HEADER.into_iter().map(str::to_owned).chain(observed.iter().map(|kind| column(kind))))?;
    for case in &record.cases {
        let value = |kind: &&Metric| {
            let same = case.observed.iter().find(|metric| metric.name == kind.name);
            same.map(|metric| metric.value.to_string()).unwrap_or_default()
        };
        csv.row(row(record, case).into_iter().chain(observed.iter().map(value)))?;
    }
    csv.flush()
}

/// Returns the metrics of all cases that have no column of their own, by name.
fn observed(record: &Record) -> Vec<&Metric> {
    const OWN: [&str; 2] = ["cpu_time", "peak_memory"];
    let mut kinds: Vec<&Metric> = record.cases.iter().flat_map(|case| &case.observed).collect();
    kinds.retain(|metric| !OWN.contains(&metric.name.as_str()));
    kinds.sort_by(|a, b| a.name.cmp(&b.name));
    kinds.dedup_by(|a, b| a.name == b.name);
    kinds
}

/// Returns the name of a metric's column, with the unit: `cpu_time_user_s`, `memory_growth_bytes_per_iteration`,
/// `allocations_per_iteration`.
fn column(metric: &Metric) -> String {
    match metric.unit.as_str() {
        "1" => metric.name.clone(),
        unit => format!("{}_{}", metric.name, unit.replace('/', "_per_").trim_start_matches("1_")),
    }
}

fn row(record: &Record, case: &CaseRecord) -> [String; HEADER.len()] {
    let arguments: Vec<String> =
        case.arguments.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let time = case.time.as_ref();
    let text = |value: Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
    let seconds = |value: Option<Seconds>| text(value.map(|seconds| seconds.0));
    let interval = time.and_then(|time| time.interval_s);
    let count = |of: fn(&CaseCounts) -> u64| {
        case.counts.as_ref().map(|counts| of(counts).to_string()).unwrap_or_default()
    };
    let metric = case.metrics.first();
    let targets =
        |outcome: Outcome| case.targets.iter().filter(|result| result.outcome == outcome).count().to_string();
    let reason = case
        .failure
        .as_ref()
        .map(ToString::to_string)
        .or_else(|| case.skip_reason.as_ref().map(|reason| format!("skipped: {reason}")))
        .unwrap_or_default();
    [
        record.run.clone(),
        record.timestamp.clone(),
        case.id.clone(),
        case.model.clone().unwrap_or_default(),
        case.category.to_string(),
        case.name.clone(),
        arguments.join(";"),
        status(case.status).to_owned(),
        seconds(time.map(|time| time.median_s)),
        text(interval.map(|interval| interval.low)),
        text(interval.map(|interval| interval.high)),
        seconds(time.map(|time| time.mean_s)),
        seconds(time.and_then(|time| time.standard_deviation_s)),
        seconds(time.map(|time| time.min_s)),
        seconds(time.map(|time| time.max_s)),
        seconds(time.map(|time| time.p95.value_s)),
        time.map(|time| time.p95.supported.to_string()).unwrap_or_default(),
        seconds(time.map(|time| time.p99.value_s)),
        time.map(|time| time.p99.supported.to_string()).unwrap_or_default(),
        time.map(|time| time.samples.to_string()).unwrap_or_default(),
        time.map(|time| time.rounds.to_string()).unwrap_or_default(),
        time.map(|time| time.iterations.to_string()).unwrap_or_default(),
        seconds(case.first_call_s),
        seconds(case.load_s),
        seconds(case.cpu_time_s),
        case.peak_memory_bytes.map(|bytes| bytes.0.to_string()).unwrap_or_default(),
        count(|counts| counts.iteration.instructions),
        count(|counts| counts.iteration.estimated_cycles),
        count(|counts| counts.iteration.l1_hits),
        count(|counts| counts.iteration.ll_hits),
        count(|counts| counts.iteration.ram_hits),
        count(|counts| counts.first_call.instructions),
        metric.map(|metric| metric.name.clone()).unwrap_or_default(),
        metric.map(|metric| metric.unit.clone()).unwrap_or_default(),
        text(metric.map(|metric| metric.value)),
        targets(Outcome::Met),
        targets(Outcome::Missed),
        targets(Outcome::Unsure),
        reason,
        case.warnings.join("; "),
    ]
}

fn status(status: Status) -> &'static str {
    match status {
        Status::Ok => "ok",
        Status::Failed => "failed",
        Status::Skipped => "skipped",
        Status::NotRun => "not_run",
    }
}
