//! Tests whether a shift of the whole machine is recognized on the lines of a real suite, and which change is reported
//! for a case that changed on the same night.
//!
//! The file has the format of `labelled.rs`. Its longest lines of equal length serve as the cases of one machine; from
//! some run on, all of them are slower, and one of them is slower still.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use bench_history::across::machine_shifts;
use bench_history::change::Settings;
use bench_history::key::{MachineClass, SeriesKey};
use bench_history::store::{Known, Point, Series};
use bench_history::trend::trends;
use bench_protocol::Better;

use crate::labelled::{Line, lines};
use crate::table::Table;

/// The factors by which the machine makes every case slower.
const SHIFTS: [f64; 5] = [1.0, 1.02, 1.03, 1.05, 1.10];
/// The additional factor by which one case is slower.
const OWN: f64 = 1.3;
/// The numbers of nights after the shift at which the history is judged.
const NIGHTS: [usize; 5] = [5, 6, 8, 10, 20];
/// The number of known runs before the shift.
const BEFORE: usize = 150;
/// The smallest number of cases that counts as a suite.
const FEWEST: usize = 10;

/// Returns a table of the shifts that were recognized, by size and number of nights.
pub(crate) fn table(path: &Path) -> Result<String, String> {
    let mut by_length: BTreeMap<usize, Vec<Line>> = BTreeMap::new();
    for line in lines(path)? {
        by_length.entry(line.values.len()).or_default().push(line);
    }
    let suite = by_length
        .into_values()
        .rev()
        .find(|lines| lines.len() >= FEWEST && lines[0].values.len() > BEFORE + 4 * NIGHTS[NIGHTS.len() - 1]);
    let suite = suite
        .ok_or_else(|| format!("{}: no {FEWEST} long lines of the same number of runs", path.display()))?;
    let runs = suite[0].values.len();
    let mut table = Table::new([
        "all slower by, from run",
        "recognized on night",
        "cases found",
        "share told",
        "a case that is 30 % slower besides",
    ]);
    for (shift, at) in SHIFTS.into_iter().flat_map(|shift| [2, 3].map(|part| (shift, runs * part / 4))) {
        let cells = NIGHTS.iter().find_map(|night| Some((night, recognized(&suite, shift, at, *night)?)));
        let cells = cells.map_or(["-"; 4].map(str::to_owned), |(night, found)| {
            let percent = |share: f64| format!("{:+.1} %", share * 100.0);
            let own = found.own.map_or("-".to_owned(), percent);
            [night.to_string(), format!("{} of {}", found.cases, found.of), percent(found.shift), own]
        });
        let head = format!("{:.0} %, {at}", (shift - 1.0) * 100.0);
        table.push(std::iter::once(head).chain(cells));
    }
    Ok(table.render(&format!(
        "{} cases of one machine, {runs} runs; one of them takes part with 30 % more:",
        suite.len()
    )))
}

/// The recognized changes.
struct Found {
    shift: f64,
    cases: usize,
    of: usize,
    /// The change that was reported for the case itself; `None` if none was.
    own: Option<f64>,
}

/// Judges the suite `nights` nights after all cases became slower at run `at`; `None` if the shift is not recognized.
fn recognized(suite: &[Line], shift: f64, at: usize, nights: usize) -> Option<Found> {
    let from = at - BEFORE;
    let series: Vec<Series> = suite
        .iter()
        .enumerate()
        .map(|(case, line)| {
            let slower = if case == 0 { shift * OWN } else { shift };
            let value = |run: usize| line.values[run] * if run >= at { slower } else { 1.0 };
            case_of(&line.name, case, (from..at + nights).map(value))
        })
        .collect();
    let mut trends = trends(&series, &[], Settings::default());
    let found = machine_shifts(&mut trends, &series)
        .into_iter()
        .find(|found| found.since.number.abs_diff(BEFORE) <= 2 && found.shift > 0.0)?;
    let own = trends[0].changes.iter().find(|turn| turn.since.number.abs_diff(BEFORE) <= 2);
    let own = own.and_then(|turn| turn.shift);
    Some(Found { shift: found.shift, cases: found.cases.len(), of: found.of, own })
}

/// Returns the series of a case with runs a minute apart.
fn case_of(name: &str, number: usize, values: impl Iterator<Item = f64>) -> Series {
    let word = |word: &str| word.to_owned();
    let point = |(run, value): (usize, f64)| Point {
        run: format!("r{run:03}"),
        timestamp: format!("2026-01-01T{:02}:{:02}:00Z", run / 60, run % 60),
        commit: Some(format!("c{run}")),
        value,
        known: Known::default(),
        circumstances: Arc::default(),
    };
    Series {
        key: SeriesKey {
            case: format!("{number:04} {name}"),
            metric: word("time"),
            machine: MachineClass { cpu: word("c"), cores: word("2"), gpu: word("g"), memory: word("m") },
            toolchain: word("t"),
            build: word("b"),
        },
        unit: word("s"),
        better: Better::Lower,
        points: values.enumerate().map(point).collect(),
    }
}
