//! Serves levels, and decides how long each lasts.

use std::time::{Duration, Instant};

use bench_core::bencher::Bencher;
use bench_core::{Error, Result};
use bench_protocol::{Assignment, Mode};
use bench_stats as stats;
use bench_syntax::quantity::{Seconds, nanoseconds};

use super::{Goal, Serving};
use crate::plans::Plans;
use crate::scenario::{Pacing, Plan, Scenario, Stress, Wanted};

/// The number of requests of a level with `--quick`.
const QUICK: u64 = 5;

/// The number of clients for each core in a stress test that a flag requested.
const STRESS_PER_CORE: usize = 8;

impl<I, C> Serving<'_, '_, I, C> {
    /// Reports to the runner how long the levels take by their settings, so that it waits for them.
    ///
    /// # Errors
    /// If they take longer than the time limit of the case.
    pub(super) fn tell_time(&self, bencher: &mut Bencher) -> Result<()> {
        let assignment = bencher.assignment().clone();
        if assignment.mode != Mode::Sample {
            return Ok(());
        }
        let Plans::Given { mut plans, count } = self.plans(&assignment)? else { return Ok(()) };
        let lasts: Duration = plans
            .iter_mut()
            .filter_map(|plan| {
                self.shorten(plan, &assignment, count);
                plan.lasts()
            })
            .sum();
        let left = bencher.deadline().map(|deadline| deadline.saturating_duration_since(Instant::now()));
        if let Some(left) = left.filter(|left| bencher.deadline_is_hard() && *left < lasts) {
            return Err(Error::failure(format!(
                "the levels are to last {} together, but the case has {} left of its `timeout`: raise it, or ask for less",
                Seconds(lasts.as_secs_f64()),
                Seconds(left.as_secs_f64())
            )));
        }
        bencher.expects(lasts)
    }

    pub(super) fn valid_for(&self, assignment: &Assignment) -> Option<f64> {
        if assignment.load.quick { None } else { assignment.load.valid_for.or(self.job.valid_for) }
    }

    /// Returns the length of levels: the runner's settings override those of the benchmark.
    pub(super) fn wanted(&self, assignment: Option<&Assignment>) -> Wanted {
        let mut wanted =
            Wanted { requests: self.job.requests, duration: self.job.duration, seed: self.job.seed };
        let Some(assignment) = assignment else { return wanted };
        // Each round has its own seed.
        wanted.seed = wanted.seed.wrapping_add(u64::from(assignment.round));
        if assignment.load.quick {
            return Wanted { requests: Some(QUICK), duration: None, ..wanted };
        }
        wanted.requests = assignment.samples.or(wanted.requests);
        if let Some(p) = self.valid_for(assignment) {
            wanted.requests = Some(wanted.requests.unwrap_or(0).max(stats::support(p) as u64));
            wanted.duration = None;
        }
        wanted
    }

    pub(super) fn plans(&self, assignment: &Assignment) -> Result<Plans> {
        let wanted = self.wanted(Some(assignment));
        if let Some(ns) = assignment.load.stress_ns {
            let cores = std::thread::available_parallelism().map_or(1, usize::from);
            let stress = Stress::new(Duration::from_nanos(ns), cores * STRESS_PER_CORE);
            let wanted = Wanted { requests: None, ..wanted };
            return Ok(Plans::Given { plans: stress.levels(&wanted)?.into(), count: 1 });
        }
        match &self.goal {
            Goal::Levels(scenario) => {
                let plans = scenario.levels(&wanted)?;
                if plans.is_empty() {
                    return Err(Error::failure("the scenario has no level: expected at least one setting"));
                }
                Ok(Plans::Given { count: plans.len(), plans: plans.into() })
            }
            Goal::Rate { from } => Ok(Plans::Search { from: *from, rates: None, wanted }),
        }
    }

    /// Limits a level to its share of the slice, if the runner asks for a hard stop.
    pub(super) fn shorten(&self, plan: &mut Plan, assignment: &Assignment, levels: usize) {
        if !assignment.hard_stop || assignment.load.stress_ns.is_some() {
            return;
        }
        let share = Duration::from_nanos(assignment.slice_ns) / u32::try_from(levels.max(1)).unwrap_or(1);
        plan.duration = Some(plan.duration.map_or(share, |duration| duration.min(share)));
        if let Pacing::Schedule { arrivals, .. } = &mut plan.pacing {
            arrivals.truncate(arrivals.partition_point(|at| *at < nanoseconds(share)).max(1));
            plan.requests = Some(arrivals.len() as u64);
        }
    }
}
