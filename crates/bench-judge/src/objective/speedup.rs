//! Speedups: how many times as fast a case is as another one, or as in an earlier run.

use crate::Summarize;
use crate::comparison::{Comparison, Judgement};
use crate::objective::figure::Figure;
use crate::objective::{EarlierRecords, summary};
use bench_record::{CaseRecord, Record, Status, Time};
use bench_stats::Interval;
use bench_syntax::nearest;

const UNIT: &str = "×";

/// Returns the factor by which `case` is faster than the case `id` of the same run: the median of that case divided by
/// its own.
///
/// The interval is that of all ratios of a number in one median's interval and one in the other's. It contains the
/// ratio whenever both contain their medians: with a probability of at least 90 %, and of at least 95 % if both medians
/// err alike and independently, as it is then `√2` times as wide as necessary.
///
/// # Errors
/// The reason why there is none.
pub(super) fn over_case(record: &Record, case: &CaseRecord, id: &str) -> Result<Figure, String> {
    let other = named(record, case, id).ok_or_else(|| {
        let ids = record.cases.iter().map(|other| other.id.as_str()).filter(|other| *other != case.id);
        let near = nearest::rank_ids(id, ids).into_iter().take(3).collect::<Vec<_>>().join(", ");
        let near = if near.is_empty() { String::new() } else { format!("; nearest: {near}") };
        format!("this run contains no case `{id}`{near}")
    })?;
    let (before, after) = (time(other)?, time(case)?);
    let interval = match (before.interval_s, after.interval_s) {
        (Some(before), Some(after)) => {
            Some(Interval { low: before.low / after.high, high: before.high / after.low })
        }
        _ => None,
    };
    let invalid = other.invalid().or_else(|| case.invalid());
    let interval = interval.filter(|_| invalid.is_none());
    let one_round = || "one round only: how much processes differ is unknown".to_owned();
    Ok(figure(before, after, interval, Some(invalid.unwrap_or_else(one_round))))
}

/// Returns the case of the benchmark `id` with the same arguments, or the one without any, or the case with this id.
fn named<'a>(record: &'a Record, case: &CaseRecord, id: &str) -> Option<&'a CaseRecord> {
    let of_benchmark = |other: &&CaseRecord| other.id.split('[').next() == Some(id);
    let found = |fits: &dyn Fn(&CaseRecord) -> bool| {
        record.cases.iter().filter(of_benchmark).find(|other| fits(other))
    };
    found(&|other| other.arguments == case.arguments)
        .or_else(|| found(&|other| other.arguments.is_empty()))
        .or_else(|| record.case(id))
}

/// Returns the factor by which `case` is faster than it was in the earlier run `name`.
///
/// Two runs at different times differ by more than the interval of either shows, so the interval is that of
/// [`Comparison`]: what earlier runs of the same machine and build differ by without a change, or a stated floor.
///
/// # Errors
/// The reason why there is none.
pub(super) fn over_run(
    record: &Record,
    case: &CaseRecord,
    name: &str,
    earlier: &EarlierRecords,
) -> Result<Figure, String> {
    let old = earlier.get(name)?;
    if old.run == record.run || old.timestamp > record.timestamp {
        return Err(format!("the run `{name}` is not an earlier one"));
    }
    let before = old.case(&case.id).ok_or_else(|| format!("the run `{name}` does not contain this case"))?;
    let judgement = Judgement { history: earlier.history(), ..Judgement::default() };
    // Compares this case alone: otherwise the change that all cases have in common would be removed from the ratio.
    let comparison = Comparison::of(&with_only(old, before), &with_only(record, case), &judgement, |_| false);
    let (before, after) = (time(before)?, time(case)?);
    let compared = comparison.cases.first();
    let interval = compared.and_then(|compared| compared.interval).filter(|_| comparison.different.is_none());
    let interval =
        interval.map(|change| Interval { low: 1.0 / (1.0 + change.high), high: 1.0 / (1.0 + change.low) });
    let doubt = comparison.different.or_else(|| compared?.reason.clone());
    Ok(figure(before, after, interval, doubt))
}

/// Returns the same run, as if it had measured this case alone.
fn with_only(record: &Record, case: &CaseRecord) -> Record {
    let mut alone = Record::new(record.run.clone(), record.timestamp.clone(), vec![case.clone()]);
    alone.sealed.clone_from(&record.sealed);
    alone.state = record.state;
    alone.targets = summary(&alone.cases);
    alone.environment.clone_from(&record.environment);
    alone.seed = record.seed;
    alone.warnings.clone_from(&record.warnings);
    alone
}

fn figure(before: &Time, after: &Time, interval: Option<Interval>, doubt: Option<String>) -> Figure {
    let interval = interval.filter(|found| found.low.is_finite() && found.high.is_finite());
    Figure {
        value: before.median_s.0 / after.median_s.0,
        unit: UNIT.to_owned(),
        interval,
        doubt,
        level: None,
        invalid: None,
    }
}

fn time(case: &CaseRecord) -> Result<&Time, String> {
    let measured = |time: &&Time| case.status == Status::Ok && time.median_s.0 > 0.0;
    case.time.as_ref().filter(measured).ok_or_else(|| format!("there is no time of `{}`", case.id))
}
