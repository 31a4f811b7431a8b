//! Measures a suspected change before `bench gate` fails a build: the last good commit and that of the run take turns.

use bench_report::tell;
use std::collections::{BTreeMap, BTreeSet};

use bench_compare as paired;
use bench_compare::{PairedComparison, Progress, Rules, Side};
use bench_history::gate::{Confirmation, Decision, Ruling, Suspicion};
use bench_history::store::Store;
use bench_record::{Record, RunError, RunState};
use bench_runner::program::ListLimits;
use bench_runner::selection::{Ignored, Pattern, Selection};

use crate::arguments::{Confirm, Gate};
use crate::failure::Failure;

/// The factor by which the time is multiplied when a suspect that is still unsure is measured once more.
const PATIENCE: u32 = 4;

/// Measures the suspects again, as far as possible; this measurement decides.
pub(crate) fn confirm(
    decision: &mut Decision,
    record: &Record,
    store: &mut Store,
    arguments: &Gate,
) -> Result<(), Failure> {
    if arguments.confirm == Confirm::Never {
        return Ok(());
    }
    let suspects: Vec<(usize, Suspicion)> = decision
        .findings
        .iter()
        .enumerate()
        .filter_map(|(number, finding)| Some((number, finding.suspicion()?)))
        .collect();
    let mut by_base: BTreeMap<String, Vec<(usize, f64)>> = BTreeMap::new();
    let head = commit_of(record);
    for (number, suspicion) in suspects {
        match base_of(&suspicion, store, head.as_deref())? {
            Base::Commit(base) => by_base.entry(base).or_default().push((number, suspicion.allowed)),
            Base::Same(commit) => decision.findings[number].confirm(Confirmation::SameCommit { commit }),
            Base::Unknown(reason) => decision.findings[number].confirm(Confirmation::Impossible { reason }),
        }
    }
    let Some(head) = head else { return Ok(()) };
    for (base, suspects) in by_base {
        let cases =
            suspects.iter().map(|(number, allowed)| (decision.findings[*number].case.clone(), *allowed));
        let measured = measure(&base, &head, cases.collect(), arguments);
        let found = match measured {
            Ok(found) => found,
            Err(error @ (RunError::Interrupted | RunError::Io { .. } | RunError::Spawn { .. })) => {
                return Err(error.into());
            }
            Err(error) => {
                for (number, _) in suspects {
                    let reason = error.to_string();
                    decision.findings[number].confirm(Confirmation::Impossible { reason });
                }
                continue;
            }
        };
        for (number, _) in suspects {
            let finding = &mut decision.findings[number];
            // The last measurement is the longest, and decides.
            let compared = found.iter().rev().flat_map(PairedComparison::compared);
            let confirmation = match compared.into_iter().find(|compared| compared.id == finding.case) {
                Some(compared) => Confirmation::Measured {
                    base: base.clone(),
                    head: head.clone(),
                    compared: Box::new(compared.clone()),
                },
                None => {
                    Confirmation::Impossible { reason: format!("{base} or {head} does not have this case") }
                }
            };
            finding.confirm(confirmation);
        }
    }
    Ok(())
}

/// The base to compare the code of a run with.
enum Base {
    Commit(String),
    /// The run has the same commit, so there is nothing to measure.
    Same(String),
    Unknown(String),
}

fn base_of(suspicion: &Suspicion, store: &mut Store, head: Option<&str>) -> Result<Base, Failure> {
    let Some(head) = head else {
        return Ok(Base::Unknown("no commit contains the code of this run".to_owned()));
    };
    let base = match (&suspicion.last_good_run, &suspicion.last_good) {
        (Some(run), _) => commit_of(&store.record(run)?),
        (None, commit) => commit.clone(),
    };
    Ok(match base {
        None => Base::Unknown("no commit contains the code of the last good run".to_owned()),
        Some(base) if base == head => Base::Same(base),
        Some(base) => Base::Commit(base),
    })
}

/// Returns the commit whose code a run has measured; `None` if it is not known or the tree had changes.
fn commit_of(record: &Record) -> Option<String> {
    record.environment.commit.clone().filter(|_| record.environment.dirty != Some(true))
}

/// Measures the suspects, each with its allowance, at both commits. Those with the same allowance are measured
/// together, because it is the threshold of a measurement.
fn measure(
    base: &str,
    head: &str,
    mut suspects: Vec<(String, f64)>,
    arguments: &Gate,
) -> Result<Vec<PairedComparison>, RunError> {
    let checkout = arguments.build.checkout()?;
    for commit in [base, head] {
        if checkout.commit(commit).is_none() {
            return Err(RunError::NoMatch(format!("no checkout here has the commit {commit}")));
        }
    }
    let side =
        |commit: &str| Side::open_built(commit, checkout.build_revision(commit)?, &ListLimits::default());
    let (base, head) = (side(base)?, side(head)?);
    suspects.sort_by(|a, b| a.1.total_cmp(&b.1));
    let mut found = Vec::new();
    // Equal allowances may differ by rounding.
    for group in suspects.chunk_by(|a, b| b.1 - a.1 <= 1e-9) {
        let ids = group.iter().map(|(id, _)| id.clone()).collect();
        found.extend(measure_together(&base, &head, group[0].1, ids, arguments)?);
    }
    Ok(found)
}

/// Measures suspects with the same allowance, and measures those that are still unsure again.
fn measure_together(
    base: &Side,
    head: &Side,
    allowed: f64,
    mut ids: BTreeSet<String>,
    arguments: &Gate,
) -> Result<Vec<PairedComparison>, RunError> {
    let mut found = Vec::new();
    for times in [1, PATIENCE] {
        let selection = Selection {
            patterns: ids.iter().cloned().map(Pattern::Exact).collect(),
            ignored: Ignored::Include,
            ..Selection::default()
        };
        let rules = Rules {
            threshold: allowed,
            threshold_is_asked: true,
            max_time: arguments.max_time.saturating_mul(times),
            ..Rules::default()
        };
        let comparison =
            paired::compare(base, head, &selection, &rules, &mut Progress::new(arguments.quiet))?;
        if comparison.state == RunState::Interrupted {
            return Err(RunError::Interrupted);
        }
        let folder = comparison.write(&arguments.place.output_dir)?;
        tell(&format!("confirmation: {}", folder.display()));
        ids.retain(|id| {
            let compared = comparison.compared().find(|compared| compared.id == *id);
            compared.and_then(|compared| Ruling::of_measurement(compared, allowed)) == Some(Ruling::Unsure)
        });
        found.push(comparison);
        if ids.is_empty() {
            break;
        }
    }
    Ok(found)
}
