//! Record against record: what has changed since an earlier run, as far as two runs can tell.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::record::{CaseRecord, Environment, Record, Status, Time};
use crate::stats::{self, Interval};

/// A change below this share is of no practical interest.
const THRESHOLD: f64 = 0.01;

/// By how much two runs of one binary may differ (95 %), besides what each run's own interval says,
/// as a share. A stated floor, not an estimate: two runs cannot know whether one of them fell into a
/// bad minute of the machine. Measured on shared 2-core virtual machines, blocks of ten rounds over
/// seven minutes ranged over 6 % (matrix product) to 50 % (pointer chase), and one kernel's time kept
/// to plateaus 25 % apart for seconds at a time.
const BETWEEN_RUNS: f64 = 0.25;

/// With fewer cases than this, a drift common to all cannot be told from a change of one.
const CASES_FOR_DRIFT: usize = 8;

/// What is said of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// The whole interval lies within the threshold.
    Same,
    /// The whole interval lies below it.
    Faster,
    /// The whole interval lies beyond it.
    Slower,
    /// None of these.
    Unsure,
    /// Not in the earlier run.
    Added,
    /// Not in this run.
    Removed,
    /// Without a figure in one of the runs.
    Failed,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Verdict::Same => "same",
            Verdict::Faster => "faster",
            Verdict::Slower => "slower",
            Verdict::Unsure => "unsure",
            Verdict::Added => "added",
            Verdict::Removed => "removed",
            Verdict::Failed => "failed",
        })
    }
}

/// One case in both runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Compared {
    /// The case.
    pub id: String,
    /// Median then, in seconds.
    pub old_s: Option<f64>,
    /// Median now, in seconds.
    pub new_s: Option<f64>,
    /// The relative change of time, `new/old − 1`, drift removed.
    pub change: Option<f64>,
    /// Its 95 % interval; absent where a run has one round only, and so does not know how processes differ.
    pub interval: Option<Interval>,
    /// What is said of it.
    pub verdict: Verdict,
    /// The smallest change that would have been called slower with a probability of 95 %.
    pub smallest_effect: Option<f64>,
    /// Why it is unsure, if it is.
    pub reason: Option<String>,
}

impl Compared {
    /// A case of which there is nothing to compare.
    pub(crate) fn without_figures(id: &str, verdict: Verdict) -> Self {
        Compared {
            id: id.to_owned(),
            old_s: None,
            new_s: None,
            change: None,
            interval: None,
            verdict,
            smallest_effect: None,
            reason: None,
        }
    }
}

/// Two runs, case by case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// The earlier run.
    pub baseline: String,
    /// What should be known first: other machine, other toolchain, drift.
    pub notes: Vec<String>,
    /// What all cases have in common, as a relative change, already removed from each.
    pub drift: Option<f64>,
    /// The cases, in the order of their ids.
    pub cases: Vec<Compared>,
}

impl Comparison {
    /// Compares `new` with `old`. A case that is in `old` alone was removed if `wanted` says that
    /// `new` would have run it; it was merely filtered out otherwise.
    pub fn of(old: &Record, new: &Record, wanted: impl Fn(&CaseRecord) -> bool) -> Self {
        let logs: Vec<f64> =
            new.cases.iter().filter_map(|case| log_ratio(times(old.case(&case.id), Some(case))?)).collect();
        let drift = Drift::of(&logs);
        let mut cases: Vec<Compared> = new
            .cases
            .iter()
            .map(|case| compare(old.case(&case.id), case, drift.unwrap_or_default()))
            .collect();
        let removed = old.cases.iter().filter(|case| new.case(&case.id).is_none() && wanted(case));
        cases.extend(removed.map(|case| Compared {
            old_s: case.time.as_ref().map(|time| time.median_s.0),
            ..Compared::without_figures(&case.id, Verdict::Removed)
        }));
        cases.sort_by(|a, b| a.id.cmp(&b.id));
        let mut notes = differences(&old.environment, &new.environment);
        if let Some(drift) = drift {
            notes.push(format!(
                "all cases together have moved by {:+.1} % (median), each by another {:.1} % (robust standard \
                 deviation): taken for the machine; the first is removed from each, the second is in each interval",
                drift.shift.exp_m1() * 100.0,
                drift.spread * 100.0
            ));
        }
        Comparison { baseline: old.run.clone(), notes, drift: drift.map(|drift| drift.shift.exp_m1()), cases }
    }

    /// The cases that are slower by more than `share`, with their whole interval.
    pub fn slower_than(&self, share: f64) -> impl Iterator<Item = &Compared> {
        self.cases.iter().filter(move |case| {
            case.verdict == Verdict::Slower && case.interval.is_some_and(|interval| interval.low > share)
        })
    }

    /// The cases with this verdict.
    pub fn with(&self, verdict: Verdict) -> impl Iterator<Item = &Compared> {
        self.cases.iter().filter(move |case| case.verdict == verdict)
    }

    /// Whether any case is unsure.
    pub fn is_unsure(&self) -> bool {
        self.with(Verdict::Unsure).next().is_some()
    }

    /// What the table comes to.
    pub(crate) fn conclusion(&self) -> Vec<String> {
        let verdicts = [
            Verdict::Slower,
            Verdict::Faster,
            Verdict::Same,
            Verdict::Unsure,
            Verdict::Failed,
            Verdict::Added,
            Verdict::Removed,
        ];
        let counts: Vec<String> = verdicts
            .into_iter()
            .map(|verdict| (self.with(verdict).count(), verdict))
            .filter(|(count, _)| *count > 0)
            .map(|(count, verdict)| format!("{count} {verdict}"))
            .collect();
        let mut lines =
            vec![if counts.is_empty() { "no case in common".to_owned() } else { counts.join(", ") }];
        let least = self
            .with(Verdict::Unsure)
            .filter_map(|case| case.interval)
            .map(|interval| (interval.high - interval.low) / 2.0)
            .reduce(f64::min);
        if let Some(least) = least {
            lines.push(format!(
                "unsure: two runs made at different times could not show a change below about {:.0} %. \
                 More rounds narrow a run's own interval; the {:.0} % by which runs of one binary differ on a \
                 shared machine stay",
                least * 100.0 + THRESHOLD * 100.0,
                BETWEEN_RUNS * 100.0
            ));
        }
        lines
    }
}

fn times<'a>(old: Option<&'a CaseRecord>, new: Option<&'a CaseRecord>) -> Option<(&'a Time, &'a Time)> {
    let of = |case: Option<&'a CaseRecord>| {
        case.filter(|case| case.status == Status::Ok).and_then(|case| case.time.as_ref())
    };
    Some((of(old)?, of(new)?))
}

fn log_ratio((old, new): (&Time, &Time)) -> Option<f64> {
    let ratio = (new.median_s.0 / old.median_s.0).ln();
    ratio.is_finite().then_some(ratio)
}

/// What the cases of two runs have in common, on the logarithmic scale.
#[derive(Clone, Copy, Debug, Default)]
struct Drift {
    /// The median of the log ratios.
    shift: f64,
    /// 1.4826 MAD around it. A machine that has changed seldom changes for every case alike; code that has
    /// changed for some cases hardly moves a median of deviations.
    spread: f64,
}

impl Drift {
    fn of(logs: &[f64]) -> Option<Self> {
        if logs.len() < CASES_FOR_DRIFT {
            return None;
        }
        Some(Drift { shift: stats::median(&stats::sorted(logs))?, spread: stats::robust_deviation(logs)? })
    }
}

fn compare(old: Option<&CaseRecord>, new: &CaseRecord, drift: Drift) -> Compared {
    let median =
        |case: Option<&CaseRecord>| case.and_then(|case| case.time.as_ref()).map(|time| time.median_s.0);
    let both = times(old, Some(new));
    let log = both.and_then(log_ratio).map(|log| log - drift.shift);
    let half = both.and_then(|(old, new)| {
        // Independent errors: squares of half-widths add, on the logarithmic scale.
        let halves = [half_width(old)?, half_width(new)?, BETWEEN_RUNS.ln_1p(), 1.96 * drift.spread];
        Some(halves.iter().map(|half| half.powi(2)).sum::<f64>().sqrt())
    });
    let interval =
        log.zip(half).map(|(log, half)| Interval { low: (log - half).exp_m1(), high: (log + half).exp_m1() });
    Compared {
        id: new.id.clone(),
        old_s: median(old),
        new_s: median(Some(new)),
        change: log.map(f64::exp_m1),
        interval,
        verdict: match (old, both) {
            (None, _) => Verdict::Added,
            (Some(_), None) => Verdict::Failed,
            (Some(_), Some(_)) => interval.map_or(Verdict::Unsure, |interval| judge(interval, THRESHOLD)),
        },
        smallest_effect: None,
        reason: None,
    }
}

/// Half-width of the interval on the logarithmic scale.
fn half_width(time: &Time) -> Option<f64> {
    time.interval_s.map(|interval| (interval.high / interval.low).ln() / 2.0)
}

/// The verdict on a change whose interval is `change`, against a practical floor.
pub(crate) fn judge(change: Interval, threshold: f64) -> Verdict {
    if change.low > threshold {
        Verdict::Slower
    } else if change.high < -threshold {
        Verdict::Faster
    } else if change.low > -threshold && change.high < threshold {
        Verdict::Same
    } else {
        Verdict::Unsure
    }
}

/// What differs between the machines and builds of two runs, so that code alone cannot be blamed.
fn differences(old: &Environment, new: &Environment) -> Vec<String> {
    let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "unknown".to_owned());
    let number = |value: Option<usize>| value.map_or_else(|| "unknown".to_owned(), |value| value.to_string());
    [
        ("processor", text(&old.cpu), text(&new.cpu)),
        ("number of cores", number(old.cores), number(new.cores)),
        ("toolchain", old.toolchain.clone(), new.toolchain.clone()),
        ("target", old.target.clone(), new.target.clone()),
        ("opt-level", old.opt_level.clone(), new.opt_level.clone()),
    ]
    .into_iter()
    .filter(|(_, old, new)| old != new)
    .map(|(what, old, new)| format!("another {what}: {old} then, {new} now"))
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::tests::record;

    /// Rounds of one case whose medians are these times, in microseconds.
    fn run(cases: &[(&str, &[f64])]) -> Record {
        record(
            cases
                .iter()
                .map(|(id, micros)| (*id, micros.iter().map(|micros| (micros * 1e3) as u64).collect()))
                .collect(),
        )
    }

    const QUIET: [f64; 6] = [100.0, 100.2, 99.8, 100.1, 99.9, 100.0];

    fn times(factor: f64) -> Vec<f64> {
        QUIET.iter().map(|micros| micros * factor).collect()
    }

    fn verdict_of(factor: f64) -> (Verdict, Compared) {
        let comparison =
            Comparison::of(&run(&[("unit/x", &QUIET)]), &run(&[("unit/x", &times(factor))]), |_| true);
        let case = comparison.cases.into_iter().next().expect("one case");
        (case.verdict, case)
    }

    #[test]
    fn only_what_two_runs_can_tell_is_told() {
        assert_eq!(verdict_of(1.0).0, Verdict::Unsure);
        assert_eq!(verdict_of(1.15).0, Verdict::Unsure);
        let (verdict, case) = verdict_of(1.6);
        assert_eq!(verdict, Verdict::Slower);
        assert!((case.change.expect("a change") - 0.6).abs() < 0.01);
        let interval = case.interval.expect("an interval");
        assert!(interval.low > 0.25 && interval.high < 1.05, "{interval:?}");
        assert_eq!(verdict_of(0.6).0, Verdict::Faster);
    }

    #[test]
    fn a_single_round_is_never_slower() {
        let comparison =
            Comparison::of(&run(&[("unit/x", &[100.0])]), &run(&[("unit/x", &[200.0])]), |_| true);
        assert_eq!(comparison.cases[0].verdict, Verdict::Unsure);
        assert_eq!(comparison.cases[0].interval, None);
        assert!(comparison.cases[0].change.is_some());
    }

    #[test]
    fn cases_come_and_go_and_fail() {
        let old = run(&[("unit/gone", &QUIET), ("unit/stays", &QUIET), ("unit/broke", &QUIET)]);
        let new = run(&[("unit/came", &QUIET), ("unit/stays", &QUIET), ("unit/broke", &[])]);
        let verdicts = |wanted: bool| -> Vec<(String, Verdict)> {
            Comparison::of(&old, &new, |_| wanted)
                .cases
                .into_iter()
                .map(|case| (case.id, case.verdict))
                .collect()
        };
        let pair = |id: &str, verdict| (id.to_owned(), verdict);
        let mut all = vec![
            pair("unit/broke", Verdict::Failed),
            pair("unit/came", Verdict::Added),
            pair("unit/gone", Verdict::Removed),
            pair("unit/stays", Verdict::Unsure),
        ];
        assert_eq!(verdicts(true), all);
        all.remove(2);
        assert_eq!(verdicts(false), all, "a case that was filtered out was not removed");
    }

    #[test]
    fn what_all_cases_share_is_the_machine() {
        let names: Vec<String> = (0..10).map(|number| format!("unit/case{number}")).collect();
        let quiet = |factor: f64| -> Vec<(String, Vec<f64>)> {
            names.iter().map(|name| (name.clone(), times(factor))).collect()
        };
        let borrow = |cases: &[(String, Vec<f64>)]| {
            run(&cases.iter().map(|(id, micros)| (id.as_str(), micros.as_slice())).collect::<Vec<_>>())
        };
        let mut after = quiet(1.3);
        after[3].1 = times(1.3 * 1.6);
        let comparison = Comparison::of(&borrow(&quiet(1.0)), &borrow(&after), |_| true);
        assert!((comparison.drift.expect("enough cases") - 0.3).abs() < 0.01);
        let slower: Vec<&str> = comparison.with(Verdict::Slower).map(|case| case.id.as_str()).collect();
        assert_eq!(slower, ["unit/case3"]);
        assert!(comparison.notes.iter().any(|note| note.contains("+30.0 %")), "{:?}", comparison.notes);
    }

    #[test]
    fn a_machine_that_changes_unevenly_widens_every_interval() {
        let ids: Vec<String> = (0..10).map(|number| format!("unit/case{number}")).collect();
        let old: Vec<(&str, &[f64])> = ids.iter().map(|id| (id.as_str(), QUIET.as_slice())).collect();
        let uneven: Vec<Vec<f64>> = (0..10).map(|number| times(1.0 + 0.05 * f64::from(number))).collect();
        let new: Vec<(&str, &[f64])> =
            ids.iter().zip(&uneven).map(|(id, micros)| (id.as_str(), micros.as_slice())).collect();
        let comparison = Comparison::of(&run(&old), &run(&new), |_| true);
        assert_eq!(comparison.with(Verdict::Slower).count() + comparison.with(Verdict::Faster).count(), 0);
    }

    #[test]
    fn another_machine_is_said_first() {
        let (old, mut new) = (run(&[("unit/x", &QUIET)]), run(&[("unit/x", &QUIET)]));
        new.environment.cpu = Some("another".to_owned());
        let notes = Comparison::of(&old, &new, |_| true).notes;
        assert_eq!(notes, ["another processor: unknown then, another now"]);
    }
}
