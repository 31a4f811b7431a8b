//! Real series of CI runners on practically constant code.
//!
//! The folder holds `gha-benchmark-ghpages/data.json` (the published results of github-action-benchmark's own
//! examples, entries of runs with `date` and `benches` of `name`, `unit`, `value`) and
//! `git-perf-notes/measurements.tsv.gz` (commit, date, …, name, timestamp, value, `key=value;…`). Where one is
//! missing, it is left out.
//!
//! Neither says on which processor a run took place. The runs of a suite took place on the same machine, so
//! another case of it tells the machine apart: a *class* of runs are those where the other case agrees to 1.5 %.
//! That takes changes of the toolchain for other machines too, which is what they are to a history.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use bench_core::stats::{median, sorted};
use serde::Deserialize;

use crate::method::{Method, spread};
use crate::table::Table;

/// Which half of the series: settings are chosen on one, and judged on the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Half {
    Fit,
    Report,
}

impl Half {
    /// Suites are dealt out by turns, all cases of one together.
    fn holds(self, suite: usize) -> bool {
        suite.is_multiple_of(2) == (self == Half::Fit)
    }
}

/// Runs of several cases, each in the order of time.
struct Suite {
    name: String,
    cases: BTreeMap<String, BTreeMap<String, f64>>,
}

#[derive(Deserialize)]
struct Published {
    date: u64,
    benches: Vec<PublishedCase>,
}

#[derive(Deserialize)]
struct PublishedCase {
    name: String,
    value: f64,
    unit: String,
}

/// Fewer runs than this are no history.
const FEWEST: usize = 60;

pub(crate) fn table(folder: &Path, half: Half) -> Result<String, String> {
    let mut suites = published(folder)?;
    suites.extend(git_notes(folder)?);
    if suites.is_empty() {
        return Err(format!("{}: no series there: see the first lines of real.rs", folder.display()));
    }
    let mut raw = Vec::new();
    let mut separated = Vec::new();
    for (_, suite) in suites.iter().enumerate().filter(|(number, _)| half.holds(*number)) {
        for (name, runs) in &suite.cases {
            let values: Vec<f64> = runs.values().copied().collect();
            if values.len() >= FEWEST {
                raw.push(values);
            }
            separated.extend(classes(suite, name).into_iter().filter(|values| values.len() >= FEWEST / 2));
        }
    }
    let names: Vec<&str> = suites
        .iter()
        .enumerate()
        .filter(|(number, _)| half.holds(*number))
        .map(|(_, suite)| suite.name.as_str())
        .collect();
    let mut table = Table::new(
        ["series", "how many", "runs", "median spread"]
            .into_iter()
            .map(str::to_owned)
            .chain(Method::ALL.iter().map(|method| method.name().to_owned())),
    );
    for (name, series) in [("as they are", &raw), ("machine classes apart", &separated)] {
        let runs: usize = series.iter().map(Vec::len).sum();
        let spreads: Vec<f64> =
            series.iter().filter_map(|values| Some(spread(values) / median(&sorted(values))?)).collect();
        let cells = Method::ALL.iter().map(|method| {
            let alarms: usize = series.iter().map(|values| method.alarms(values).len()).sum();
            format!("{:.2}", alarms as f64 * 1000.0 / runs.max(1) as f64)
        });
        table.push(
            [
                name.to_owned(),
                series.len().to_string(),
                runs.to_string(),
                format!("{:.2} %", median(&sorted(&spreads)).unwrap_or(0.0) * 100.0),
            ]
            .into_iter()
            .chain(cells),
        );
    }
    Ok(table.render(&format!("Alarms in 1000 runs of practically constant code ({}):", names.join(", "))))
}

/// The runs of a case, divided by what the suite's other case says of the machine.
fn classes(suite: &Suite, name: &str) -> Vec<Vec<f64>> {
    const NEAR: f64 = 0.015;
    let runs = &suite.cases[name];
    let other = suite
        .cases
        .iter()
        .filter(|(case, _)| case.as_str() != name)
        .max_by_key(|(_, other)| other.keys().filter(|run| runs.contains_key(*run)).count());
    let Some((_, other)) = other else { return Vec::new() };
    let mut left: Vec<(f64, &String)> = runs
        .keys()
        .filter_map(|run| other.get(run).filter(|value| **value > 0.0).map(|value| (value.ln(), run)))
        .collect();
    left.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut classes = Vec::new();
    // The densest neighbourhood first.
    while let Some((from, to)) = (0..left.len())
        .map(|from| (from, left.partition_point(|(value, _)| *value <= left[from].0 + 2.0 * NEAR)))
        .max_by_key(|(from, to)| to - from)
        .filter(|(from, to)| to - from >= FEWEST / 2)
    {
        let mut members: Vec<&String> = left.drain(from..to).map(|(_, run)| run).collect();
        members.sort();
        classes.push(members.into_iter().map(|run| runs[run]).collect());
    }
    classes
}

fn published(folder: &Path) -> Result<Vec<Suite>, String> {
    let path = folder.join("gha-benchmark-ghpages/data.json");
    if !path.exists() {
        return Ok(Vec::new());
    }
    let bytes = std::fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let suites: BTreeMap<String, Vec<Published>> =
        serde_json::from_slice(&bytes).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(suites
        .into_iter()
        .map(|(name, runs)| {
            let mut cases: BTreeMap<String, BTreeMap<String, f64>> = BTreeMap::new();
            for run in runs {
                for case in run.benches.into_iter().filter(|case| case.value > 0.0) {
                    let key = format!("{} {}", case.name, case.unit);
                    // Whole nanoseconds of 3 to 8 are no figures.
                    if case.value >= 20.0 || case.unit.contains('s') && !case.unit.starts_with("ns") {
                        cases.entry(key).or_default().insert(format!("{:014}", run.date), case.value);
                    }
                }
            }
            Suite { name, cases }
        })
        .collect())
}

fn git_notes(folder: &Path) -> Result<Vec<Suite>, String> {
    let path = folder.join("git-perf-notes/measurements.tsv.gz");
    if !path.exists() {
        return Ok(Vec::new());
    }
    let file = std::fs::File::open(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let mut text = String::new();
    flate2::read::GzDecoder::new(file)
        .read_to_string(&mut text)
        .map_err(|error| format!("{}: {error}", path.display()))?;
    // Repetitions of one commit are one run; a suite is what one job measured.
    let mut samples: BTreeMap<(String, String, String), Vec<f64>> = BTreeMap::new();
    for line in text.lines().skip(1) {
        let fields: Vec<&str> = line.split('\t').collect();
        let [commit, date, _, name, _, value, keys] = fields[..] else { continue };
        let mut labels: Vec<&str> =
            keys.split(';').filter(|pair| pair.starts_with("os=") || pair.starts_with("rust=")).collect();
        labels.sort_unstable();
        let constant =
            name.starts_with("bench::fibonacci") && name.ends_with("median") || name == "test-measure2";
        if let (true, Ok(value)) = (constant && labels.len() == 2, value.parse()) {
            let key = (labels.join(" "), name.to_owned(), format!("{date} {commit}"));
            samples.entry(key).or_default().push(value);
        }
    }
    let mut suites: BTreeMap<String, Suite> = BTreeMap::new();
    for ((labels, name, run), values) in samples {
        let name_of_suite = format!("git-perf {labels}");
        let suite = suites
            .entry(name_of_suite.clone())
            .or_insert_with(|| Suite { name: name_of_suite, cases: BTreeMap::new() });
        if let Some(value) = median(&sorted(&values)) {
            suite.cases.entry(name).or_default().insert(run, value);
        }
    }
    Ok(suites.into_values().collect())
}
