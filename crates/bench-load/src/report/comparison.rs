//! `comparison.csv`: benchmarks with the same primary metric, and an earlier run, side by side.

use std::io::{self, Write};

use bench_core::inventory;
use bench_protocol::Better;
use bench_record::{Metric, Record};
use bench_report::{CsvTable, Exporter};

use super::best::notable;
use super::group::{Group, GroupLevel, Setting, groups};
use super::levels_csv::number;

inventory::submit! {
    Exporter {
        name: "comparison.csv",
        export: |record, outlet| match sides(record, outlet.baseline()) {
            sides if sides.is_empty() => Ok(()),
            sides => outlet.write("comparison.csv", |out| write(&sides, out)),
        },
    }
}

const HEADER: [&str; 16] = [
    "run",
    "benchmark",
    "level",
    "setting",
    "at",
    "metric",
    "unit",
    "better",
    "value",
    "low",
    "high",
    "supported",
    "valid",
    "harness_bound",
    "ratio_to_first_benchmark",
    "ratio_to_earlier_run",
];

/// One side of a comparison.
#[derive(Debug)]
pub(super) struct Side<'a> {
    /// Its run.
    pub(super) run: &'a str,
    /// Whether it is the earlier run, with which this one is compared.
    pub(super) earlier: bool,
    /// Its levels.
    pub(super) group: Group<'a>,
}

impl Side<'_> {
    fn level(&self, label: &str) -> Option<&GroupLevel<'_>> {
        self.group.levels.iter().find(|level| level.label == label)
    }
}

/// Returns the groups of `record` that can be compared: with another group of the same primary metric, or with the
/// same benchmark in the run `baseline`, which then comes first.
pub(super) fn sides<'a>(record: &'a Record, baseline: Option<&'a Record>) -> Vec<Side<'a>> {
    let mut earlier = baseline.map(groups).unwrap_or_default();
    let mut sides = Vec::new();
    for group in groups(record) {
        let same = |other: &Group<'_>| (other.id(), &other.primary) == (group.id(), &group.primary);
        if let (Some(place), Some(baseline)) = (earlier.iter().position(same), baseline) {
            sides.push(Side { run: &baseline.run, earlier: true, group: earlier.swap_remove(place) });
        }
        sides.push(Side { run: &record.run, earlier: false, group });
    }
    let primaries: Vec<String> = sides.iter().map(|side| side.group.primary.clone()).collect();
    sides.retain(|side| primaries.iter().filter(|primary| **primary == side.group.primary).count() > 1);
    sides
}

fn write(sides: &[Side<'_>], out: &mut dyn Write) -> io::Result<()> {
    let mut csv = CsvTable::new(out);
    csv.row(HEADER)?;
    for side in sides {
        let same_field = |other: &&Side<'_>| other.group.primary == side.group.primary;
        let first = sides.iter().filter(same_field).find(|other| !other.earlier);
        let before = sides.iter().find(|other| other.earlier && other.group.id() == side.group.id());
        for level in &side.group.levels {
            for metric in notable(&side.group).iter().filter_map(|name| level.level.metric(name)) {
                let beside = |other: Option<&Side<'_>>| ratio(metric, other?.level(&level.label)?);
                let ratios =
                    [beside(first), beside(before)].map(|ratio| number(ratio.filter(|_| !side.earlier)));
                csv.row(row(side, level, metric).into_iter().chain(ratios))?;
            }
        }
    }
    csv.flush()
}

/// Returns the metric as a multiple of the same one at another level; `None` if that level lacks it, or if it is 0
/// there.
fn ratio(metric: &Metric, other: &GroupLevel<'_>) -> Option<f64> {
    other.value(&metric.name).filter(|value| *value != 0.0).map(|value| metric.value / value)
}

fn row(side: &Side<'_>, level: &GroupLevel<'_>, metric: &Metric) -> [String; HEADER.len() - 2] {
    let validity = &level.level.validity;
    [
        side.run.to_owned(),
        side.group.id(),
        level.label.clone(),
        match side.group.setting {
            Setting::Concurrency => "concurrency",
            Setting::Rate => "rate_req_per_s",
            Setting::Order => "",
        }
        .to_owned(),
        number(level.at),
        metric.name.clone(),
        metric.unit.clone(),
        match metric.better {
            Better::Higher => "higher",
            Better::Lower => "lower",
        }
        .to_owned(),
        number(Some(metric.value)),
        number(metric.interval.map(|interval| interval.low)),
        number(metric.interval.map(|interval| interval.high)),
        metric.supported.map(|supported| supported.to_string()).unwrap_or_default(),
        if validity.valid { "VALID" } else { "INVALID" }.to_owned(),
        validity.harness_bound.to_string(),
    ]
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::report::fixture::{case, closed, record};

    fn of(names: &[&str], asps: f64) -> Record {
        let level = |concurrency| {
            let mut level = closed(concurrency);
            level.metrics[0].value = asps;
            level
        };
        record(names.iter().map(|name| case(name, vec![vec![level(1), level(4)]])).collect())
    }

    fn rows(sides: &[Side<'_>]) -> Vec<HashMap<String, String>> {
        let mut bytes = Vec::new();
        write(sides, &mut bytes).expect("written");
        let mut csv = csv::Reader::from_reader(bytes.as_slice());
        csv.deserialize().map(|row| row.expect("a row")).collect()
    }

    #[test]
    fn benchmarks_of_one_field_are_compared_with_the_first() {
        let mut record = of(&["a/performance/speak", "b/performance/speak"], 5.0);
        for level in &mut record.cases[1].rounds[0].served.as_mut().expect("levels").levels {
            level.metrics[0].value = 10.0;
        }
        let rows = rows(&sides(&record, None));
        let ratio = |benchmark: &str| {
            let of = |row: &&HashMap<String, String>| {
                (row["benchmark"].as_str(), row["level"].as_str(), row["metric"].as_str())
                    == (benchmark, "concurrency 4", "ASPS")
            };
            let row = rows.iter().find(of).expect("a row");
            (row["ratio_to_first_benchmark"].clone(), row["ratio_to_earlier_run"].clone(), row["at"].clone())
        };
        assert_eq!(ratio("a/performance/speak"), ("1".to_owned(), String::new(), "4".to_owned()));
        assert_eq!(ratio("b/performance/speak"), ("2".to_owned(), String::new(), "4".to_owned()));
        assert!(
            rows.iter()
                .any(|row| row["metric"] == "TTFA p95" && row["unit"] == "s" && row["better"] == "lower")
        );
    }

    #[test]
    fn a_benchmark_is_compared_with_itself_in_an_earlier_run() {
        let (now, mut before) =
            (of(&["a/performance/speak"], 6.0), of(&["a/performance/speak", "x/unit/y"], 4.0));
        before.run = "before".to_owned();
        let sides = sides(&now, Some(&before));
        let told: Vec<(&str, bool)> = sides.iter().map(|side| (side.run, side.earlier)).collect();
        assert_eq!(told, [("before", true), (now.run.as_str(), false)]);
        let asps: Vec<String> = rows(&sides)
            .into_iter()
            .filter(|row| row["metric"] == "ASPS" && row["level"] == "concurrency 1")
            .map(|row| row["ratio_to_earlier_run"].clone())
            .collect();
        assert_eq!(asps, ["", "1.5"]);
    }

    #[test]
    fn what_stands_alone_is_not_compared() {
        assert!(sides(&of(&["a/performance/speak"], 1.0), None).is_empty());
        let other = of(&["b/performance/speak"], 1.0);
        assert!(sides(&of(&["a/performance/speak"], 1.0), Some(&other)).is_empty());
    }
}
