//! One level while it runs: what its clients share, and what each of them does.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bench_core::Error;

use super::call::{Called, call};
use super::flight::Flight;
use super::query::Meeting;
use crate::clock::{self, Clock};
use crate::domain::{Domain, Facts, Response};
use crate::log::{Meaning, Outcome, Recorder, Row};
use crate::phase::Phase;
use crate::request::{Marks, Request};
use crate::scenario::Pacing;
use crate::slo::Slo;
use crate::slot::Slot;
use crate::stop::Stop;

/// When a level ends.
#[derive(Clone, Debug)]
pub(crate) struct Ends {
    /// After this many requests.
    pub(crate) requests: u64,
    /// No request is sent from here on, in nanoseconds.
    pub(crate) at_ns: u64,
    /// Whether requests that fail are made up for.
    pub(crate) make_up: bool,
    /// What the case has left of its time.
    pub(crate) limit: Option<TimeLimit>,
    /// Whether a person wants it to end.
    pub(crate) stop: Stop,
}

/// When the case runs out of time, in nanoseconds from the beginning of the level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TimeLimit {
    /// No request is sent from here on.
    pub(crate) stop_ns: u64,
    /// Requests that are still in flight are given up.
    pub(crate) give_up_ns: u64,
}

/// One level while it runs.
pub(crate) struct Course<'env, I, F> {
    pub(crate) closure: &'env F,
    pub(crate) inputs: &'env [I],
    pub(crate) facts: &'env [Facts],
    pub(crate) domain: &'static Domain,
    pub(crate) slo: &'env Slo,
    pub(crate) clock: Clock,
    pub(crate) pacing: Pacing,
    pub(crate) ends: Ends,
    pub(crate) timeout_ns: Option<u64>,
    pub(crate) phase: Phase,
    /// The next request's number.
    pub(crate) next: AtomicU64,
    /// Requests to make up for others.
    pub(crate) more: AtomicU64,
    /// Clients at work.
    pub(crate) active: AtomicU32,
    /// Clients that wait for an arrival.
    pub(crate) waiting: AtomicU32,
    /// Held by the one client that waits for the next arrival, awake when it is near. If each waited for an
    /// arrival of its own, those that are awake would take the processors from those that are due.
    turn: Mutex<()>,
    /// Time that clients were awake and not in the closure, in nanoseconds.
    pub(crate) harness_ns: Arc<AtomicU64>,
    pub(crate) late_marks: AtomicU64,
    /// Whether the time limit of the case ended the level.
    cut_short: AtomicBool,
    /// Whether a person ended it.
    stopped: AtomicBool,
    /// How far a schedule's requests in flight reached what may be.
    pub(crate) flight: Flight,
    started: AtomicU32,
    meeting: Meeting,
}

/// What one client works with.
struct Client<'a> {
    slot: &'a Slot,
    recorder: &'a mut Recorder,
    marks: Arc<Marks>,
    /// When its last request ended.
    free_ns: u64,
    harness_ns: u64,
}

impl<'env, I, F> Course<'env, I, F> {
    /// A level that begins now.
    #[expect(clippy::too_many_arguments, reason = "each is one fact of the level")]
    pub(crate) fn new(
        closure: &'env F,
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
            // A tenth of the schedule is for queues to find their length.
            let last = arrivals.last().copied().unwrap_or_default();
            phase.begin(last / 10);
            phase.end(last);
        }
        Course {
            closure,
            inputs,
            facts,
            domain,
            slo,
            clock: Clock::start(),
            pacing,
            ends,
            timeout_ns,
            phase,
            next: AtomicU64::new(0),
            more: AtomicU64::new(0),
            active: AtomicU32::new(0),
            waiting: AtomicU32::new(0),
            turn: Mutex::new(()),
            harness_ns,
            late_marks: AtomicU64::new(0),
            cut_short: AtomicBool::new(false),
            stopped: AtomicBool::new(false),
            flight: Flight::default(),
            started: AtomicU32::new(0),
            meeting: Meeting::default(),
        }
    }

    pub(crate) fn meaning(&self) -> Meaning<'_> {
        Meaning {
            domain: self.domain,
            facts: self.facts,
            scheduled: matches!(self.pacing, Pacing::Schedule { .. }),
            slo: self.slo,
            phase: &self.phase,
        }
    }

    /// Whether requests may be given up while they are served.
    pub(crate) fn gives_up(&self) -> bool {
        self.timeout_ns.is_some() || self.ends.limit.is_some()
    }

    /// Whether the time limit of the case ended the level before its own end.
    pub(crate) fn was_cut_short(&self) -> bool {
        self.cut_short.load(Ordering::Relaxed)
    }

    /// Whether a person ended the level before its own end.
    pub(crate) fn was_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    /// Whether nothing may be sent at this time, because the case has no time left or a person wants the end.
    fn is_out_of_time(&self, at_ns: u64) -> bool {
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

    pub(crate) fn timeout_message(&self) -> Box<str> {
        if self.timeout_ns.is_none() {
            return "no answer when the time limit of the case (`timeout`) ended the level".into();
        }
        let seconds = self.timeout_ns.unwrap_or_default() as f64 / 1e9;
        format!("timed out: no answer after {seconds} s").into_boxed_str()
    }

    /// A request has ended like this: where only served ones count, another one takes its place, but not
    /// without end.
    pub(crate) fn make_up(&self, outcome: Outcome) {
        if self.ends.make_up && outcome != Outcome::Served {
            self.more.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// A request of the schedule is no longer in flight.
    pub(crate) fn end_flight(&self) {
        if let Pacing::Schedule { most_in_flight, .. } = self.pacing {
            self.flight.end(most_in_flight, self.clock.now_ns());
        }
    }

    /// A client could not be started.
    pub(crate) fn missing(&self) {
        self.meeting.missing();
    }

    fn requests(&self) -> u64 {
        self.ends.requests.saturating_add(self.more.load(Ordering::Relaxed).min(self.ends.requests))
    }
}

impl<I, F, R, E> Course<'_, I, F>
where
    F: Fn(&I, &Request) -> Result<R, E>,
    R: Response,
    E: Into<Error>,
{
    /// What a client does until nothing is left. `false` if it was given up.
    pub(crate) fn work(&self, slot: &Slot, recorder: &mut Recorder, in_place: bool) -> bool {
        let marks = Marks::new(self.clock.origin);
        let mut client =
            Client { slot, recorder, marks: Arc::clone(&marks), free_ns: self.clock.now_ns(), harness_ns: 0 };
        let kept = match &self.pacing {
            Pacing::Clients { count, ramp_up } => {
                if !in_place {
                    let share = f64::from(slot.client()) / f64::from((*count).max(1));
                    self.clock.wait_until((ramp_up.as_secs_f64() * share * 1e9) as u64);
                    client.free_ns = self.clock.now_ns();
                    if self.started.fetch_add(1, Ordering::AcqRel) + 1 == *count {
                        self.phase.begin(client.free_ns);
                    }
                }
                self.one_after_another(&mut client)
            }
            Pacing::Schedule { arrivals, .. } => self.on_schedule(&mut client, arrivals),
            Pacing::Queries { streams } => self.together(&mut client, *streams),
        };
        self.harness_ns.fetch_add(client.harness_ns, Ordering::Relaxed);
        self.late_marks.fetch_add(marks.late(), Ordering::Relaxed);
        kept
    }

    fn one_after_another(&self, client: &mut Client<'_>) -> bool {
        loop {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let sent_ns = self.clock.now_ns();
            let is_over = number >= self.requests() || sent_ns >= self.ends.at_ns;
            if is_over || self.is_out_of_time(sent_ns) {
                self.phase.end(sent_ns.min(self.ends.at_ns));
                return true;
            }
            if number + 1 == self.requests() {
                // Clients run out of work from here on.
                self.phase.end(sent_ns);
            }
            client.harness_ns += sent_ns.saturating_sub(client.free_ns);
            if !self.serve(client, number, sent_ns, sent_ns) {
                return false;
            }
        }
    }

    fn on_schedule(&self, client: &mut Client<'_>, arrivals: &[u64]) -> bool {
        clock::wake_on_time();
        loop {
            self.waiting.fetch_add(1, Ordering::Relaxed);
            let queued_ns = self.clock.now_ns();
            // The lock guards no data that a panic could have left half-written.
            let turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
            let queued_ns = self.clock.now_ns().saturating_sub(queued_ns);
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let arrival = arrivals.get(number as usize).copied();
            let arrival = arrival.filter(|at_ns| !self.is_out_of_time(self.clock.now_ns().max(*at_ns)));
            let asleep = arrival.map(|at_ns| self.clock.wait_until(at_ns)).unwrap_or_default();
            let sent_ns = self.clock.now_ns();
            drop(turn);
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            let Some(intended_ns) = arrival else { return true };
            self.flight.begin(intended_ns);
            client.harness_ns += sent_ns
                .saturating_sub(client.free_ns)
                .saturating_sub(queued_ns)
                .saturating_sub(bench_syntax::quantity::nanoseconds(asleep));
            if !self.serve(client, number, intended_ns, sent_ns) {
                // Whoever gave the request up has ended it.
                return false;
            }
            self.end_flight();
        }
    }

    fn together(&self, client: &mut Client<'_>, streams: u32) -> bool {
        let go_on = || {
            let now_ns = self.clock.now_ns();
            if self.next.load(Ordering::Relaxed) == 0 {
                self.phase.begin(now_ns);
            }
            let left = self.next.load(Ordering::Relaxed) < self.requests()
                && now_ns < self.ends.at_ns
                && !self.is_out_of_time(now_ns);
            if !left {
                self.phase.end(now_ns);
            }
            left.then_some(now_ns)
        };
        loop {
            let Some(intended_ns) = self.meeting.wait(streams, go_on) else { return true };
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let sent_ns = self.clock.now_ns();
            if !self.serve(client, number, intended_ns.min(sent_ns), sent_ns) {
                return false;
            }
        }
    }

    /// Serves one request and writes it down. `false` if it was given up before it ended.
    fn serve(&self, client: &mut Client<'_>, number: u64, intended_ns: u64, sent_ns: u64) -> bool {
        let input = (number % self.inputs.len().max(1) as u64) as usize;
        let slot = self.gives_up().then_some(client.slot);
        if let Some(slot) = slot {
            slot.begin(number, input as u32, intended_ns, sent_ns);
        }
        let called = Called { input: &self.inputs[input], number, clock: self.clock };
        let (mut ended, returned_ns) = call(self.closure, &client.marks, &called);
        if let Some(slot) = slot
            && !slot.end(sent_ns)
        {
            return false;
        }
        if self.timeout_ns.is_some_and(|timeout| ended.end_ns.saturating_sub(sent_ns) > timeout) {
            ended.outcome = Outcome::TimedOut;
            ended.error = Some(self.timeout_message());
        }
        self.make_up(ended.outcome);
        client.free_ns = returned_ns;
        let key = (number, input as u32, client.slot.client());
        client.recorder.push(Row::of(key, (intended_ns, sent_ns), ended));
        true
    }
}
