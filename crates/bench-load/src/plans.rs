//! Plans the levels of a round.

use std::collections::VecDeque;

use bench_core::Result;
use bench_protocol::Better;
use bench_record::{InvalidCause, Level, Metric};
use bench_syntax::quantity::significant;

use crate::rates::{Rates, Trial};
use crate::scenario::{OpenLoop, Plan, Scenario, Wanted};

/// The reason why a search that ended at this level has found nothing, and what to do. Failures at every rate have
/// nothing to do with the rate.
fn in_vain(level: &Level, all_failing: bool) -> String {
    let missed = level.validity.causes.contains(&InvalidCause::ObjectiveMissed);
    match Trial::of(level) {
        Trial::Hindered if !all_failing => {
            "the objective is not met at any rate that was tried, because the harness was the bottleneck".to_owned()
        }
        _ if all_failing => {
            let most = level.errors.first().map_or(String::new(), |told| format!(", most often: {}", told.message));
            let objective = if missed { "" } else { ", though the objective is met by those that are served" };
            format!(
                "no rate that was tried is valid, because requests fail: {} of {} at {}{most}{objective}; look at \
                 the failures first",
                level.failed, level.requests, level.name
            )
        }
        _ if !missed && level.validity.causes.contains(&InvalidCause::TooFewRequests) => {
            "no rate that was tried is valid: too few requests were served for the objective; give the case more time"
                .to_owned()
        }
        _ => "the objective is not met at any rate that was tried: begin lower, with `from`".to_owned(),
    }
}

/// The levels of a round: known from the beginning, or each decided by the result of the last one.
pub(crate) enum Plans {
    Given { plans: VecDeque<Plan>, count: usize },
    Search { from: Option<f64>, rates: Option<Rates>, wanted: Wanted },
}

impl Plans {
    /// Returns the number of levels that share the time of the round; for a search, an estimate.
    pub(crate) fn count(&self) -> usize {
        match self {
            Plans::Given { count, .. } => *count,
            Plans::Search { .. } => 8,
        }
    }

    /// Returns the number of levels that are left; `None` if none is. A search always has one left.
    pub(crate) fn left(&self) -> Option<usize> {
        match self {
            Plans::Given { plans, .. } => Some(plans.len()).filter(|left| *left > 0),
            Plans::Search { .. } => Some(1),
        }
    }

    /// Returns the next level to serve, after the result of the last one.
    pub(crate) fn next(
        &mut self,
        last: Option<&mut Level>,
        usual_rate: impl FnOnce() -> Result<f64>,
    ) -> Result<Option<Plan>> {
        match self {
            Plans::Given { plans, .. } => Ok(plans.pop_front()),
            Plans::Search { from, rates, wanted } => {
                let rates = match rates {
                    Some(rates) => rates,
                    None => {
                        let begin = match from {
                            Some(rate) => Rates::from(*rate),
                            None => Rates::near(usual_rate()?),
                        };
                        rates.insert(begin)
                    }
                };
                if let Some(last) = last {
                    rates.tell(Trial::of(last));
                    if rates.is_again() {
                        // The repeated level gets the name that it has in other rounds.
                        last.name += " (hindered)";
                    }
                }
                let Some(rate) = rates.next() else { return Ok(None) };
                let plan = OpenLoop::poisson(rate).levels(wanted)?.pop();
                Ok(plan.map(|plan| Plan {
                    name: format!("{} req/s", significant(rate)),
                    scenario: "find_rate",
                    ..plan
                }))
            }
        }
    }

    /// Returns the result of a search: the throughput at the highest rate that met the objective.
    pub(crate) fn conclude(&self, levels: &mut [Level]) -> Option<Metric> {
        let Plans::Search { rates: Some(rates), .. } = self else { return None };
        let found = rates.found();
        let fails = |level: &Level| level.validity.causes.contains(&InvalidCause::Failures);
        let all_failing = levels.iter().all(fails);
        if found.is_none()
            && let Some(level) = levels.last_mut()
        {
            level.warnings.push(in_vain(level, all_failing));
        }
        let rate = found?;
        let level = levels.iter_mut().find(|level| level.rate == Some(rate) && level.validity.valid)?;
        level.warnings.extend(rates.open_end().map(str::to_owned));
        let throughput = level.pace.achieved_rate.unwrap_or(rate);
        Some(Metric::new("latency-bounded throughput", "req/s", throughput, Better::Higher))
    }
}
