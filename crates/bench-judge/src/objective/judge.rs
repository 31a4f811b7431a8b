//! Turns figures into the result of a target.

use crate::objective::figure::{Figure, figures};
use crate::objective::{EarlierRecords, speedup, summary};
use bench_record::{CaseRecord, ObjectiveResult, Outcome, Record, Status};
use bench_syntax::objective::{Objective, Quantity, Setting};

/// Judges the targets of all cases again, from the record alone.
pub fn settle(record: &mut Record, earlier: &EarlierRecords) {
    let judged = |record: &Record, case: &CaseRecord, declared: &ObjectiveResult| match Objective::parse(
        &declared.text,
    ) {
        Ok(target) => judge(record, case, &target, earlier),
        Err(error) => ObjectiveResult::without_figure(&declared.text, Outcome::Unsure, error.to_string()),
    };
    let results: Vec<Vec<ObjectiveResult>> = record
        .cases
        .iter()
        .map(|case| case.targets.iter().map(|declared| judged(record, case, declared)).collect())
        .collect();
    for (case, results) in record.cases.iter_mut().zip(results) {
        case.targets = results;
    }
    record.targets = summary(&record.cases);
}

/// Compares `target` with `case`, one of those of `record`.
///
/// The result is `met` or `missed` only if the whole 95 % interval of the figure lies on that side of the limit, so
/// without an interval it is `unsure`, with the reason. A target over several levels holds at the worst of them. A
/// case that failed has missed its targets.
pub fn judge(
    record: &Record,
    case: &CaseRecord,
    target: &Objective,
    earlier: &EarlierRecords,
) -> ObjectiveResult {
    match figures_of(record, case, target, earlier) {
        Ok(figures) => worst(target, figures),
        Err((outcome, reason)) => ObjectiveResult::without_figure(&target.text, outcome, reason),
    }
}

fn figures_of(
    record: &Record,
    case: &CaseRecord,
    target: &Objective,
    earlier: &EarlierRecords,
) -> Result<Vec<Figure>, (Outcome, String)> {
    match case.status {
        Status::Ok => {}
        Status::Failed => {
            let why = case.failure.as_ref().map_or_else(String::new, |failure| format!(": {failure}"));
            return Err((Outcome::Missed, format!("the case failed{why}")));
        }
        Status::Skipped => {
            let why = case.skip_reason.as_deref().unwrap_or_default();
            return Err((Outcome::Unsure, format!("skipped: {why}")));
        }
        Status::NotRun => return Err((Outcome::Unsure, "not run: interrupted".to_owned())),
    }
    let unsure = |reason| (Outcome::Unsure, reason);
    let mut of_levels: Vec<&Setting> = Vec::new();
    for setting in target.at.iter() {
        match case.arguments.get(&*setting.name) {
            Some(value) if *value == setting.value => {}
            Some(_) => return Err(unsure(format!("no case has {setting}"))),
            None => of_levels.push(setting),
        }
    }
    let one = |figure: Figure| vec![figure];
    match &target.what {
        Quantity::Metric(name) => figures(case, name, &of_levels),
        Quantity::SpeedupOverCase(_) | Quantity::SpeedupOverRun(_) if !of_levels.is_empty() => {
            Err(format!("the case has no argument `{}`", of_levels[0].name))
        }
        Quantity::SpeedupOverCase(id) => speedup::over_case(record, case, id).map(one),
        Quantity::SpeedupOverRun(name) => speedup::over_run(record, case, name, earlier).map(one),
    }
    .map_err(unsure)
}

/// Judges all figures, and returns the worst result: a miss is worse than a doubt, and a doubt is worse than a hit; of
/// two alike, the one with the smaller attainment.
fn worst(target: &Objective, figures: Vec<Figure>) -> ObjectiveResult {
    let several = figures.len() > 1;
    let badness = |result: &ObjectiveResult| {
        let outcome = match result.outcome {
            Outcome::Missed => 2,
            Outcome::Unsure => 1,
            Outcome::Met => 0,
        };
        (outcome, 1.0 - result.attainment.unwrap_or_default())
    };
    let weighed = figures.into_iter().map(|figure| {
        let level = figure.level.clone().filter(|_| several);
        let mut result = weigh(target, figure);
        if let Some(level) = level {
            let rest = result.reason.map(|reason| format!("; {reason}")).unwrap_or_default();
            result.reason = Some(format!("worst at {level}{rest}"));
        }
        result
    });
    let found = weighed.max_by(|a, b| {
        let (a, b) = (badness(a), badness(b));
        a.0.cmp(&b.0).then(a.1.total_cmp(&b.1))
    });
    found.unwrap_or_else(|| {
        ObjectiveResult::without_figure(&target.text, Outcome::Unsure, "there is no figure")
    })
}

fn weigh(target: &Objective, figure: Figure) -> ObjectiveResult {
    let Figure { value, unit, interval, doubt, invalid, .. } = figure;
    if !value.is_finite() {
        return ObjectiveResult::without_figure(&target.text, Outcome::Unsure, "the figure is not a number");
    }
    let mut result = ObjectiveResult::without_figure(&target.text, Outcome::Unsure, "");
    result.value = Some(value);
    result.interval = interval;
    let Some(in_one) = target.unit.in_one(&unit) else {
        let reason = format!("the figure is in {unit}, and the limit is {}", target.unit.kind());
        result.unit = Some(unit);
        result.reason = Some(reason);
        return result;
    };
    let limit = target.value / in_one;
    let (outcome, reason) = match interval {
        None => (Outcome::Unsure, doubt),
        Some(found) => {
            match (target.relation.holds(found.low, limit), target.relation.holds(found.high, limit)) {
                (true, true) if invalid.is_some() => (Outcome::Unsure, invalid),
                (true, true) => (Outcome::Met, None),
                (false, false) => (Outcome::Missed, None),
                _ => (Outcome::Unsure, Some("the limit lies within the interval".to_owned())),
            }
        }
    };
    result.unit = Some(unit);
    result.outcome = outcome;
    result.attainment = Some(target.relation.attainment(value, limit));
    result.reason = reason;
    result
}

#[cfg(test)]
mod tests;
