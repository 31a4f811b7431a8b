//! Draws latency and throughput against the batch: a picture for every model that was measured at two batch sizes or
//! more, in the folder `plots` of a run directory.

use std::collections::{BTreeMap, BTreeSet};

use bench_core::record::CaseRecord;
use bench_core::record::file_name;
use bench_core::report::{Exporter, Outlet};
use bench_core::{Record, RunError, inventory};
use bench_load::report::plot::{self, Chart, Line, Point, Scale};

inventory::submit! { Exporter { name: "plots by batch", export } }

/// The argument that sets how many inputs are computed at once.
const BATCH: &str = "batch";

/// The medians of a benchmark at each batch size, with its other arguments fixed.
struct Series<'a> {
    /// Category and name.
    benchmark: String,
    /// The other arguments.
    others: BTreeMap<&'a str, &'a str>,
    points: Vec<At>,
}

/// The measurements at one batch size, in seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
struct At {
    batch: f64,
    median_s: f64,
    interval_s: Option<(f64, f64)>,
}

fn export(record: &Record, outlet: &Outlet) -> Result<(), RunError> {
    let models: BTreeSet<&str> = record.cases.iter().filter_map(|case| case.model.as_deref()).collect();
    for model in models {
        let series = series(record.cases.iter().filter(|case| case.model.as_deref() == Some(model)));
        if !series.is_empty() {
            let svg = picture(model, &series, &unit(record, model));
            plot::write(outlet, &format!("{}-by-batch", file_name(model)), &svg)?;
        }
    }
    Ok(())
}

/// Returns all benchmarks that were measured at two or more batch sizes.
fn series<'a>(cases: impl Iterator<Item = &'a CaseRecord>) -> Vec<Series<'a>> {
    let mut found: Vec<Series<'a>> = Vec::new();
    for case in cases {
        let Some(batch) = case.arguments.get(BATCH).and_then(|batch| batch.parse().ok()) else { continue };
        let Some(time) = &case.time else { continue };
        let benchmark = format!("{}/{}", case.category, case.name);
        let others = case.arguments.iter().filter(|(name, _)| *name != BATCH);
        let others: BTreeMap<&str, &str> =
            others.map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let interval_s = time.interval_s.map(|interval| (interval.low, interval.high));
        let at = At { batch, median_s: time.median_s.0, interval_s };
        match found.iter_mut().find(|other| other.benchmark == benchmark && other.others == others) {
            Some(series) => series.points.push(at),
            None => found.push(Series { benchmark, others, points: vec![at] }),
        }
    }
    found.retain(|series| series.points.len() > 1);
    found.iter_mut().for_each(|series| series.points.sort_by(|a, b| a.batch.total_cmp(&b.batch)));
    found
}

/// Returns the unit in which batches are counted, such as `images`, or `inputs` if benchmarks of the model use
/// different ones.
fn unit(record: &Record, model: &str) -> String {
    let batches = record.cases.iter().filter(|case| case.model.as_deref() == Some(model));
    let units: BTreeSet<&str> = batches
        .filter_map(|case| {
            let batch: u64 = case.arguments.get(BATCH)?.parse().ok()?;
            // At a batch of 1, a counter that advances by one in each iteration need not count inputs.
            let counter = case.counters.iter().find(|counter| batch > 1 && counter.per_iteration == batch)?;
            Some(counter.unit.as_str())
        })
        .collect();
    match units.into_iter().collect::<Vec<_>>()[..] {
        [unit] => unit.to_owned(),
        _ => "inputs".to_owned(),
    }
}

/// Draws the latency above the throughput.
fn picture(model: &str, series: &[Series<'_>], unit: &str) -> String {
    let benchmarks: BTreeSet<&str> = series.iter().map(|series| series.benchmark.as_str()).collect();
    let common = |name: &&str, value: &&str| series.iter().all(|other| other.others.get(name) == Some(value));
    let label = |series: &Series<'_>| {
        let own = series.others.iter().filter(|(name, value)| !common(name, value));
        let own: Vec<String> = own.map(|(name, value)| format!("{name}={value}")).collect();
        let name = (benchmarks.len() > 1).then(|| series.benchmark.clone());
        let label = name.into_iter().chain(own).collect::<Vec<_>>().join(" ");
        if label.is_empty() { "measured".to_owned() } else { label }
    };
    // The name and arguments that all series share stand in the note, not in every line of the legend.
    let mut said: Vec<String> = Vec::new();
    if benchmarks.len() == 1 {
        said.extend(benchmarks.iter().map(ToString::to_string));
    }
    if let Some(first) = series.first() {
        let shared = first.others.iter().filter(|(name, value)| common(name, value));
        said.extend(shared.map(|(name, value)| format!("{name}={value}")));
    }
    // A point without an interval is the least certain one: the note explains its hollow mark.
    if series.iter().flat_map(|series| &series.points).any(|at| at.interval_s.is_none()) {
        said.push("hollow: a single round".to_owned());
    }
    let note = said.join(" · ");
    let batches = || series.iter().flat_map(|series| &series.points).map(|at| at.batch);
    let chart = |title: String, y: Scale, point: fn(&At) -> Point| Chart {
        title,
        note: note.clone(),
        x: Scale::setting("batch", batches()),
        y,
        lines: series
            .iter()
            .map(|series| Line {
                label: label(series),
                points: series.points.iter().map(point).collect(),
                ..Line::default()
            })
            .collect(),
    };
    let latency = chart(format!("{model}: latency by batch"), Scale::values("latency", "s"), |at| Point {
        x: at.batch,
        y: at.median_s,
        bounds: at.interval_s,
        hollow: at.interval_s.is_none(),
        ..Point::default()
    });
    let rate = format!("{unit}/s");
    let throughput =
        chart(format!("{model}: throughput by batch"), Scale::values("throughput", &rate), |at| Point {
            x: at.batch,
            y: at.batch / at.median_s,
            bounds: at.interval_s.map(|(low, high)| (at.batch / high, at.batch / low)),
            hollow: at.interval_s.is_none(),
            ..Point::default()
        });
    Chart::stacked(&format!("{model} by batch"), &[latency, throughput])
}

#[cfg(test)]
mod tests {
    use bench_core::Category;
    use bench_core::record::Counter;

    use super::*;

    fn case(name: &str, arguments: &[(&str, &str)], median_s: f64) -> CaseRecord {
        let time = serde_json::json!({
            "median_s": median_s, "interval_s": null, "mean_s": median_s, "standard_deviation_s": null,
            "min_s": median_s, "max_s": median_s, "p95": {"value_s": median_s, "supported": false},
            "p99": {"value_s": median_s, "supported": false}, "spread_between_rounds": null, "samples": 1,
            "rounds": 1, "iterations": 1
        });
        let arguments: BTreeMap<String, String> =
            arguments.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let batch = arguments.get(BATCH).and_then(|batch| batch.parse().ok()).unwrap_or(1);
        let mut case = CaseRecord::blank("m/performance/x", Category::Performance);
        case.model = Some("m".to_owned());
        case.name = name.to_owned();
        case.arguments = arguments;
        case.time = serde_json::from_value(time).expect("a time");
        case.counters = vec![Counter { unit: "images".to_owned(), per_iteration: batch }];
        case
    }

    #[test]
    fn a_series_is_of_one_benchmark_while_its_other_arguments_stay() {
        let cases = [
            case("forward", &[("batch", "8"), ("dtype", "f32")], 0.4),
            case("forward", &[("batch", "1"), ("dtype", "f32")], 0.1),
            case("forward", &[("batch", "1"), ("dtype", "f16")], 0.2),
            case("other", &[("batch", "8"), ("dtype", "f32")], 0.3),
            case("other", &[("dtype", "f32")], 0.3),
        ];
        let series = series(cases.iter());
        assert_eq!(series.len(), 1, "one was measured at two batches");
        let at = |batch, median_s| At { batch, median_s, interval_s: None };
        assert_eq!(series[0].points, [at(1.0, 0.1), at(8.0, 0.4)]);
    }

    #[test]
    fn the_picture_says_once_what_all_lines_have_in_common() {
        let cases = ["f32", "f16"].into_iter().flat_map(|dtype| {
            ["1", "2"]
                .map(|batch| case("forward", &[("batch", batch), ("dtype", dtype), ("device", "cpu")], 0.1))
        });
        let cases: Vec<CaseRecord> = cases.collect();
        let svg = picture("m", &series(cases.iter()), "images");
        for wanted in ["m: latency by batch", "m: throughput by batch", "images/s", "dtype=f16", "dtype=f32"]
        {
            assert!(svg.contains(wanted), "{wanted} is not in {svg}");
        }
        // Twice: one for each chart.
        assert_eq!(svg.matches("performance/forward · device=cpu").count(), 4, "with its title: {svg}");
        assert!(!svg.contains("dtype=f32 device=cpu"), "{svg}");
        assert!(svg.contains("hollow: a single round"), "{svg}");
        assert_eq!(svg.matches("fill=\"#ffffff\" stroke=").count(), 8, "each of four cases, twice: {svg}");
    }
}
