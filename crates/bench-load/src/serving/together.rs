//! A level that several workers share: each serves its part, and the first one combines their rows into one level.

use std::mem::take;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bench_core::{Error, Result};
use bench_record::{Lag, Level, Validity, Worker};
use bench_syntax::quantity::{Seconds, nanoseconds, percent};
use serde::{Deserialize, Serialize};

use super::{Progress, Serving};
use crate::clock::Clock;
use crate::domain::Facts;
use crate::driver::{Calls, Driven};
use crate::fleet::{Fleet, Part};
use crate::level::{Asked, level};
use crate::log::{Adder, Coded, Meaning, RowsCsv};
use crate::phase::Phase;
use crate::scenario::{Pacing, Plan};

/// The share by which clocks may make rates uncertain before a level warns about it.
const CLOCK_SHARE: f64 = 1e-3;

/// The report of a worker about its part, without its rows.
#[derive(Debug, Serialize, Deserialize)]
struct Said {
    worker: Worker,
    validity: Validity,
    warm_up: u64,
    /// The steady part, in nanoseconds from the common start; `None` if there was none.
    steady: Option<(u64, u64)>,
    /// Whether this worker had any request to send.
    has_work: bool,
    client_stall: Option<Lag>,
    cut_short: bool,
    stopped: bool,
    held_up: u64,
    late_marks: u64,
    harness_ns: u64,
}

/// The first worker's result of a level.
#[derive(Debug, Serialize, Deserialize)]
struct Made {
    level: Level,
    /// Whether no further level is wanted.
    is_enough: bool,
}

impl<'scope, 'env, I, C> Serving<'scope, 'env, I, C>
where
    I: Sync,
    C: Calls<I>,
{
    /// Serves this worker's part of a level, and adds the combined level of all workers.
    ///
    /// # Errors
    /// If a worker is gone.
    pub(super) fn level_together(
        &self,
        fleet: &Fleet,
        plan: &Plan,
        asked: &Asked<'_>,
        progress: &mut Progress,
    ) -> Result<()> {
        let (own, stripe) = plan.own(fleet.share())?;
        let start = fleet.begin()?;
        let clock = Clock::start();
        clock.wait_until(nanoseconds(start.at.saturating_duration_since(clock.origin)));
        let harness_ns: Arc<AtomicU64> = Arc::default();
        let course = self.course(&own, asked, &harness_ns).shared(stripe, start.at);
        let mut driven = C::drive(self.scope, course, None)?;
        let harness_ns = harness_ns.load(Ordering::Relaxed) + driven.logged.cpu_ns;
        let rows = take(&mut driven.logged.coded);
        // The number of requests, the failures, the objective of a search, and an early end are judged over all
        // workers.
        let alone = Asked { valid_for: None, must_meet: false, is_part: true, ..*asked };
        let (cut_short, stopped) = (take(&mut driven.cut_short), take(&mut driven.stopped));
        let seen = level(&own, &mut driven, &alone, harness_ns);
        let has_work = stripe.clients() > 0 && own.requests != Some(0);
        let mut worker = Worker::new(fleet.share().rank() + 1, fleet.own_host());
        worker.requests = seen.requests;
        worker.failed = seen.failed;
        worker.clock_error_s = Seconds(fleet.clock_error_ns(&start)? as f64 / 1e9);
        worker.valid = seen.validity.valid || !has_work;
        let said = Said {
            worker,
            validity: if has_work { seen.validity } else { Validity::valid() },
            warm_up: asked.warm_up,
            steady: driven.steady,
            has_work,
            client_stall: driven.client_stall,
            cut_short,
            stopped,
            held_up: driven.held_up,
            late_marks: driven.late_marks,
            harness_ns,
        };
        if progress.levels.is_empty() {
            progress.latency_ns = take(&mut driven.logged.latency_ns);
        }
        self.give_up(take(&mut driven.stuck));
        let others = fleet.collect(&packed(&said, &rows))?;
        let mut made = Ok(());
        let announced = fleet.announce(|| {
            let own = (said, rows);
            let level = self.merged(plan, asked, own, &others, progress);
            let level = level.unwrap_or_else(|error| {
                made = Err(error);
                Level::named(plan.name.clone())
            });
            let levels: Vec<Level> = progress.levels.iter().cloned().chain([level.clone()]).collect();
            let is_enough = made.is_err() || self.is_enough(&levels);
            serde_json::to_vec(&Made { level, is_enough }).unwrap_or_default()
        })?;
        made?;
        let Made { level, is_enough } = serde_json::from_slice(&announced).map_err(|error| {
            Error::failure(format!("cannot read what worker 1 has sent about {}: {error}", plan.name))
        })?;
        progress.is_enough = is_enough;
        progress.add(level);
        Ok(())
    }

    /// Combines the rows of all workers into one level.
    fn merged(
        &self,
        plan: &Plan,
        asked: &Asked<'_>,
        own: (Said, Vec<u8>),
        others: &[Part],
        progress: &mut Progress,
    ) -> Result<Level> {
        let mut all = vec![(own.0, &own.1[..])];
        for part in others {
            let (mut said, rows) = unpacked(&part.bytes)?;
            said.worker.host.clone_from(&part.host);
            all.push((said, rows));
        }
        let phase = Phase::default();
        if let Some((from_ns, to_ns)) = steady(plan, all.iter().map(|(said, _)| said)) {
            phase.begin(from_ns);
            phase.end(to_ns);
        }
        let scheduled = matches!(plan.pacing, Pacing::Schedule { .. });
        let slo = if asked.must_meet { self.no_slo } else { self.slo };
        let (domain, facts): (_, &[Facts]) = (self.domain, self.facts);
        let meaning = Meaning { domain, facts, scheduled, slo, phase: &phase, keeps_rows: false };
        let mut csv: Option<RowsCsv> = progress.csv.take();
        let mut adder = Adder::new(&meaning, csv.as_mut());
        in_order_of_end(all.iter().map(|(_, rows)| Coded(rows)), |row| adder.add_kept(row))?;
        let said: Vec<&Said> = all.iter().map(|(said, _)| said).collect();
        let mut driven = Driven {
            logged: adder.finish(),
            csv: None,
            stuck: Vec::new(),
            short_of_threads: None,
            client_stall: said.iter().filter_map(|said| said.client_stall).reduce(worse),
            cut_short: said.iter().any(|said| said.cut_short),
            stopped: said.iter().any(|said| said.stopped),
            held_up: said.iter().map(|said| said.held_up).sum(),
            late_marks: said.iter().map(|said| said.late_marks).sum(),
            scheduled,
            steady: phase.bounds(),
        };
        progress.csv = csv;
        if progress.levels.is_empty() {
            progress.latency_ns = take(&mut driven.logged.latency_ns);
        }
        let warm_up = said.iter().map(|said| said.warm_up).sum();
        let harness_ns = said.iter().map(|said| said.harness_ns).sum();
        let mut level = level(plan, &mut driven, &Asked { warm_up, ..*asked }, harness_ns);
        blame(&mut level.validity, &said);
        level.warnings.extend(clocks(&level, &said));
        level.workers = all.into_iter().map(|(said, _)| said.worker).collect();
        Ok(level)
    }
}

/// Returns the part of a level in which all workers were in their steady part, in nanoseconds from the common start;
/// `None` if a worker had none. For a schedule, it is known beforehand.
fn steady<'a>(plan: &Plan, all: impl Iterator<Item = &'a Said>) -> Option<(u64, u64)> {
    if let Pacing::Schedule { arrivals, .. } = &plan.pacing {
        let last = arrivals.last().copied()?;
        return Some((last / 10, last));
    }
    all.filter(|said| said.has_work).try_fold((0, u64::MAX), |(from_ns, to_ns), said| {
        let (from, to) = said.steady?;
        Some((from_ns.max(from), to_ns.min(to)))
    })
}

/// Passes on the rows of several workers in order of their end, as far as each worker has them in that order.
fn in_order_of_end<'a>(
    workers: impl Iterator<Item = Coded<'a>>,
    mut each: impl FnMut(&crate::log::Row),
) -> Result<()> {
    let mut workers: Vec<_> = workers.map(Iterator::peekable).collect();
    loop {
        let next = workers.iter_mut().filter_map(|rows| {
            let end_ns = rows.peek()?.as_ref().map_or(0, |row| row.end_ns);
            Some((end_ns, rows))
        });
        let Some((_, rows)) = next.min_by_key(|(end_ns, _)| *end_ns) else { return Ok(()) };
        if let Some(row) = rows.next() {
            each(&row?);
        }
    }
}

/// Marks a level as not valid if the part of a worker is not valid, and names the worker.
fn blame(validity: &mut Validity, all: &[&Said]) {
    let invalid = |said: &&&Said| !said.validity.valid;
    // If all workers have the same causes as the level, they are not repeated for each.
    if !validity.valid && all.iter().all(|said| said.validity.causes == validity.causes) {
        return;
    }
    for said in all.iter().filter(invalid) {
        validity.valid = false;
        validity.harness_bound |= said.validity.harness_bound;
        validity.causes.extend(&said.validity.causes);
        let worker = &said.worker;
        let reasons = said.validity.reasons.iter();
        validity
            .reasons
            .extend(reasons.map(|reason| format!("worker {} ({}): {reason}", worker.number, worker.host)));
    }
    validity.causes.sort_unstable();
    validity.causes.dedup();
}

/// Returns a note if rates are uncertain because workers do not know exactly when the others began.
fn clocks(level: &Level, all: &[&Said]) -> Option<String> {
    let error_s = all.iter().map(|said| said.worker.clock_error_s.0).reduce(f64::max)?;
    let share = 2.0 * error_s / level.window_s.0;
    (share > CLOCK_SHARE).then(|| {
        format!(
            "the clocks of the workers agree only to within {}, in a level of {}: its rates may be off by {}",
            Seconds(error_s),
            level.window_s,
            percent(share)
        )
    })
}

/// Returns the larger of two lags, figure by figure.
fn worse(one: Lag, other: Lag) -> Lag {
    let most = |of: fn(&Lag) -> Seconds| Seconds(of(&one).0.max(of(&other).0));
    Lag::new(most(|lag| lag.p50_s), most(|lag| lag.p99_s), most(|lag| lag.max_s))
}

/// Encodes the report of a worker and its rows as bytes.
fn packed(said: &Said, rows: &[u8]) -> Vec<u8> {
    // This cannot fail: the keys of all maps are strings.
    let said = serde_json::to_vec(said).unwrap_or_default();
    let length = (said.len() as u64).to_le_bytes();
    [&length[..], &said, rows].concat()
}

fn unpacked(bytes: &[u8]) -> Result<(Said, &[u8])> {
    let cut = || Error::from(crate::log::Cut);
    let (length, rest) = bytes.split_first_chunk().ok_or_else(cut)?;
    let length = usize::try_from(u64::from_le_bytes(*length)).unwrap_or(usize::MAX);
    let (said, rows) = rest.split_at_checked(length).ok_or_else(cut)?;
    Ok((serde_json::from_slice(said)?, rows))
}

#[cfg(test)]
mod tests {
    use bench_record::InvalidCause;

    use super::*;

    fn said(number: u32, reason: Option<(InvalidCause, &str)>) -> Said {
        let mut validity = Validity::valid();
        if let Some((cause, reason)) = reason {
            validity.valid = false;
            validity.causes = vec![cause];
            validity.reasons = vec![reason.to_owned()];
        }
        let mut worker = Worker::new(number, "10.0.0.1");
        worker.clock_error_s = Seconds(0.01);
        Said {
            worker,
            validity,
            warm_up: 1,
            steady: Some((number.into(), 100 + u64::from(number))),
            has_work: true,
            client_stall: None,
            cut_short: false,
            stopped: false,
            held_up: 0,
            late_marks: 0,
            harness_ns: 0,
        }
    }

    #[test]
    fn one_worker_that_is_not_valid_is_enough_and_is_named() {
        let all = [said(1, None), said(2, Some((InvalidCause::HarnessLate, "too late")))];
        let all: Vec<&Said> = all.iter().collect();
        let mut validity = Validity::valid();
        blame(&mut validity, &all);
        assert!(!validity.valid);
        assert_eq!(validity.reasons, ["worker 2 (10.0.0.1): too late"]);
        assert_eq!(validity.causes, [InvalidCause::HarnessLate]);
        let mut validity = Validity::valid();
        blame(&mut validity, &[all[0], all[0]]);
        assert!(validity.valid);
    }

    #[test]
    fn the_steady_part_is_that_of_all_who_had_work() {
        let plan = Plan {
            name: "concurrency 2".to_owned(),
            scenario: "closed_loop",
            concurrency: Some(2),
            rate: None,
            pacing: Pacing::Clients { count: 2, ramp_up: std::time::Duration::ZERO },
            requests: None,
            duration: None,
        };
        let mut all = [said(1, None), said(3, None), said(9, None)];
        all[2].has_work = false;
        all[2].steady = None;
        assert_eq!(steady(&plan, all.iter()), Some((3, 101)));
        all[1].steady = None;
        assert_eq!(steady(&plan, all.iter()), None);
        let arrivals = vec![0, 50, 200];
        let schedule = Plan { pacing: Pacing::Schedule { arrivals, most_in_flight: 9 }, ..plan };
        assert_eq!(steady(&schedule, all.iter()), Some((20, 200)));
    }

    #[test]
    fn clocks_that_are_far_apart_are_warned_of() {
        let (one, mut level) = (said(1, None), Level::default());
        level.window_s = Seconds(10.0);
        let warning = clocks(&level, &[&one]).expect("0.2 % is more than 0.1 %");
        assert!(warning.contains("0.2"), "{warning}");
        level.window_s = Seconds(60.0);
        assert_eq!(clocks(&level, &[&one]), None);
    }
}
