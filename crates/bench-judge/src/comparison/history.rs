//! How much runs of one case differ on this machine, from the earlier ones.

use std::collections::BTreeMap;

use crate::comparison::drift::FEWEST_CASES;
use crate::comparison::machine;
use bench_record::{EarlierRun, Record};
use bench_stats as stats;

/// Fewer earlier runs than this, the two that are compared apart, say too little of their spread.
pub(super) const FEWEST_RUNS: usize = 5;

/// Older runs than the last so many tell of a machine that has changed since.
const MOST_RUNS: usize = 30;

/// What is believed of the standard deviation of a run before any is seen. It weighs as much as one observation
/// ([`PRIOR_DEGREES`]), as in the moderated t of Smyth (2004), *Linear Models and Empirical Bayes Methods*: five
/// runs which happened to agree are no machine without bad minutes. 4 % is about the least at which every world
/// of `simulation.rs` keeps below one wrong verdict in a hundred (at 3 %, heavy tails pass it). So two runs are
/// thought to differ by 13 % at the least after five earlier ones, by 4 % after thirty.
const PRIOR_DEVIATION: f64 = 0.04;
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
                // One that has counted instructions, or knows no case well, says nothing of times.
                && !run.medians_s.is_empty()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::record;

    fn at(minute: usize, medians_ns: &[u64]) -> Record {
        let ids: Vec<String> = (0..medians_ns.len()).map(|number| format!("unit/case{number}")).collect();
        let cases = ids.iter().zip(medians_ns).map(|(id, ns)| (id.as_str(), vec![*ns; 6])).collect();
        let mut run = record(cases);
        run.run = format!("run{minute}");
        run.timestamp = format!("2026-11-21T{:02}:{:02}:00Z", minute / 60, minute % 60);
        run
    }

    fn earlier(minutes: impl Iterator<Item = usize>) -> Vec<EarlierRun> {
        minutes.map(|minute| EarlierRun::from(&at(minute, &[1000]))).collect()
    }

    #[test]
    fn only_earlier_runs_of_the_same_machine_and_build_count() {
        let (old, new) = (at(50, &[1000]), at(60, &[1000]));
        let runs = |earlier: &[EarlierRun]| History::of(earlier, &old, &new).runs;
        assert_eq!(runs(&earlier(0..7)), 7);
        assert_eq!(runs(&earlier((0..5).chain([50, 60]))), 5, "neither of the two");
        assert_eq!(runs(&earlier((0..5).chain(61..70))), 5, "none after the newer");
        assert_eq!(runs(&earlier((0..5).chain(0..5))), 5, "a copy is no other run");
        assert_eq!(runs(&earlier(0..45)), MOST_RUNS);
        type Change = fn(&mut EarlierRun);
        let changes: [Change; 4] = [
            |run| run.environment.cpu = Some("another".to_owned()),
            |run| run.environment.cores = Some(512),
            |run| run.environment.toolchain = "another".to_owned(),
            |run| run.environment.opt_level = "another".to_owned(),
        ];
        for change in changes {
            let mut others = earlier(0..7);
            others.iter_mut().take(3).for_each(change);
            assert_eq!(runs(&others), 4);
        }
    }

    #[test]
    fn a_case_needs_five_earlier_runs_of_its_own() {
        let (old, new) = (at(50, &[1000, 1000]), at(60, &[1000, 1000]));
        let mut runs = earlier(0..4);
        runs.extend((4..9).map(|minute| EarlierRun::from(&at(minute, &[1000, 1000]))));
        let known = |runs: &[EarlierRun]| {
            let history = History::of(runs, &old, &new);
            [history.spread("unit/case0").is_some(), history.spread("unit/case1").is_some()]
        };
        assert_eq!(known(&runs), [true, true]);
        assert_eq!(known(&runs[..8]), [true, false], "the older of the two is not counted");
        assert_eq!(known(&runs[..4]), [false, false]);
    }

    #[test]
    fn what_all_cases_of_a_run_share_is_no_spread() {
        let (old, new) = (at(50, &[1000; 8]), at(60, &[1000; 8]));
        let drifting = |cases: usize| -> Vec<EarlierRun> {
            (0..6)
                .map(|minute| EarlierRun::from(&at(minute, &vec![1000 + 100 * (minute as u64 % 2); cases])))
                .collect()
        };
        let deviation = |runs: &[EarlierRun]| {
            History::of(runs, &old, &new).spread("unit/case0").expect("enough runs").deviation
        };
        let quiet = spread(&[0.0; 7]).expect("levels").deviation;
        assert!((deviation(&drifting(8)) - quiet).abs() < 1e-3);
        assert!(deviation(&drifting(7)) > 1.5 * quiet, "seven cases are too few to tell");
    }

    #[test]
    fn a_step_of_the_code_fades_and_a_bad_run_stays() {
        let quiet = [0.0; 20];
        let mut step = quiet;
        step[10..].fill(-0.5);
        let mut bad = quiet;
        bad[10] = 0.2;
        let of = |levels: &[f64]| spread(levels).expect("levels");
        assert!(of(&step).deviation < 1.5 * of(&quiet).deviation, "{:?}", of(&step));
        assert_eq!(of(&step).seen, 0.0);
        assert!((of(&bad).seen - 0.2).abs() < 1e-12, "{:?}", of(&bad));
        assert!(of(&quiet).deviation > of(&[0.0; 30]).deviation && of(&[0.0; 30]).deviation > 0.005);
        assert_eq!(spread(&[0.0]), None);
    }
}
