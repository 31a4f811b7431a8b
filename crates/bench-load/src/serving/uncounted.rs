//! Serves requests that do not count: warm-up, and batches that the runner requests one by one.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bench_core::{Error, Result};
use bench_protocol::Assignment;
use bench_syntax::quantity::nanoseconds;

use super::{Progress, Serving};
use crate::clock::Clock;
use crate::driver::{Called, Calls, Course, Ends, Patience};
use crate::log::Outcome;
use crate::request::Marks;
use crate::scenario::{Pacing, Plan};
use crate::stripe::Stripe;

/// The number of requests that may fail one after another before the round fails.
const TRIES: usize = 5;

impl<'scope, 'env, I, C> Serving<'scope, 'env, I, C>
where
    I: Sync,
    C: Calls<I>,
{
    /// Serves `requests` warm-up requests with `clients` clients at once; returns the sum of the latencies.
    pub(super) fn side_by_side(&self, clients: u64, requests: u64) -> Result<Duration> {
        let next = AtomicU64::new(0);
        let claim = || {
            std::iter::from_fn(|| {
                let number = next.fetch_add(1, Ordering::Relaxed);
                (number < requests).then_some(number)
            })
        };
        std::thread::scope(|scope| {
            let clients: Vec<_> = (0..clients).map(|_| scope.spawn(|| self.some(claim()))).collect();
            clients.into_iter().try_fold(Duration::ZERO, |sum, client| {
                let took = client.join().map_err(|_| Error::failure("a client has panicked"))??;
                Ok(sum + took)
            })
        })
    }

    /// Serves these warm-up requests one after another, without recording them; returns the sum of the latencies. If
    /// one fails, another takes its place: a server that refuses a request now and then is still measured.
    pub(super) fn some(&self, numbers: impl Iterator<Item = u64>) -> Result<Duration> {
        let clock = Clock::start();
        // Sent by the first client of this worker, which may have its own connection.
        let client = self.job.fleet.as_ref().map_or(0, |fleet| fleet.share().rank());
        let marks = Marks::new(clock.origin, client);
        let mut latency_ns = 0;
        for number in numbers {
            let mut failed: usize = 0;
            latency_ns += loop {
                let ended = self.one(number + failed as u64, &marks, clock);
                if let Some(refusals) = &self.refusals {
                    refusals.note(ended.is_err());
                }
                match ended {
                    Ok(latency_ns) => break latency_ns,
                    Err(_) if failed + 1 < TRIES && !self.job.stop.is_asked() => failed += 1,
                    Err(message) => {
                        return Err(Error::failure(format!(
                            "{} failed one after another before any was measured, the last with: {message}",
                            if failed == 0 {
                                "1 request".to_owned()
                            } else {
                                format!("{} requests", failed + 1)
                            }
                        )));
                    }
                }
            };
        }
        Ok(Duration::from_nanos(latency_ns))
    }

    /// Serves one request of warm-up, and returns its latency in nanoseconds, or why it failed.
    fn one(&self, number: u64, marks: &Arc<Marks>, clock: Clock) -> Result<u64, String> {
        let input = &self.warm_up[(number % self.warm_up.len() as u64) as usize];
        let called = Called { input, number, clock };
        let patience =
            Patience { limit: self.patience(), stop: self.job.stop.clone(), grace: self.job.grace };
        let once = self.calls.once(self.scope, called, marks, &patience);
        let (sent_ns, ended) = once.map_err(|unanswered| {
            self.give_up(unanswered.stuck);
            unanswered.message
        })?;
        match ended.outcome {
            Outcome::Served => Ok(ended.end_ns.saturating_sub(sent_ns)),
            _ => Err(ended.error.map_or_else(|| "no message".to_owned(), String::from)),
        }
    }

    /// Returns the [`usual_rate`](Self::usual_rate), which the first worker measures if several share the load.
    pub(super) fn agreed_rate(&self) -> Result<f64> {
        let Some(fleet) = &self.job.fleet else { return self.usual_rate() };
        let rate = if fleet.is_first() { self.usual_rate()? } else { 0.0 };
        let bytes = fleet.announce(|| rate.to_le_bytes().to_vec())?;
        Ok(bytes.try_into().map_or(rate, f64::from_le_bytes))
    }

    /// Returns half of the requests per second that one client gets, the rate at which a search begins.
    fn usual_rate(&self) -> Result<f64> {
        let took = self.some(0..3)?.as_secs_f64().max(1e-6);
        Ok(0.5 * 3.0 / took)
    }

    /// Serves requests that do not count; returns how many.
    pub(super) fn warm(&self, plan: &Plan, assignment: &Assignment, progress: &mut Progress) -> Result<u64> {
        let share = self.job.fleet.as_ref().map(|fleet| plan.own(fleet.share())).transpose()?;
        let (plan, stripe) = share.as_ref().map_or((plan, Stripe::WHOLE), |(plan, stripe)| (plan, *stripe));
        let clients = match &plan.pacing {
            Pacing::Clients { count, .. } | Pacing::Queries { streams: count } => *count,
            Pacing::Schedule { .. } => 1,
        };
        let wanted = assignment.warmup.or(self.job.warm_up).map(|requests| stripe.requests(requests));
        let mut requests = wanted.unwrap_or(u64::from(clients));
        if assignment.load.quick {
            requests = requests.min(1);
        }
        if requests == 0 {
            return Ok(0);
        }
        let count = u32::try_from(requests).unwrap_or(u32::MAX).min(clients);
        let pacing = Pacing::Clients { count, ramp_up: Duration::ZERO };
        let ends = Ends {
            requests,
            at_ns: u64::MAX,
            make_up: false,
            limit: self.limit(),
            stop: self.job.stop.clone(),
            grace: self.job.grace,
        };
        let course = Course::new(
            self.calls,
            (self.warm_up, self.no_facts),
            self.domain,
            self.no_slo,
            pacing,
            ends,
            self.job.timeout.map(nanoseconds),
            Arc::default(),
        )
        // Clients warm up the connections that they will use, and workers do not repeat each other's requests.
        .striped(stripe);
        let began = Instant::now();
        let driven = C::drive(self.scope, course, None)?;
        progress.warm_up.iterations += requests;
        progress.warm_up.ns += nanoseconds(began.elapsed());
        self.give_up(driven.stuck);
        Ok(requests)
    }
}
