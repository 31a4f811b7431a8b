//! Which levels a round serves.

use std::collections::VecDeque;

use bench_core::Result;
use bench_protocol::Better;
use bench_record::{Level, Metric};
use bench_syntax::quantity::significant;

use crate::rates::{Rates, Trial};
use crate::scenario::{OpenLoop, Plan, Scenario, Wanted};

/// The levels of a round: known from the beginning, or each from what came of the last one.
pub(crate) enum Plans {
    Given { plans: VecDeque<Plan>, count: usize },
    Search { from: Option<f64>, rates: Option<Rates>, wanted: Wanted },
}

impl Plans {
    /// Levels that share the time of the round.
    pub(crate) fn count(&self) -> usize {
        match self {
            Plans::Given { count, .. } => *count,
            Plans::Search { .. } => 8,
        }
    }

    /// The next level to serve, after what came of the last one.
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
                        // What is tried again takes its place among the levels of other rounds.
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

    /// What a search has found: the throughput at the highest rate that met the objective.
    pub(crate) fn conclude(&self, levels: &mut [Level]) -> Option<Metric> {
        let Plans::Search { rates: Some(rates), .. } = self else { return None };
        let found = rates.found();
        if found.is_none()
            && let Some(level) = levels.last_mut()
        {
            let why = match Trial::of(level) {
                Trial::Hindered => "the harness was in the way",
                _ => "begin lower, with `from`",
            };
            level.warnings.push(format!("the objective is not met at any rate that was tried: {why}"));
        }
        let rate = found?;
        let level = levels.iter().find(|level| level.rate == Some(rate) && level.validity.valid)?;
        let throughput = level.pace.achieved_rate.unwrap_or(rate);
        Some(Metric::new("latency-bounded throughput", "req/s", throughput, Better::Higher))
    }
}
