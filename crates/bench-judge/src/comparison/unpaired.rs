//! Compares two records, case by case.

use crate::Summarize;
use std::path::Path;

use crate::comparison::compared::{Compared, Comparison, case_by_case, without_figure};
use crate::comparison::drift::Drift;
use crate::comparison::history::History;
use crate::comparison::verdict::judge;
use crate::comparison::width::{Pair, Scale, Width, restlessness, time};
use crate::comparison::{counts, machine};
use bench_record::{CaseRecord, EarlierRun, EarlierRuns, Measure, Record, Verdict};
use bench_stats::Interval;

/// Normal quantile of 95 %, one-sided: how far beyond the smallest visible change a change must lie to be seen nearly
/// always.
const NEARLY_ALWAYS: f64 = 1.645;

/// The settings by which two records are judged.
#[derive(Clone, Copy, Debug, Default)]
pub struct Judgement<'a> {
    /// The share below which a change is of no practical interest. `None`: the threshold of the case itself, or else
    /// the usual share of the measured quantity ([`Measure::threshold`]).
    pub threshold: Option<f64>,
    /// Earlier runs in the same results folder; those of another machine or build are ignored.
    pub history: &'a [EarlierRun],
}

impl Comparison {
    /// Compares `new` with `old`. A case that is only in `old` was removed if `wanted` returns `true`: `new` would have
    /// run it. Otherwise it was merely filtered out.
    ///
    /// The amount by which two runs differ without any change is learned from `judgement.history` if at least five
    /// earlier runs contain the case, or at least one in a suite of 30 cases, which moderate each other; otherwise, a
    /// floor of 25 % is assumed.
    pub fn of(
        old: &Record,
        new: &Record,
        judgement: &Judgement<'_>,
        wanted: impl Fn(&CaseRecord) -> bool,
    ) -> Self {
        let threshold = judgement.threshold.unwrap_or_else(|| new.measure().threshold());
        if new.measure() == Measure::Instructions {
            return counts::compare(old, new, threshold, wanted);
        }
        let differences = machine::differences_of(old, new);
        // How much runs of one machine differ does not show how much two machines do.
        let history = if differences.is_empty() {
            History::of(judgement.history, old, new)
        } else {
            History::default()
        };
        let pairs: Vec<Pair<'_>> =
            new.cases.iter().filter_map(|case| Pair::of(old.case(&case.id)?, case, &history)).collect();
        let drift = Drift::of(&pairs.iter().map(|pair| pair.log).collect::<Vec<_>>());
        let restless = restlessness(&pairs, drift.unwrap_or_default());
        let scale = Scale { drift: drift.unwrap_or_default(), restless, threshold };

        let compare = |old: Option<&CaseRecord>, case: &CaseRecord| {
            let pair = pairs.iter().find(|pair| pair.id == case.id);
            let own = case.settings.threshold.filter(|_| judgement.threshold.is_none());
            compare(old, case, pair, &Scale { threshold: own.unwrap_or(threshold), ..scale })
        };
        let removed = |case: &CaseRecord| Compared {
            old_s: median_s(case),
            ..Compared::blank(&case.id, Verdict::Removed)
        };
        let cases = case_by_case(old, new, wanted, compare, removed);

        let drift = drift.map(|drift| (drift.shift.exp_m1(), drift.spread));
        let references = machine::references(
            old.environment.references,
            new.environment.references,
            drift.map(|(shift, _)| shift),
        );
        let notes = references
            .into_iter()
            .chain(drift.map(|drift| {
                let still =
                    machine::stood_still(old.environment.references, new.environment.references, drift.0);
                drift_note(drift, restless, still)
            }))
            .collect();
        Comparison {
            measure: Measure::Time,
            baseline: old.run.clone(),
            baseline_commit: old.environment.commit.clone().filter(|_| old.environment.dirty == Some(false)),
            different: machine::in_a_line(&differences),
            notes,
            drift: drift.map(|(shift, _)| shift),
            threshold,
            earlier_runs: history.runs,
            cases,
        }
    }

    /// Same as [`Comparison::of`], with the runs in the folder `results` as history.
    pub fn of_runs(
        old: &Record,
        new: &Record,
        results: &Path,
        threshold: Option<f64>,
        wanted: impl Fn(&CaseRecord) -> bool,
    ) -> Self {
        if new.measure() == Measure::Instructions {
            // Exact counts need no history.
            return Comparison::of(old, new, &Judgement { threshold, history: &[] }, wanted);
        }
        let earlier = EarlierRuns::read(results, EarlierRuns::MOST);
        let mut comparison =
            Comparison::of(old, new, &Judgement { threshold, history: &earlier.runs }, wanted);
        let passed_over = earlier.unreadable.iter().map(|run| format!("earlier run ignored: {run}"));
        comparison.notes.extend(passed_over);
        comparison
    }
}

fn median_s(case: &CaseRecord) -> Option<f64> {
    case.time.as_ref().map(|time| time.median_s.0)
}

fn compare(old: Option<&CaseRecord>, new: &CaseRecord, pair: Option<&Pair<'_>>, scale: &Scale) -> Compared {
    let Some(old) = old else {
        return Compared { new_s: median_s(new), ..Compared::blank(&new.id, Verdict::Added) };
    };
    let figures =
        Compared { old_s: median_s(old), new_s: median_s(new), ..Compared::blank(&new.id, Verdict::Unsure) };
    let Some(pair) = pair else {
        let (verdict, reason) = match (time(old), time(new)) {
            (Some(_), Some(_)) => {
                (Verdict::Unsure, "there is no ratio, because a time is zero or not a number".to_owned())
            }
            (_, now) => without_figure(old, new, now.is_some(), "figure"),
        };
        return Compared { verdict, reason: Some(reason), ..figures };
    };
    let log = pair.log - scale.drift.shift;
    let figures = Compared { change: Some(log.exp_m1()), ..figures };
    // Between such runs, more than the model may have become slower or faster.
    if let Some(invalid) = old.invalid().or_else(|| new.invalid()) {
        return Compared { reason: Some(invalid), ..figures };
    }
    let Some(width) = Width::of(pair, scale) else {
        let reason = "one of the runs has a single round, which does not show how processes differ";
        return Compared { reason: Some(reason.to_owned()), ..figures };
    };
    let interval = Interval { low: (log - width.half).exp_m1(), high: (log + width.half).exp_m1() };
    let verdict = judge(interval, scale.threshold);
    let seen = scale.threshold.ln_1p() + width.half + NEARLY_ALWAYS * width.deviation;
    Compared {
        interval: Some(interval),
        verdict,
        smallest_effect: Some(seen.exp_m1()),
        reason: (verdict == Verdict::Unsure).then(|| width.reason.to_owned()),
        ..figures
    }
}

/// Describes the change that all cases have in common, and how it is treated. `still` means that the references of the
/// machine did not move with the cases.
fn drift_note((shift, spread): (f64, f64), restless: f64, still: bool) -> String {
    let restless = if restless > 1.5 {
        format!(", {restless:.1} times as far as between earlier runs")
    } else {
        String::new()
    };
    let cause = if still {
        "the machine or code that all share, which two runs cannot distinguish (`--against REV` can)"
    } else {
        "taken for the machine"
    };
    format!(
        "all cases together have moved by {:+.1} % (median), and each case by another {:.1} % (robust standard \
         deviation{restless}): {cause}. The first is removed from each change, which therefore differs from \
         new/old; the second is included in each interval",
        shift * 100.0,
        spread * 100.0
    )
}
