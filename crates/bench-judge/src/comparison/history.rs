//! Estimates from earlier runs how much runs of one case differ on this machine.

use std::collections::BTreeMap;

use crate::comparison::drift::FEWEST_CASES;
use crate::comparison::machine;
use crate::comparison::spread::{Moves, Spread, Suite};
use bench_record::{EarlierRun, Record};
use bench_stats as stats;

/// The number of earlier runs, besides the two that are compared, below which the runs of one case alone do not show
/// its spread.
pub(super) const FEWEST_RUNS: usize = 5;

/// The number that is enough if the other cases of a suite supply what is missing.
pub(super) const FEWEST_RUNS_OF_SUITE: usize = 1;

/// The number of last runs that are used: older ones describe a machine that has changed since.
const MOST_RUNS: usize = 30;

/// The spread between the earlier runs of each case.
#[derive(Clone, Debug, Default)]
pub(super) struct History {
    /// The number of runs that it comes from.
    pub(super) runs: usize,
    spreads: BTreeMap<String, Spread>,
}

impl History {
    /// Learns from the runs of `earlier` that were made before the newer of the two compared runs, on the same
    /// machine and with the same build. The older of the two runs is used too if it came before: its distance from
    /// its own neighbours is the best information about it.
    pub(super) fn of(earlier: &[EarlierRun], old: &Record, new: &Record) -> Self {
        let newest = old.timestamp.as_str().max(new.timestamp.as_str());
        let mut runs: Vec<&EarlierRun> = Vec::new();
        for run in earlier {
            let is_either = run.run == old.run || run.run == new.run;
            let known = runs.iter().any(|known| known.run == run.run);
            if !is_either
                && !known
                // A run that has counted instructions, or has no well-known median, shows nothing about times.
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
        let baseline = EarlierRun::from(old);
        let mut sequence: Vec<&EarlierRun> = runs;
        let place = sequence.partition_point(|run| run.timestamp <= baseline.timestamp);
        if old.timestamp <= new.timestamp {
            sequence.insert(place, &baseline);
        }
        let moves = moves(&sequence);
        let suite = Suite::of(moves.values(), sequence.len());
        let fewest = if suite.is_some() { FEWEST_RUNS_OF_SUITE } else { FEWEST_RUNS };
        let has_enough = |id: &str| {
            sequence.iter().filter(|run| run.run != old.run && run.medians_s.contains_key(id)).count()
                >= fewest
        };
        let spreads = moves
            .iter()
            .filter(|(id, _)| has_enough(id))
            .map(|(id, moves)| ((*id).to_owned(), moves.spread(suite.as_ref())))
            .collect();
        History { runs: count, spreads }
    }

    /// Returns the spread of a case; `None` unless at least [`FEWEST_RUNS`] earlier runs have a figure of it, or
    /// [`FEWEST_RUNS_OF_SUITE`] in a suite of enough cases.
    pub(super) fn spread(&self, id: &str) -> Option<Spread> {
        self.spreads.get(id).copied()
    }
}

/// Returns the moves of each case over `runs`, which are in order of time; drift removed.
fn moves<'a>(runs: &[&'a EarlierRun]) -> BTreeMap<&'a str, Moves> {
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
            Some((*id, Moves::of(&levels)?))
        })
        .collect()
}

/// Returns the part of each run that all its cases share: one step of a median polish (Tukey, *Exploratory Data
/// Analysis*, 1977), with cases as rows. Zero for a run with too few cases.
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
        let quiet = Moves::of(&[0.0; 7]).expect("levels").spread(None).deviation;
        assert!((deviation(&drifting(8)) - quiet).abs() < 1e-3);
        assert!(deviation(&drifting(7)) > 1.5 * quiet, "seven cases are too few to tell");
    }

    #[test]
    fn in_a_large_suite_one_earlier_run_is_enough() {
        let medians: Vec<u64> = (0..32).map(|case| 1000 + case).collect();
        let (old, new) = (at(50, &medians), at(60, &medians));
        let others: Vec<u64> = (0..32).map(|case| 1000 + case + case % 7).collect();
        let known = |cases: usize, minutes: &[usize]| {
            let runs: Vec<EarlierRun> =
                minutes.iter().map(|minute| EarlierRun::from(&at(*minute, &others[..cases]))).collect();
            History::of(&runs, &old, &new).spread("unit/case0")
        };
        assert!(known(32, &[1]).is_some() && known(32, &[1, 2, 3, 4]).is_some());
        assert_eq!(known(32, &[]), None, "no earlier run");
        assert_eq!(known(29, &[1, 2, 3, 4]), None, "too few cases");
    }
}
