//! Checks that a record does not contradict itself, such as by a median outside the range of its samples.

use std::collections::BTreeSet;

use bench_stats::Interval;
use bench_syntax::case_id::contradiction;

use crate::{CaseRecord, Parts, Record, RoundRecord, Status, Summary, Time, seconds_of_moment};

/// The relative difference that rounding to whole nanoseconds, and adding in another order, can make to a figure.
const ROUNDING: f64 = 1e-6;

impl Record {
    /// Checks that the record does not contradict itself.
    ///
    /// # Errors
    /// The first contradiction, in words.
    pub fn check(&self) -> Result<(), String> {
        check_run(&self.run)?;
        for (what, moment) in [("timestamp", &self.timestamp), ("sealed", &self.sealed)] {
            if seconds_of_moment(moment).is_none() {
                return Err(format!("its `{what}` is not a time in UTC, but {moment:?}"));
            }
        }
        if let Some(parts) = &self.parts {
            check_parts(parts)?;
        }
        let mut ids = BTreeSet::new();
        for case in &self.cases {
            if !ids.insert(case.id.as_str()) {
                return Err(format!("it contains two cases `{}`", case.id));
            }
            case.check().map_err(|reason| format!("`{}`: {reason}", case.id))?;
        }
        let counted = Summary { success_rate: self.summary.success_rate, ..Summary::of(&self.cases) };
        if counted != self.summary {
            return Err(format!(
                "its summary does not match the {} cases that it contains",
                self.cases.len()
            ));
        }
        Ok(())
    }
}

/// Checks that the name of a run can be the name of a folder.
pub(crate) fn check_run(run: &str) -> Result<(), String> {
    let is_steering = |c: char| c.is_control() || matches!(c, '/' | '\\');
    if run.is_empty() || run.starts_with('.') || run.len() > 255 || run.contains(is_steering) {
        return Err(format!("its run is called {run:?}, which is not the name of a folder"));
    }
    Ok(())
}

/// Checks that the parts of a run are numbered from 1 to their count, each once.
fn check_parts(parts: &Parts) -> Result<(), String> {
    check_run(&parts.run)?;
    let are_in_order = parts.numbers.is_sorted_by(|one, next| one < next);
    let are_known = parts.numbers.iter().all(|number| (1..=parts.of).contains(number));
    if parts.numbers.is_empty() || !are_in_order || !are_known {
        return Err(format!("its parts are {:?} of {}", parts.numbers, parts.of));
    }
    Ok(())
}

impl CaseRecord {
    /// Checks that the case does not contradict itself.
    ///
    /// # Errors
    /// The first contradiction, in words.
    pub fn check(&self) -> Result<(), String> {
        check_case(self)
    }
}

fn check_case(case: &CaseRecord) -> Result<(), String> {
    if let Some(reason) = contradiction(&case.id, case.model.as_deref(), case.category, &case.name) {
        return Err(reason);
    }
    if let Some(time) = &case.time {
        check_time(time, &case.rounds)?;
    }
    if case.status != Status::Ok && case.time.is_some() && case.rounds.iter().all(|round| !round.is_ok()) {
        return Err("it has a time although no round has one".to_owned());
    }
    for (what, value) in
        [("first_call_s", case.first_call_s), ("load_s", case.load_s), ("cpu_time_s", case.cpu_time_s)]
    {
        if let Some(value) = value {
            not_negative(what, value.0)?;
        }
    }
    for metric in case.metrics.iter().chain(&case.observed) {
        ordered(&metric.name, metric.interval)?;
    }
    for round in &case.rounds {
        for (what, value) in [("started_s", round.started_s), ("wall_s", round.wall_s)] {
            not_negative(what, value)?;
        }
    }
    Ok(())
}

fn check_time(time: &Time, rounds: &[RoundRecord]) -> Result<(), String> {
    let figures = [
        ("median_s", time.median_s.0),
        ("mean_s", time.mean_s.0),
        ("min_s", time.min_s.0),
        ("max_s", time.max_s.0),
        ("p95", time.p95.value_s.0),
        ("p99", time.p99.value_s.0),
    ];
    for (what, value) in figures {
        not_negative(what, value)?;
    }
    if let Some(deviation) = time.standard_deviation_s {
        not_negative("standard_deviation_s", deviation.0)?;
    }
    ordered("time", time.interval_s)?;
    ordered("time, moderated", time.moderated_s)?;
    if time.min_s > time.max_s {
        return Err("its min_s is more than its max_s".to_owned());
    }
    let measured = || rounds.iter().filter(|round| !round.sample_ns.is_empty());
    let medians = range(measured().filter_map(RoundRecord::median_s));
    let samples = range(measured().flat_map(RoundRecord::per_iteration));
    let (Some(medians), Some(samples)) = (medians, samples) else { return Ok(()) };
    within("median_s", time.median_s.0, medians, "the medians of its rounds")?;
    for (what, value) in figures {
        within(what, value, samples, "its samples")?;
    }
    // The interval of a few rounds reaches beyond their samples, so only the median is checked.
    if let Some(Interval { low, high }) = time.interval_s {
        within("median_s", time.median_s.0, (low, high), "the ends of its interval")?;
    }
    let count: usize = measured().map(|round| round.sample_ns.len()).sum();
    if time.samples > count {
        return Err(format!("it counts {} samples, but contains {count}", time.samples));
    }
    Ok(())
}

/// The least and the largest of some values, if there are any.
fn range(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    values.fold(None, |range, value| {
        let (low, high) = range.unwrap_or((value, value));
        Some((value.min(low), value.max(high)))
    })
}

fn within(what: &str, value: f64, (low, high): (f64, f64), of: &str) -> Result<(), String> {
    let rounding = ROUNDING * high.abs();
    if value < low - rounding || value > high + rounding {
        return Err(format!("its {what} is {value}, and {of} lie between {low} and {high}"));
    }
    Ok(())
}

fn not_negative(what: &str, value: f64) -> Result<(), String> {
    if value.is_finite() && value >= 0.0 { Ok(()) } else { Err(format!("its {what} is {value}")) }
}

fn ordered(what: &str, interval: Option<Interval>) -> Result<(), String> {
    match interval {
        Some(Interval { low, high }) if !(low.is_finite() && high.is_finite() && low <= high) => {
            Err(format!("the interval of its {what} goes from {low} to {high}"))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
