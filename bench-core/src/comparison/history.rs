//! How much runs of one case differ on this machine, from the earlier ones.

use std::collections::BTreeMap;

use crate::comparison::drift::FEWEST_CASES;
use crate::comparison::machine;
use crate::record::{EarlierRun, Record};
use crate::stats;

/// Fewer earlier runs than this, the two that are compared apart, say too little of their spread.
pub(super) const FEWEST_RUNS: usize = 5;

/// Older runs than the last so many tell of a machine that has changed since.
const MOST_RUNS: usize = 30;

/// What is believed of the standard deviation of a run before any is seen: the median of what the six kernels
/// of issue 3 did on a shared virtual machine (ranges of 6 to 50 % over blocks of ten rounds). It weighs as
/// much as one observation ([`PRIOR_DEGREES`]), as in the moderated t of Smyth (2004), *Linear Models and
/// Empirical Bayes Methods*: so that five runs which happened to agree are not taken for a machine that never
/// has a bad minute. At the least two runs are thought to differ by 20 % after five earlier ones, 6 % after
/// thirty.
const PRIOR_DEVIATION: f64 = 0.06;
const PRIOR_DEGREES: f64 = 1.0;

/// The mean moving range of normal data is this many standard deviations (d₂ for two; Montgomery,
/// *Introduction to Statistical Quality Control*, 6.4).
const MOVING_RANGE: f64 = 1.128;

/// Degrees of freedom of a mean moving range, for each of its moves: neighbours share a run.
const DEGREES_A_MOVE: f64 = 0.62;

/// A larger move between two runs counts as this much: no machine did worse for long, so it was the code.
const LARGEST_MOVE: f64 = 0.25;

/// How much one run of a case differs from the next.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Spread {
    /// Standard deviation of a run's log median, drift removed.
    pub(super) deviation: f64,
    /// Degrees of freedom that it rests on.
    pub(super) degrees: f64,
    /// The largest move from one run to the next but one: a step in the code is one large move, a bad run is
    /// two, out and back.
    pub(super) seen: f64,
}

/// The spread between the earlier runs of each case.
#[derive(Clone, Debug, Default)]
pub(super) struct History {
    /// How many runs it comes from.
    pub(super) runs: usize,
    spreads: BTreeMap<String, Spread>,
}

impl History {
    /// From those of `earlier` that were made before the newer of the two, on the same machine and with the
    /// same build. The older of the two is one of them, too, if it came before: how far it lies from its own
    /// neighbours is the best that is known of it.
    pub(super) fn of(earlier: &[EarlierRun], old: &Record, new: &Record) -> Self {
        let newest = old.timestamp.as_str().max(new.timestamp.as_str());
        let mut runs: Vec<&EarlierRun> = Vec::new();
        for run in earlier {
            let is_either = run.run == old.run || run.run == new.run;
            let known = runs.iter().any(|known| known.run == run.run);
            if !is_either
                && !known
                && run.timestamp.as_str() < newest
                && machine::differences(&run.environment, &new.environment).is_empty()
            {
                runs.push(run);
            }
        }
        runs.sort_by(|a, b| a.timestamp.cmp(&b.timestamp));
        let runs = runs.split_off(runs.len().saturating_sub(MOST_RUNS));
        let count = runs.len();
        if count < FEWEST_RUNS {
            return History { runs: count, spreads: BTreeMap::new() };
        }
        let baseline = EarlierRun::from(old);
        let mut sequence: Vec<&EarlierRun> = runs;
        let place = sequence.partition_point(|run| run.timestamp <= baseline.timestamp);
        if old.timestamp <= new.timestamp {
            sequence.insert(place, &baseline);
        }
        let mut spreads = spreads(&sequence);
        spreads.retain(|id, _| {
            sequence.iter().filter(|run| run.run != old.run && run.medians_s.contains_key(id)).count()
                >= FEWEST_RUNS
        });
        History { runs: count, spreads }
    }

    /// The spread of a case, where at least [`FEWEST_RUNS`] earlier runs have a figure of it.
    pub(super) fn spread(&self, id: &str) -> Option<Spread> {
        self.spreads.get(id).copied()
    }
}

/// The spread of every case over `runs`, which are in order of time.
fn spreads(runs: &[&EarlierRun]) -> BTreeMap<String, Spread> {
    let mut logs: BTreeMap<&str, Vec<(usize, f64)>> = BTreeMap::new();
    for (number, run) in runs.iter().enumerate() {
        for (id, median) in &run.medians_s {
            if *median > 0.0 && median.is_finite() {
                logs.entry(id).or_default().push((number, median.ln()));
            }
        }
    }
    let drifts = drifts(&logs, runs.len());
    logs.iter()
        .filter_map(|(id, figures)| {
            let levels: Vec<f64> = figures.iter().map(|(run, log)| log - drifts[*run]).collect();
            Some(((*id).to_owned(), spread(&levels)?))
        })
        .collect()
}

/// What each run has in common with no other: one step of a median polish (Tukey, *Exploratory Data
/// Analysis*, 1977), rows taken for cases. Zero for a run with too few cases to tell.
fn drifts(logs: &BTreeMap<&str, Vec<(usize, f64)>>, runs: usize) -> Vec<f64> {
    let mut residuals = vec![Vec::new(); runs];
    for figures in logs.values() {
        let levels: Vec<f64> = figures.iter().map(|(_, log)| *log).collect();
        let Some(centre) = stats::median(&stats::sorted(&levels)) else { continue };
        for (run, log) in figures {
            residuals[*run].push(log - centre);
        }
    }
    residuals
        .iter()
        .map(|residuals| match residuals.len() {
            0..FEWEST_CASES => 0.0,
            _ => stats::median(&stats::sorted(residuals)).unwrap_or_default(),
        })
        .collect()
}

/// The spread of one case from its log medians, in order of time.
///
/// From moving ranges and not from deviations around a centre: a benchmark gets faster on purpose, and what
/// is compared is one run with another near it. A step in the code is then one move of many, which fades.
pub(super) fn spread(levels: &[f64]) -> Option<Spread> {
    let moves: Vec<f64> =
        levels.windows(2).map(|pair| (pair[1] - pair[0]).abs().min(LARGEST_MOVE.ln_1p())).collect();
    let observed = stats::mean(&moves)? / MOVING_RANGE;
    let degrees = DEGREES_A_MOVE * moves.len() as f64;
    let variance =
        (degrees * observed.powi(2) + PRIOR_DEGREES * PRIOR_DEVIATION.powi(2)) / (degrees + PRIOR_DEGREES);
    let seen = moves.len().checked_sub(2).map(|second| stats::sorted(&moves)[second]);
    Some(Spread {
        deviation: variance.sqrt(),
        degrees: degrees + PRIOR_DEGREES,
        seen: seen.unwrap_or_default(),
    })
}
