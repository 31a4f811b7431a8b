//! Compares a run with a baseline.

use bench_judge::comparison::{Comparison, Judgement};
use bench_protocol::Better;
use bench_record::{EarlierRun, Record};
use bench_stats as stats;
use bench_stats::Interval;

use super::{Decision, Evidence, Finding, Ruling};
use crate::config::{Config, ConfigError};
use crate::figure::{Figure, figures};
use crate::key::SeriesKey;
use crate::store::Series;

/// The number of moves from run to run below which it is not known how much runs differ.
const FEWEST_MOVES: usize = 5;

/// The normal quantile of 99 %, two-sided: a nightly comparison judges every figure every night.
const NORMAL_99: f64 = 2.576;

/// The interval of a relative change, and the reason why it is wide or missing.
struct Known {
    interval: Option<Interval>,
    reason: Option<String>,
}

/// Adds to `decision` how `record` differs from `baseline`.
pub(super) fn judge(
    config: &Config,
    record: &Record,
    baseline: &Record,
    series: &[Series],
    earlier: &[EarlierRun],
    decision: &mut Decision,
) -> Result<(), ConfigError> {
    let judgement = Judgement { history: earlier, ..Judgement::default() };
    let comparison = Comparison::of(baseline, record, &judgement, |_| false);
    decision.notes.extend(comparison.different.clone());
    decision.notes.extend(comparison.notes.iter().cloned());
    let clean = baseline.environment.dirty == Some(false);
    let commit = baseline.environment.commit.clone().filter(|_| clean);
    for case in &record.cases {
        let Some(before) = baseline.case(&case.id) else { continue };
        let before = figures(before);
        for now in figures(case) {
            let Some(before) = before.iter().find(|old| old.metric == now.metric && old.unit == now.unit)
            else {
                continue;
            };
            let Some(allowed) = config.allowed(case, &now.metric, &now.unit, before.value)? else { continue };
            decision.judged += 1;
            let known = match (&comparison.different, now.metric.as_str()) {
                (Some(different), _) => Known { interval: None, reason: Some(different.clone()) },
                (None, "time") => {
                    let compared = comparison.cases.iter().find(|compared| compared.id == case.id);
                    Known {
                        interval: compared.and_then(|compared| compared.interval),
                        reason: compared.and_then(|compared| compared.reason.clone()),
                    }
                }
                (None, _) => change(before, &now, &moves(series, record, &case.id, &now.metric)),
            };
            let Some(ruling) = ruling(before.value, now.better, allowed, known.interval) else { continue };
            decision.findings.push(Finding {
                case: case.id.clone(),
                figure: now.metric,
                ruling,
                unit: now.unit,
                before: Some(before.value),
                now: Some(now.value),
                this_run: Some(now.value),
                of_machine: None,
                allowed: Some(allowed),
                evidence: Evidence::Baseline {
                    commit: commit.clone(),
                    interval: known.interval,
                    reason: known.reason.filter(|_| ruling == Ruling::Unsure),
                },
                confirmation: None,
            });
        }
    }
    Ok(())
}

/// Decides by the interval of a relative change; `None` if all of it is allowed.
fn ruling(before: f64, better: Better, allowed: f64, interval: Option<Interval>) -> Option<Ruling> {
    if allowed == f64::INFINITY {
        return None;
    }
    let Some(Interval { low, high }) = interval else { return Some(Ruling::Unsure) };
    let (best, worst) = match better {
        Better::Lower => (low * before, high * before),
        Better::Higher => (-high * before, -low * before),
    };
    match (best > allowed, worst > allowed) {
        (true, _) => Some(Ruling::Fails),
        (false, true) => Some(Ruling::Unsure),
        (false, false) => None,
    }
}

/// Returns how far a figure moved from each run to the next, as log ratios, in the line of `record` before that run.
fn moves(series: &[Series], record: &Record, case: &str, metric: &str) -> Vec<f64> {
    let key = SeriesKey::of(record, case, metric);
    let line = series.iter().find(|series| series.key == key);
    let points = line.map(|line| line.points.as_slice()).unwrap_or_default();
    let earlier: Vec<f64> =
        points.iter().filter(|point| point.timestamp < record.timestamp).map(|point| point.value).collect();
    let moves = earlier.windows(2).map(|pair| (pair[1] / pair[0]).ln());
    moves.filter(|log| log.is_finite()).collect()
}

/// Returns the relative change of a figure whose own uncertainty is unknown: its interval is as wide as runs differ
/// without a change.
fn change(before: &Figure, now: &Figure, moves: &[f64]) -> Known {
    let log = (now.value / before.value).ln();
    if !log.is_finite() {
        let reason = "a figure of zero has no ratio".to_owned();
        return Known { interval: None, reason: Some(reason) };
    }
    if moves.len() < FEWEST_MOVES {
        let reason = format!("fewer than {} earlier runs show how much it varies", FEWEST_MOVES + 1);
        return Known { interval: None, reason: Some(reason) };
    }
    let half = NORMAL_99 * stats::robust_deviation(moves).unwrap_or_default();
    Known {
        interval: Some(Interval { low: (log - half).exp_m1(), high: (log + half).exp_m1() }),
        reason: Some("earlier runs differ by that much without a change".to_owned()),
    }
}
