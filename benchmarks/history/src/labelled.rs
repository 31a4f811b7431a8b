//! Scores each method on lines that were labelled by eye.
//!
//! A file has one line for each series: its name, ` | `, its values, ` | `, and the first runs of its levels. Without
//! the last part, the labels are the obvious changes: 10 % and six robust deviations from the 30 runs before to the 20
//! after, with hardly a run on the wrong side. An alarm without a label may be a smaller change: it is *not borne out*
//! if the levels before and after it do not differ, as later runs show.

use std::path::Path;

use bench_stats::{median, robust_deviation, sorted};

use crate::method::Method;
use crate::table::Table;

/// An alarm belongs to a label if it was raised at most this many runs before the label.
const MARGIN: usize = 5;
/// An alarm belongs to a label if it was raised at most this many runs after the label.
const WITHIN: usize = 20;

pub(crate) struct Line {
    pub(crate) name: String,
    pub(crate) values: Vec<f64>,
    pub(crate) labels: Vec<usize>,
}

/// Reads the lines of a file.
pub(crate) fn lines(path: &Path) -> Result<Vec<Line>, String> {
    let text =
        std::fs::read_to_string(path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    text.lines()
        .filter(|line| !line.starts_with('#') && !line.trim().is_empty())
        .enumerate()
        .map(|(number, line)| {
            parse(line).map_err(|reason| format!("{}, series {}: {reason}", path.display(), number + 1))
        })
        .collect()
}

/// Scores every method on the lines of a file.
pub(crate) fn table(path: &Path, methods: &[Method]) -> Result<String, String> {
    let lines = lines(path)?;
    let runs: usize = lines.iter().map(|line| line.values.len()).sum();
    let all: usize = lines.iter().map(|line| line.labels.len()).sum();
    let mut table = Table::new([
        "method",
        "unlabelled alarms in 1000",
        "not borne out",
        "recall",
        "precision",
        "F1",
        "median delay",
        "runs 5 to 14",
        "soon after",
    ]);
    for method in methods {
        let score = Score::of(*method, &lines);
        let share = |(hit, of): (usize, usize)| format!("{hit} of {of}");
        let (recall, precision) = (ratio(score.found, all), ratio(score.right, score.alarms));
        table.push([
            method.name().to_owned(),
            format!("{:.2}", ratio((score.alarms - score.right) * 1000, runs)),
            format!("{:.2}", ratio(score.idle * 1000, runs)),
            format!("{recall:.2}"),
            format!("{precision:.2}"),
            format!("{:.2}", 2.0 * recall * precision / (recall + precision).max(1e-9)),
            score.delay.map_or("-".to_owned(), |delay| delay.to_string()),
            share(score.early),
            share(score.soon),
        ]);
    }
    Ok(table.render(&format!("{} series, {runs} runs, {all} changes:", lines.len())))
}

/// Whether an alarm that was raised at run `found` belongs to a label.
pub(crate) fn belongs(found: usize, label: usize) -> bool {
    found + MARGIN >= label && found < label + WITHIN
}

fn ratio(part: usize, of: usize) -> f64 {
    part as f64 / of.max(1) as f64
}

fn parse(line: &str) -> Result<Line, String> {
    let parts: Vec<&str> = line.split(" | ").collect();
    let (name, values, labels) = match parts.as_slice() {
        [name, values] => (name, values, None),
        [name, values, labels] => (name, values, Some(labels)),
        _ => return Err("expected `name | values` or `name | values | labels`".to_owned()),
    };
    let values: Vec<f64> = values
        .split_whitespace()
        .map(|value| value.parse().map_err(|_| format!("expected a number, found `{value}`")))
        .collect::<Result<_, _>>()?;
    let labels = match labels {
        None => glaring(&values),
        Some(labels) => labels
            .split_whitespace()
            .map(|label| label.parse().map_err(|_| format!("expected the number of a run, found `{label}`")))
            .collect::<Result<_, _>>()?,
    };
    Ok(Line { name: (*name).to_owned(), values, labels })
}

/// Returns the first runs of the obvious changes.
fn glaring(values: &[f64]) -> Vec<usize> {
    let mut found: Vec<(usize, f64)> = Vec::new();
    for at in 5..values.len().saturating_sub(20) {
        let (before, after) = (&values[at.saturating_sub(30)..at], &values[at..at + 20]);
        let (old, new) = (sorted(before), sorted(after));
        let (Some(low), Some(high)) = (median(&old), median(&new)) else { continue };
        let deviation = robust_deviation(&old).unwrap_or(0.0).max(robust_deviation(&new).unwrap_or(0.0));
        let height = (high - low).abs();
        let middle = low / 2.0 + high / 2.0;
        let is_old = |value: &&f64| (**value > middle) == (low > high);
        let (stray_before, stray_after) =
            (before.iter().filter(|value| !is_old(value)).count(), after.iter().filter(is_old).count());
        let is_sharp = before[before.len() - 5..].iter().all(|value| is_old(&value))
            && !after[..5].iter().any(|value| is_old(&value));
        if height < 0.1 * low.abs() || height < 6.0 * deviation || !is_sharp {
            continue;
        }
        if 8 * stray_before > before.len() || stray_after > 2 {
            continue;
        }
        let strength = height / deviation.max(1e-12 * low.abs());
        match found.last_mut() {
            Some(last) if at - last.0 <= MARGIN + 1 => {
                if strength > last.1 {
                    *last = (at, strength);
                }
            }
            _ => found.push((at, strength)),
        }
    }
    found.into_iter().map(|(at, _)| at).collect()
}

/// Whether the levels before and after some run near an alarm differ: the medians of twenty runs each by 0.3 % and one
/// and a half robust deviations. Also true if the line ends too early to decide.
pub(crate) fn is_borne_out(values: &[f64], found: usize) -> bool {
    const SIDE: usize = 20;
    if found + 6 > values.len() {
        return true;
    }
    let differ = |at: usize| {
        let old = sorted(&values[at.saturating_sub(SIDE)..at]);
        let new = sorted(&values[at..(at + SIDE).min(values.len())]);
        let (Some(before), Some(after)) = (median(&old), median(&new)) else { return false };
        let deviation = |of: &[f64]| robust_deviation(of).unwrap_or(0.0);
        let apart = (after - before).abs();
        apart >= 0.003 * before.abs() && apart >= 0.75 * (deviation(&old) + deviation(&new))
    };
    (found.saturating_sub(WITHIN + MARGIN).max(1)..=found).any(differ)
}

/// The results of a method on all lines.
#[derive(Default)]
struct Score {
    alarms: usize,
    /// The number of alarms that are not borne out.
    idle: usize,
    /// The number of alarms that belong to a label.
    right: usize,
    /// The number of labels that have an alarm.
    found: usize,
    delay: Option<usize>,
    early: (usize, usize),
    soon: (usize, usize),
}

impl Score {
    fn of(method: Method, lines: &[Line]) -> Self {
        let mut score = Score::default();
        let mut delays = Vec::new();
        for Line { values, labels, .. } in lines {
            let alarms = method.alarms(values);
            let mut used = vec![false; alarms.len()];
            for (number, label) in labels.iter().enumerate() {
                let hit = (0..alarms.len()).find(|alarm| !used[*alarm] && belongs(alarms[*alarm], *label));
                if let Some(alarm) = hit {
                    used[alarm] = true;
                    delays.push((alarms[alarm] + 1).saturating_sub(*label));
                    score.found += 1;
                }
                let count = |of: &mut (usize, usize)| {
                    of.0 += usize::from(hit.is_some());
                    of.1 += 1;
                };
                if *label < 15 {
                    count(&mut score.early);
                }
                if number > 0 && label - labels[number - 1] <= 15 {
                    count(&mut score.soon);
                }
            }
            score.alarms += alarms.len();
            score.idle += alarms.iter().filter(|found| !is_borne_out(values, **found)).count();
            score.right += used.iter().filter(|used| **used).count();
        }
        delays.sort_unstable();
        score.delay = delays.get(delays.len() / 2).copied();
        score
    }
}
