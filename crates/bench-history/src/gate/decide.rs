//! Decides whether a run may pass.

use bench_judge::Summarize;
use bench_judge::objective::EarlierRecords;
use bench_record::{CaseRecord, Record, Status};

use super::{Against, Decision, Evidence, Finding, Ruling, Told, against_baseline, against_history, limits};
use crate::config::{Config, ConfigError};
use crate::store::Series;

/// Judges `record`, whose figures are already part of `series`. In both, cases have their present names, after
/// renames. `earlier` contains the runs that limits refer to.
///
/// # Errors
/// [`ConfigError`] if a threshold has a different unit than its figure.
pub fn decide(
    config: &Config,
    record: &Record,
    series: &[Series],
    against: Against<'_>,
    earlier: &EarlierRecords,
) -> Result<Decision, ConfigError> {
    let mut decision = Decision {
        run: record.run.clone(),
        commit: record.environment.commit.clone(),
        against: match against {
            Against::History { .. } => Told::History,
            Against::Baseline { name, record, .. } => {
                Told::Baseline { name: name.to_owned(), run: record.run.clone() }
            }
        },
        judged: 0,
        objectives: 0,
        too_little_history: 0,
        notes: limits::notes(config, record),
        machine_shifts: Vec::new(),
        findings: record.cases.iter().filter_map(|case| failure(case).or_else(|| invalid(case))).collect(),
    };
    match against {
        Against::History { accepted, commits } => {
            against_history::judge(config, record, series, (accepted, commits), &mut decision)?;
        }
        Against::Baseline { record: baseline, earlier, .. } => {
            against_baseline::judge(config, record, baseline, series, earlier, &mut decision)?;
        }
    }
    limits::judge(config, record, earlier, &mut decision);
    decision.sort();
    Ok(decision)
}

fn failure(case: &CaseRecord) -> Option<Finding> {
    let reason = match (case.status, &case.failure) {
        (Status::Failed, Some(failure)) => failure.to_string(),
        (Status::Failed, None) => "it failed".to_owned(),
        _ => return None,
    };
    Some(Finding {
        case: case.id.clone(),
        figure: String::new(),
        ruling: Ruling::Fails,
        unit: String::new(),
        before: None,
        now: None,
        this_run: None,
        of_machine: None,
        allowed: None,
        evidence: Evidence::Failure { reason },
        confirmation: None,
    })
}

/// Returns the finding that a case has served requests with invalid figures, so that no judgement of the case is
/// certain; `None` if its figures are valid.
fn invalid(case: &CaseRecord) -> Option<Finding> {
    let reason = case.invalid().filter(|_| case.status == Status::Ok)?;
    Some(Finding {
        case: case.id.clone(),
        figure: "validity".to_owned(),
        ruling: Ruling::Unsure,
        unit: String::new(),
        before: None,
        now: None,
        this_run: None,
        of_machine: None,
        allowed: None,
        evidence: Evidence::Failure { reason },
        confirmation: None,
    })
}

#[cfg(test)]
pub(super) mod tests;
