//! Record against record: what has changed since an earlier run, as far as two runs can tell.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::record::{CaseRecord, Environment, Record, Status, Time};
use crate::stats;

/// A change below this share is of no practical interest.
const THRESHOLD: f64 = 0.01;

/// By how much two runs of one binary may differ (95 %), besides what each run's own interval says,
/// as a share. A stated floor, not an estimate: two runs cannot know whether one of them fell into a
/// bad minute of the machine. Measured on shared 2-core virtual machines, blocks of ten rounds over
/// seven minutes ranged over 6 % (matrix product) to 50 % (pointer chase).
const BETWEEN_RUNS: f64 = 0.10;

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

/// A relative change of time, `new/old − 1`, with its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// The estimate, drift removed.
    pub value: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end of the interval.
    pub high: f64,
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
    /// How they differ.
    pub change: Option<Change>,
    /// What is said of it.
    pub verdict: Verdict,
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
    /// Compares `new` with `old`. Cases that `new` was not asked to run are left out, unless the
    /// `selected` predicate says that it was.
    pub fn of(old: &Record, new: &Record, selected: impl Fn(&str) -> bool) -> Self {
        let logs: Vec<f64> =
            new.cases.iter().filter_map(|case| log_ratio(times(old.case(&case.id), Some(case))?)).collect();
        let drift = (logs.len() >= CASES_FOR_DRIFT).then(|| stats::median(&stats::sorted(&logs))).flatten();
        let mut cases: Vec<Compared> =
            new.cases.iter().map(|case| compare(old.case(&case.id), case, drift.unwrap_or(0.0))).collect();
        let removed = old.cases.iter().filter(|case| new.case(&case.id).is_none() && selected(&case.id));
        cases.extend(removed.map(|case| Compared {
            id: case.id.clone(),
            old_s: case.time.as_ref().map(|time| time.median_s.0),
            new_s: None,
            change: None,
            verdict: Verdict::Removed,
        }));
        cases.sort_by(|a, b| a.id.cmp(&b.id));
        let mut notes = differences(&old.environment, &new.environment);
        if let Some(drift) = drift {
            notes.push(format!(
                "all cases together have moved by {:+.1} % (median): taken for the machine, and removed from each",
                drift.exp_m1() * 100.0
            ));
        }
        Comparison { baseline: old.run.clone(), notes, drift: drift.map(f64::exp_m1), cases }
    }

    /// The cases that are slower by more than `share`, with their whole interval.
    pub fn slower_than(&self, share: f64) -> impl Iterator<Item = &Compared> {
        self.cases.iter().filter(move |case| {
            case.verdict == Verdict::Slower && case.change.is_some_and(|change| change.low > share)
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
            .filter_map(|case| case.change)
            .map(|change| (change.high - change.low) / 2.0)
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

fn compare(old: Option<&CaseRecord>, new: &CaseRecord, drift: f64) -> Compared {
    let median =
        |case: Option<&CaseRecord>| case.and_then(|case| case.time.as_ref()).map(|time| time.median_s.0);
    let found = times(old, Some(new)).and_then(|times| {
        let value = log_ratio(times)? - drift;
        // Independent errors: squares of half-widths add, on the logarithmic scale.
        let half =
            (half_width(times.0).powi(2) + half_width(times.1).powi(2) + BETWEEN_RUNS.ln_1p().powi(2)).sqrt();
        Some(Change { value: value.exp_m1(), low: (value - half).exp_m1(), high: (value + half).exp_m1() })
    });
    Compared {
        id: new.id.clone(),
        old_s: median(old),
        new_s: median(Some(new)),
        change: found,
        verdict: match (old, found) {
            (None, _) => Verdict::Added,
            (Some(_), None) => Verdict::Failed,
            (Some(_), Some(change)) => judge(change),
        },
    }
}

/// Half-width of the interval on the logarithmic scale. A single round says nothing of how processes
/// differ: the floor between runs then counts once more.
fn half_width(time: &Time) -> f64 {
    time.interval_s.map_or(BETWEEN_RUNS.ln_1p(), |interval| (interval.high / interval.low).ln() / 2.0)
}

fn judge(change: Change) -> Verdict {
    if change.low > THRESHOLD {
        Verdict::Slower
    } else if change.high < -THRESHOLD {
        Verdict::Faster
    } else if change.low > -THRESHOLD && change.high < THRESHOLD {
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
