//! Limits of `bench.toml`, and targets of benchmarks.

use bench_judge::objective as target;
use bench_judge::objective::EarlierRecords;
use bench_record::{CaseRecord, ObjectiveResult, Outcome, Record, Status};
use bench_syntax::objective::Objective;

use super::{Decision, Evidence, Finding, Ruling};
use crate::config::{Config, Limit};

/// Adds to `decision` the limits that are not kept and the targets that are not met, and those that are unsure.
pub(super) fn judge(config: &Config, record: &Record, earlier: &EarlierRecords, decision: &mut Decision) {
    for rule in &config.rules {
        let cases: Vec<&CaseRecord> = record.cases.iter().filter(|case| rule.fits(case)).collect();
        for limit in &rule.limits {
            let results = of_limit(limit, &cases, record, earlier);
            decision.objectives += results.len();
            decision.findings.extend(results.into_iter().filter_map(|(case, result)| {
                let evidence = Evidence::Limit { result: result.clone() };
                Some(Finding::of_result(&case.id, ruling(&result)?, result, evidence))
            }));
        }
    }
    if config.gate.targets {
        for case in record.cases.iter().filter(measured) {
            decision.objectives += case.targets.len();
            decision.findings.extend(of_targets(case));
        }
    }
}

/// Whether a case was measured; one that failed is reported as a failure.
fn measured(case: &&CaseRecord) -> bool {
    case.status == Status::Ok
}

/// Returns the results of a limit, by case.
fn of_limit<'a>(
    limit: &Limit,
    cases: &[&'a CaseRecord],
    record: &Record,
    earlier: &EarlierRecords,
) -> Vec<(&'a CaseRecord, ObjectiveResult)> {
    let cases = cases.iter().copied().filter(measured).filter(|case| concerns(&limit.target, case));
    let results: Vec<(&CaseRecord, ObjectiveResult)> = cases
        .map(|case| {
            let mut result = target::judge(record, case, &limit.target, earlier);
            result.text.clone_from(&limit.text);
            (case, result)
        })
        .collect();
    // A rule for many cases may name a figure that some of them have; one that none has is a mistake.
    let any = results.iter().any(|(_, result)| result.value.is_some());
    let shown = results
        .into_iter()
        .enumerate()
        .filter(|(number, (_, result))| result.value.is_some() || !any && *number == 0);
    shown.map(|(_, judged)| judged).collect()
}

fn of_targets(case: &CaseRecord) -> impl Iterator<Item = Finding> {
    case.targets.iter().filter_map(|result| {
        let evidence = Evidence::Objective { result: result.clone() };
        Some(Finding::of_result(&case.id, ruling(result)?, result.clone(), evidence))
    })
}

fn ruling(result: &ObjectiveResult) -> Option<Ruling> {
    match result.outcome {
        Outcome::Met => None,
        Outcome::Missed => Some(Ruling::Fails),
        Outcome::Unsure => Some(Ruling::Unsure),
    }
}

/// Whether a limit applies to this case: one with `@ batch=8` does not apply to a case with another `batch`.
fn concerns(target: &Objective, case: &CaseRecord) -> bool {
    target
        .at
        .iter()
        .all(|setting| case.arguments.get(&*setting.name).is_none_or(|value| *value == setting.value))
}

/// Returns a note for each rule that fits no case of the run: the run may have been filtered, or the rule mistyped.
pub(super) fn notes(config: &Config, record: &Record) -> Vec<String> {
    let idle = config.rules.iter().filter(|rule| !record.cases.iter().any(|case| rule.fits(case)));
    idle.map(|rule| {
        format!("{}:{}: this rule matches no case of the run", config.path.display(), rule.place.0)
    })
    .collect()
}
