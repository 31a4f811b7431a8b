//! Real series of CI runners on practically constant code.
//!
//! The folder holds `gha-benchmark-ghpages/data.json` (the published results of github-action-benchmark's own examples,
//! entries of runs with `date` and `benches` of `name`, `unit`, `value`) and `git-perf-notes/measurements.tsv.gz`
//! (commit, date, …, name, timestamp, value, `key=value;…`). A file that is missing is left out.
//!
//! Neither file contains the processor of a run. The cases of a suite ran on the same machine, so another case of the
//! suite distinguishes the machines: runs in which the other case agrees to 1.5 % form a *class*. Nor do the files
//! contain the toolchains; [`build`] derives them.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use bench_history::change::FEWEST;
use bench_stats::{median, nearest_rank, sorted};
use serde::Deserialize;

use crate::method::{Method, spread};
use crate::random::Random;
use crate::table::Table;
use crate::toolchain::{GIT_PERF, build};

/// The half of the series: settings are chosen on one half, and judged on the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Half {
    Fit,
    Report,
}

impl Half {
    /// Whether a suite belongs to this half. Suites alternate between the halves, with all their cases.
    fn holds(self, suite: usize) -> bool {
        suite.is_multiple_of(2) == (self == Half::Fit)
    }
}

/// Runs of several cases. The key of a run is its time (RFC 3339) and, after a space, a text that distinguishes it from
/// others of the same time.
struct Suite {
    name: String,
    cases: BTreeMap<String, BTreeMap<String, f64>>,
}

/// A case of a suite, and its runs in the order of time.
struct Series {
    name: String,
    values: Vec<f64>,
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

/// The properties that keep runs in separate series.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Apart {
    Cases,
    Machines,
    MachinesAndBuilds,
}

pub(crate) fn table(folder: &Path, half: Half, methods: &[Method]) -> Result<String, String> {
    let suites: Vec<Suite> = suites(folder)?
        .into_iter()
        .enumerate()
        .filter(|(number, _)| half.holds(*number))
        .map(|(_, suite)| suite)
        .collect();
    let mut table = Table::new(
        ["series", "how many", "runs", "median spread"]
            .into_iter()
            .map(str::to_owned)
            .chain(methods.iter().map(|method| method.name().to_owned())),
    );
    let finest = series(&suites, Apart::MachinesAndBuilds);
    for (name, series, shuffles) in [
        ("as they are", &series(&suites, Apart::Cases), 0),
        ("machine classes apart", &series(&suites, Apart::Machines), 0),
        ("machine classes and builds apart", &finest, 0),
        ("the same, shuffled in blocks of five", &finest, 200),
    ] {
        let spreads: Vec<f64> = series
            .iter()
            .filter_map(|one| Some(spread(&one.values) / median(&sorted(&one.values))?))
            .collect();
        let runs: usize = series.iter().map(|one| one.values.len()).sum();
        let cells = methods.iter().map(|method| {
            // E-divisive is slow.
            let shuffles = if matches!(method, Method::EDivisive) { shuffles / 100 } else { shuffles };
            let alarms: usize = if shuffles == 0 {
                series.iter().map(|one| method.alarms(&one.values).len()).sum()
            } else {
                let mut random = Random::seeded(1);
                let all = (0..shuffles).flat_map(|_| series);
                all.map(|one| method.alarms(&shuffled(&one.values, &mut random)).len()).sum()
            };
            format!("{:.2}", alarms as f64 * 1000.0 / (runs * shuffles.max(1)).max(1) as f64)
        });
        table.push(
            [
                name.to_owned(),
                series.len().to_string(),
                (runs * shuffles.max(1)).to_string(),
                format!("{:.2} %", median(&sorted(&spreads)).unwrap_or(0.0) * 100.0),
            ]
            .into_iter()
            .chain(cells),
        );
    }
    let names: Vec<&str> = suites.iter().map(|suite| suite.name.as_str()).collect();
    Ok(table.render(&format!("Alarms in 1000 runs of practically constant code ({}):", names.join(", "))))
}

/// Returns one line for each series, with separate series for machine classes and builds: its name, ` | `, and its
/// values to five digits.
pub(crate) fn lines(folder: &Path) -> Result<String, String> {
    let line = |one: &Series| {
        // Parsing and printing again removes digits that are not needed.
        let digits =
            |value: &f64| format!("{value:.4e}").parse::<f64>().map_or(String::new(), |v| v.to_string());
        format!("{} | {}\n", one.name, one.values.iter().map(digits).collect::<Vec<_>>().join(" "))
    };
    Ok(series(&suites(folder)?, Apart::MachinesAndBuilds).iter().map(line).collect())
}

fn suites(folder: &Path) -> Result<Vec<Suite>, String> {
    let mut suites = published(folder)?;
    suites.extend(git_notes(folder)?);
    if suites.is_empty() {
        return Err(format!("{}: no series there: see the first lines of real.rs", folder.display()));
    }
    Ok(suites)
}

/// Returns all series that are long enough for a change to be found.
fn series(suites: &[Suite], apart: Apart) -> Vec<Series> {
    let mut all = Vec::new();
    for suite in suites {
        for (case, runs) in &suite.cases {
            let mut builds: BTreeMap<Option<[usize; 3]>, Vec<&String>> = BTreeMap::new();
            for run in runs.keys() {
                let time = run.split(' ').next().unwrap_or_default();
                let key = if apart == Apart::MachinesAndBuilds { build(&suite.name, time) } else { None };
                builds.entry(key).or_default().push(run);
            }
            let lines = builds.into_values().flat_map(|members| match apart {
                Apart::Cases => vec![members],
                Apart::Machines | Apart::MachinesAndBuilds => machines(suite, case, &members),
            });
            all.extend(lines.filter(|line| line.len() >= FEWEST).map(|line| Series {
                name: format!("{} | {case}", suite.name),
                values: line.into_iter().map(|run| runs[run]).collect(),
            }));
        }
    }
    all
}

/// Returns the runs of a case, divided into machines by another case of the suite: the one that differs most between
/// machines.
fn machines<'a>(suite: &Suite, case: &str, members: &[&'a String]) -> Vec<Vec<&'a String>> {
    const NEAR: f64 = 0.015;
    let of_members = |other: &BTreeMap<String, f64>| -> Vec<f64> {
        sorted(&members.iter().filter_map(|run| other.get(*run)).copied().collect::<Vec<_>>())
    };
    let width = |values: &[f64]| {
        nearest_rank(values, 0.9).zip(nearest_rank(values, 0.1)).map_or(0.0, |(high, low)| high / low)
    };
    let others: Vec<_> = suite
        .cases
        .iter()
        .filter(|(name, _)| *name != case)
        .map(|(_, other)| (other, of_members(other)))
        .collect();
    let most = others.iter().map(|(_, values)| values.len()).max().unwrap_or(0);
    let telling = others
        .iter()
        .filter(|(_, values)| 10 * values.len() >= 9 * most)
        .max_by(|(_, a), (_, b)| width(a).total_cmp(&width(b)));
    let Some((other, _)) = telling else { return Vec::new() };
    let mut left: Vec<(f64, &String)> =
        members.iter().filter_map(|run| other.get(*run).map(|value| (value.ln(), *run))).collect();
    left.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut classes = Vec::new();
    // The densest neighbourhood first.
    while let Some((from, to)) = (0..left.len())
        .map(|from| (from, left.partition_point(|(value, _)| *value <= left[from].0 + 2.0 * NEAR)))
        .max_by_key(|(from, to)| to - from)
        .filter(|(from, to)| to - from >= FEWEST)
    {
        let mut class: Vec<&String> = left.drain(from..to).map(|(_, run)| run).collect();
        class.sort();
        classes.push(class);
    }
    classes
}

/// Returns the same runs in blocks of five in random order: most neighbours stay neighbours, but lasting changes are
/// broken up.
fn shuffled(values: &[f64], random: &mut Random) -> Vec<f64> {
    let mut blocks: Vec<&[f64]> = values.chunks(5).collect();
    for i in (1..blocks.len()).rev() {
        blocks.swap(i, random.below(i + 1));
    }
    blocks.concat()
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
                    // Times of a few whole nanoseconds are too coarse to use.
                    if case.value >= 20.0 || case.unit.contains('s') && !case.unit.starts_with("ns") {
                        let time = UNIX_EPOCH + Duration::from_millis(run.date);
                        let run = humantime::format_rfc3339_millis(time).to_string();
                        cases.entry(key).or_default().insert(run, case.value);
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
    // Repetitions of one commit are one run; a suite contains the measurements of one job.
    let mut samples: BTreeMap<(String, String, String), Vec<f64>> = BTreeMap::new();
    for line in text.lines().skip(1) {
        let fields: Vec<&str> = line.split('\t').collect();
        let [commit, date, _, name, _, value, keys] = fields[..] else { continue };
        let mut labels: Vec<&str> =
            keys.split(';').filter(|pair| pair.starts_with("os=") || pair.starts_with("rust=")).collect();
        labels.sort_unstable();
        let constant =
            name.starts_with("bench::fibonacci") && name.ends_with("median") || name == "test-measure2";
        // Some commits have no date, and so no place in the order.
        let placed = !date.is_empty();
        if let (true, Ok(value)) = (constant && placed && labels.len() == 2, value.parse()) {
            let key = (labels.join(" "), name.to_owned(), format!("{date} {commit}"));
            samples.entry(key).or_default().push(value);
        }
    }
    let mut suites: BTreeMap<String, Suite> = BTreeMap::new();
    for ((labels, name, run), values) in samples {
        let name_of_suite = format!("{GIT_PERF} {labels}");
        let suite = suites
            .entry(name_of_suite.clone())
            .or_insert_with(|| Suite { name: name_of_suite, cases: BTreeMap::new() });
        if let Some(value) = median(&sorted(&values)) {
            suite.cases.entry(name).or_default().insert(run, value);
        }
    }
    Ok(suites.into_values().collect())
}
