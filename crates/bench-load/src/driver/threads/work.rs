//! The loop of each client on a thread.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bench_core::Error;

use super::super::call::{Called, call};
use super::super::course::{Course, Key};
use super::Threads;
use super::query::Meeting;
use crate::clock;
use crate::domain::Response;
use crate::log::Recorder;
use crate::request::{Marks, Request};
use crate::scenario::Pacing;
use crate::slot::Slot;

/// A level whose clients are threads.
pub(super) struct Team<'env, I, C> {
    pub(super) course: Course<'env, I, C>,
    /// The number of clients at work.
    pub(super) active: AtomicU32,
    /// The number of clients that wait for an arrival.
    pub(super) waiting: AtomicU32,
    /// Held by the one client that waits for the next arrival, and polls the clock when it is near. If each client
    /// waited for its own arrival, those that poll would take the processors from those that are due.
    turn: Mutex<()>,
    started: AtomicU32,
    meeting: Meeting,
}

/// The state of one client.
struct Client<'a> {
    slot: &'a Slot,
    recorder: &'a mut Recorder,
    marks: Arc<Marks>,
    /// When its last request ended.
    free_ns: u64,
    harness_ns: u64,
}

impl<'env, I, C> Team<'env, I, C> {
    pub(super) fn new(course: Course<'env, I, C>) -> Self {
        Team {
            course,
            active: AtomicU32::new(0),
            waiting: AtomicU32::new(0),
            turn: Mutex::new(()),
            started: AtomicU32::new(0),
            meeting: Meeting::default(),
        }
    }

    /// Records that a client could not be started.
    pub(super) fn missing(&self) {
        self.meeting.missing();
    }

    /// Whether requests may be given up while they are served.
    fn gives_up(&self) -> bool {
        self.course.timeout_ns.is_some() || self.course.ends.limit.is_some()
    }
}

impl<I, F, R, E> Team<'_, I, Threads<F, R, E>>
where
    F: Fn(&I, &Request) -> Result<R, E>,
    R: Response,
    E: Into<Error>,
{
    /// Runs a client until nothing is left to send. Returns `false` as soon as one of its requests is given up.
    pub(super) fn work(&self, slot: &Slot, recorder: &mut Recorder, in_place: bool) -> bool {
        let course = &self.course;
        let marks = Marks::new(course.clock.origin, slot.client());
        let mut client = Client {
            slot,
            recorder,
            marks: Arc::clone(&marks),
            free_ns: course.clock.now_ns(),
            harness_ns: 0,
        };
        let kept = match &course.pacing {
            Pacing::Clients { count, ramp_up } => {
                if !in_place {
                    let share = f64::from(slot.client()) / f64::from((*count).max(1));
                    course.clock.wait_until((ramp_up.as_secs_f64() * share * 1e9) as u64);
                    client.free_ns = course.clock.now_ns();
                    if self.started.fetch_add(1, Ordering::AcqRel) + 1 == *count {
                        course.phase.begin(client.free_ns);
                    }
                }
                self.one_after_another(&mut client)
            }
            Pacing::Schedule { arrivals, .. } => self.on_schedule(&mut client, arrivals),
            Pacing::Queries { streams } => self.together(&mut client, *streams),
        };
        course.harness_ns.fetch_add(client.harness_ns, Ordering::Relaxed);
        course.late_marks.fetch_add(marks.late(), Ordering::Relaxed);
        kept
    }

    fn one_after_another(&self, client: &mut Client<'_>) -> bool {
        loop {
            let sent_ns = self.course.clock.now_ns();
            let Some(number) = self.course.claim(sent_ns) else { return true };
            client.harness_ns += sent_ns.saturating_sub(client.free_ns);
            if !self.serve(client, number, sent_ns, sent_ns) {
                return false;
            }
        }
    }

    fn on_schedule(&self, client: &mut Client<'_>, arrivals: &[u64]) -> bool {
        clock::wake_on_time();
        let course = &self.course;
        loop {
            self.waiting.fetch_add(1, Ordering::Relaxed);
            let queued_ns = course.clock.now_ns();
            // The lock guards no data that a panic could have left half-written.
            let turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
            let queued_ns = course.clock.now_ns().saturating_sub(queued_ns);
            let number = course.next.fetch_add(1, Ordering::Relaxed);
            let arrival = arrivals.get(number as usize).copied();
            let arrival = arrival.filter(|at_ns| !course.is_out_of_time(course.clock.now_ns().max(*at_ns)));
            let asleep = arrival.map(|at_ns| course.clock.wait_until(at_ns)).unwrap_or_default();
            let sent_ns = course.clock.now_ns();
            drop(turn);
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            let Some(intended_ns) = arrival else { return true };
            course.flight.begin(intended_ns);
            client.harness_ns += sent_ns
                .saturating_sub(client.free_ns)
                .saturating_sub(queued_ns)
                .saturating_sub(bench_syntax::quantity::nanoseconds(asleep));
            if !self.serve(client, number, intended_ns, sent_ns) {
                // The thread that gave the request up has ended its flight.
                return false;
            }
            course.end_flight();
        }
    }

    fn together(&self, client: &mut Client<'_>, streams: u32) -> bool {
        loop {
            let Some(intended_ns) = self.meeting.wait(streams, || self.course.next_query()) else {
                return true;
            };
            let number = self.course.next.fetch_add(1, Ordering::Relaxed);
            let sent_ns = self.course.clock.now_ns();
            if !self.serve(client, number, intended_ns.min(sent_ns), sent_ns) {
                return false;
            }
        }
    }

    /// Serves one request and records it. Returns `false` if it was given up before it ended.
    fn serve(&self, client: &mut Client<'_>, number: u64, intended_ns: u64, sent_ns: u64) -> bool {
        let course = &self.course;
        let place = course.place(number);
        let key = Key { number, input: place as u32, client: client.slot.client(), intended_ns, sent_ns };
        let slot = self.gives_up().then_some(client.slot);
        if let Some(slot) = slot {
            slot.begin(key.number, key.input, intended_ns, sent_ns);
        }
        let called = Called { input: &course.inputs[place], number, clock: course.clock };
        let (ended, returned_ns) = call(&course.calls.closure, &client.marks, &called);
        if let Some(slot) = slot
            && !slot.end(sent_ns)
        {
            return false;
        }
        client.free_ns = returned_ns;
        client.recorder.push(course.row(key, ended));
        true
    }
}
