//! The state of one level while it runs, which all its clients share.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::flight::Flight;
use crate::clock::Clock;
use crate::domain::{Answer, Domain, Facts};
use crate::log::{Ended, Meaning, Outcome, Row};
use crate::pause::Pause;
use crate::phase::Phase;
use crate::scenario::Pacing;
use crate::slo::Slo;
use crate::stop::Stop;
use crate::stripe::Stripe;

/// When a level ends.
#[derive(Clone, Debug)]
pub(crate) struct Ends {
    /// After this many requests.
    pub(crate) requests: u64,
    /// The time from which on no request is sent, in nanoseconds from the beginning of the level.
    pub(crate) at_ns: u64,
    /// Whether another request replaces each one that fails.
    pub(crate) make_up: bool,
    /// The remaining time of the case.
    pub(crate) limit: Option<TimeLimit>,
    /// Whether the user wants it to end.
    pub(crate) stop: Stop,
    /// How long event loops wait for requests in flight after the user has ended the level.
    #[cfg_attr(not(feature = "tokio"), allow(dead_code, reason = "threads wait for as long as it takes"))]
    pub(crate) grace: Duration,
}

/// When the case runs out of time, in nanoseconds from the beginning of the level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TimeLimit {
    /// The time from which on no request is sent.
    pub(crate) stop_ns: u64,
    /// The time at which requests that are still in flight are given up.
    pub(crate) give_up_ns: u64,
}

/// A request of a level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) number: u64,
    pub(crate) input: u32,
    pub(crate) client: u32,
    pub(crate) intended_ns: u64,
    pub(crate) sent_ns: u64,
}

/// One level while it runs.
pub(crate) struct Course<'env, I, C> {
    pub(crate) calls: &'env C,
    pub(crate) inputs: &'env [I],
    facts: &'env [Facts],
    domain: &'static Domain,
    slo: &'env Slo,
    pub(crate) clock: Clock,
    pub(crate) pacing: Pacing,
    /// The part of the level's clients and requests that this worker serves.
    #[cfg_attr(not(feature = "tokio"), allow(dead_code, reason = "threads share no load"))]
    pub(crate) stripe: Stripe,
    /// Whether rows are kept for another worker.
    keeps_rows: bool,
    /// How long clients wait before their requests.
    #[cfg_attr(not(feature = "tokio"), allow(dead_code, reason = "threads do not wait"))]
    pub(crate) pause: Pause,
    pub(crate) ends: Ends,
    pub(crate) timeout_ns: Option<u64>,
    pub(crate) phase: Phase,
    /// The next request's number.
    pub(crate) next: AtomicU64,
    /// The number of additional requests that replace failed ones.
    more: AtomicU64,
    /// Time that clients were awake and not in the closure, in nanoseconds.
    pub(crate) harness_ns: Arc<AtomicU64>,
    pub(crate) late_marks: AtomicU64,
    /// Whether the time limit of the case ended the level.
    cut_short: AtomicBool,
    /// Whether the user ended it.
    stopped: AtomicBool,
    /// Whether and when the requests in flight of a schedule reached the allowed number.
    pub(crate) flight: Flight,
}

impl<'env, I, C> Course<'env, I, C> {
    /// Creates the state of a level that begins now.
    #[expect(clippy::too_many_arguments, reason = "each is one fact of the level")]
    pub(crate) fn new(
        calls: &'env C,
        (inputs, facts): (&'env [I], &'env [Facts]),
        domain: &'static Domain,
        slo: &'env Slo,
        pacing: Pacing,
        ends: Ends,
        timeout_ns: Option<u64>,
        harness_ns: Arc<AtomicU64>,
    ) -> Self {
        let phase = Phase::default();
        if let Pacing::Schedule { arrivals, .. } = &pacing {
            // In the first tenth of the schedule, queues reach their usual length.
            let last = arrivals.last().copied().unwrap_or_default();
            phase.begin(last / 10);
            phase.end(last);
        }
        Course {
            calls,
            inputs,
            facts,
            domain,
            slo,
            clock: Clock::start(),
            pacing,
            stripe: Stripe::WHOLE,
            keeps_rows: false,
            pause: Pause::default(),
            ends,
            timeout_ns,
            phase,
            next: AtomicU64::new(0),
            more: AtomicU64::new(0),
            harness_ns,
            late_marks: AtomicU64::new(0),
            cut_short: AtomicBool::new(false),
            stopped: AtomicBool::new(false),
            flight: Flight::default(),
        }
    }

    /// Makes clients wait before their requests.
    pub(crate) fn pausing(self, pause: Pause) -> Self {
        Course { pause, ..self }
    }

    /// Restricts the level to the clients and requests of `stripe`.
    pub(crate) fn striped(self, stripe: Stripe) -> Self {
        Course { stripe, ..self }
    }

    /// Makes this a part of a level that several workers share: it begins at `origin` and keeps its rows.
    pub(crate) fn shared(self, stripe: Stripe, origin: Instant) -> Self {
        Course { clock: Clock { origin }, keeps_rows: true, ..self.striped(stripe) }
    }

    pub(crate) fn meaning(&self) -> Meaning<'_> {
        Meaning {
            domain: self.domain,
            facts: self.facts,
            scheduled: matches!(self.pacing, Pacing::Schedule { .. }),
            slo: self.slo,
            phase: &self.phase,
            keeps_rows: self.keeps_rows,
        }
    }

    /// Whether the time limit of the case ended the level before its own end.
    pub(crate) fn was_cut_short(&self) -> bool {
        self.cut_short.load(Ordering::Relaxed)
    }

    /// Whether the user ended the level before its own end.
    pub(crate) fn was_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    /// Whether nothing may be sent at this time, because the case has no time left or the user wants the end.
    pub(crate) fn is_out_of_time(&self, at_ns: u64) -> bool {
        if self.ends.stop.is_asked() {
            self.stopped.store(true, Ordering::Relaxed);
            return true;
        }
        let out_of_time = self.ends.limit.is_some_and(|limit| at_ns >= limit.stop_ns);
        if out_of_time {
            self.cut_short.store(true, Ordering::Relaxed);
        }
        out_of_time
    }

    /// The number of the next request of a client that is ready at `now_ns`; `None` if nothing is left to send.
    pub(crate) fn claim(&self, now_ns: u64) -> Option<u64> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let is_over = number >= self.requests() || now_ns >= self.ends.at_ns;
        if is_over || self.is_out_of_time(now_ns) {
            self.phase.end(now_ns.min(self.ends.at_ns));
            return None;
        }
        if number + 1 == self.requests() {
            // Clients run out of work from here on.
            self.phase.end(now_ns);
        }
        Some(number)
    }

    /// Returns the time at which the next query begins, which is now; `None` if no further query is sent.
    pub(crate) fn next_query(&self) -> Option<u64> {
        let now_ns = self.clock.now_ns();
        let sent = self.next.load(Ordering::Relaxed);
        if sent == 0 {
            self.phase.begin(now_ns);
        }
        let left = sent < self.requests() && now_ns < self.ends.at_ns && !self.is_out_of_time(now_ns);
        if !left {
            self.phase.end(now_ns);
        }
        left.then_some(now_ns)
    }

    /// Returns the index of the input of request `number`.
    pub(crate) fn place(&self, number: u64) -> usize {
        (number % self.inputs.len().max(1) as u64) as usize
    }

    /// Returns the row of a request that has ended; it has timed out if it took longer than the timeout.
    pub(crate) fn row(&self, key: Key, mut ended: Ended) -> Row {
        if self.timeout_ns.is_some_and(|timeout| ended.end_ns.saturating_sub(key.sent_ns) > timeout) {
            ended.outcome = Outcome::TimedOut;
            ended.error = Some(self.timeout_message());
        }
        self.make_up(ended.outcome);
        Row::of((key.number, key.input, key.client), (key.intended_ns, key.sent_ns), ended)
    }

    /// The row of a request that was given up at `now_ns`.
    pub(crate) fn given_up(&self, key: Key, now_ns: u64, outcome: Outcome, message: Box<str>) -> Row {
        self.make_up(outcome);
        let ended =
            Ended { end_ns: now_ns, outcome, marks: None, answer: Answer::default(), error: Some(message) };
        Row::of((key.number, key.input, key.client), (key.intended_ns, key.sent_ns), ended)
    }

    pub(crate) fn timeout_message(&self) -> Box<str> {
        if self.timeout_ns.is_none() {
            return "no answer when the time limit of the case (`timeout`) ended the level".into();
        }
        let seconds = self.timeout_ns.unwrap_or_default() as f64 / 1e9;
        format!("timed out: no answer after {seconds} s").into_boxed_str()
    }

    /// Adds a request that replaces one that was not served, if only served ones count. At most as many are added as
    /// were planned.
    fn make_up(&self, outcome: Outcome) {
        if self.ends.make_up && outcome != Outcome::Served {
            self.more.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Records that a request of the schedule is no longer in flight.
    pub(crate) fn end_flight(&self) {
        if let Pacing::Schedule { most_in_flight, .. } = self.pacing {
            self.flight.end(most_in_flight, self.clock.now_ns());
        }
    }

    fn requests(&self) -> u64 {
        self.ends.requests.saturating_add(self.more.load(Ordering::Relaxed).min(self.ends.requests))
    }
}
