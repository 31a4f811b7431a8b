//! `comparison.csv`: benchmarks of one field side by side, a row a metric and benchmark.

use std::io::{self, Write};

use bench_core::Record;
use bench_core::domain::{Better, Metric};
use bench_core::inventory;
use bench_core::report::Exporter;

use super::best::{Best, best};
use super::group::{Group, groups};

inventory::submit! {
    Exporter {
        name: "comparison.csv",
        export: |record, outlet| match side_by_side(&groups(record)) {
            fields if fields.is_empty() => Ok(()),
            fields => outlet.write("comparison.csv", |out| write(record, &fields, out)),
        },
    }
}

const HEADER: [&str; 12] = [
    "run",
    "domain",
    "metric",
    "unit",
    "better",
    "benchmark",
    "best_at_level",
    "value",
    "interval_low",
    "interval_high",
    "supported",
    // 1 for the best benchmark, less for the others.
    "share_of_best",
];

/// The benchmarks of each field of which there are several.
fn side_by_side<'a, 'b>(groups: &'a [Group<'b>]) -> Vec<Vec<&'a Group<'b>>> {
    let mut fields: Vec<Vec<&Group<'_>>> = Vec::new();
    for group in groups {
        match fields.iter_mut().find(|field| field[0].domain == group.domain) {
            Some(field) => field.push(group),
            None => fields.push(vec![group]),
        }
    }
    fields.retain(|field| field.len() > 1);
    fields
}

fn write(record: &Record, fields: &[Vec<&Group<'_>>], out: &mut dyn Write) -> io::Result<()> {
    let mut csv = csv::Writer::from_writer(out);
    csv.write_record(HEADER)?;
    for field in fields {
        let found: Vec<(String, Vec<Best<'_>>)> =
            field.iter().map(|group| (group.id(), best(group))).collect();
        let mut names: Vec<&str> = Vec::new();
        for best in found.iter().flat_map(|(_, bests)| bests) {
            if !names.contains(&best.metric.name.as_str()) {
                names.push(&best.metric.name);
            }
        }
        for name in names {
            let of = || {
                found
                    .iter()
                    .filter_map(|(id, bests)| Some((id, bests.iter().find(|best| best.metric.name == name)?)))
            };
            let top = of().map(|(_, best)| best.metric).reduce(better_of);
            for (id, best) in of() {
                csv.write_record(row(record, &field[0].domain, id, best, top))?;
            }
        }
    }
    csv.flush()
}

fn better_of<'a>(a: &'a Metric, b: &'a Metric) -> &'a Metric {
    let b_is_better = match a.better {
        Better::Higher => b.value > a.value,
        Better::Lower => b.value < a.value,
    };
    if b_is_better { b } else { a }
}

fn row(
    record: &Record,
    domain: &str,
    id: &str,
    best: &Best<'_>,
    top: Option<&Metric>,
) -> [String; HEADER.len()] {
    let metric = best.metric;
    let share = top.map(|top| match metric.better {
        Better::Higher => metric.value / top.value,
        Better::Lower => top.value / metric.value,
    });
    let number = |value: Option<f64>| {
        value.filter(|value| value.is_finite()).map(|value| value.to_string()).unwrap_or_default()
    };
    [
        record.run.clone(),
        domain.to_owned(),
        metric.name.clone(),
        metric.unit.clone(),
        match metric.better {
            Better::Higher => "higher",
            Better::Lower => "lower",
        }
        .to_owned(),
        id.to_owned(),
        best.level.label.clone(),
        number(Some(metric.value)),
        number(metric.interval.map(|interval| interval.low)),
        number(metric.interval.map(|interval| interval.high)),
        metric.supported.map(|supported| supported.to_string()).unwrap_or_default(),
        number(share),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture::{case, closed, record};

    fn rows(record: &Record) -> Vec<csv::StringRecord> {
        let groups = groups(record);
        let mut out = Vec::new();
        write(record, &side_by_side(&groups), &mut out).expect("written");
        csv::Reader::from_reader(out.as_slice()).records().map(|row| row.expect("a row")).collect()
    }

    #[test]
    fn each_benchmark_stands_beside_the_best() {
        let record = record(vec![
            case("a/performance/speak", vec![vec![closed(1)]]),
            case("b/performance/speak", vec![vec![closed(1), closed(8)]]),
        ]);
        let rows = rows(&record);
        let asps: Vec<_> = rows.iter().filter(|row| &row[2] == "ASPS").collect();
        assert_eq!(
            asps.iter().map(|row| &row[5]).collect::<Vec<_>>(),
            ["a/performance/speak", "b/performance/speak"]
        );
        assert_eq!((&asps[1][6], &asps[1][11]), ("concurrency 8", "1"));
        let value = |row: &csv::StringRecord, at: usize| row[at].parse::<f64>().expect("a number");
        let share = value(asps[0], 7) / value(asps[1], 7);
        assert!((value(asps[0], 11) - share).abs() < 1e-12 && share < 1.0);
        // Of a latency, which is better where it is lower, a lone client has the best.
        let p50: Vec<_> = rows.iter().filter(|row| &row[2] == "latency p50").collect();
        assert!(p50.iter().all(|row| &row[11] == "1" && &row[4] == "lower"), "{p50:?}");
    }

    #[test]
    fn a_benchmark_alone_has_nothing_beside_it() {
        let record = record(vec![case("a/performance/speak", vec![vec![closed(1), closed(8)]])]);
        assert!(side_by_side(&groups(&record)).is_empty());
    }
}
