//! The thread that decides when each request is sent.

use std::sync::atomic::Ordering;
use std::time::Duration;

use bench_syntax::quantity::nanoseconds;
use tokio::sync::mpsc::UnboundedSender;

use super::super::course::Course;
use super::handed::{Handed, Running, Why};
use crate::scenario::Pacing;

/// The time between two heartbeats, which measure how late event loops are, in nanoseconds.
const BEAT_NS: u64 = 1_000_000;

/// The time before a request, in nanoseconds, within which a heartbeat is sent with the request instead of by itself:
/// the wake-up for one must not delay the other.
const NEAR_NS: u64 = 300_000;

/// Hands requests and heartbeats to event loops.
pub(super) struct Pacer<'a, 'env, I, C> {
    course: &'a Course<'env, I, C>,
    loops: Vec<UnboundedSender<Handed>>,
    running: &'a Running,
    next_beat_ns: u64,
    /// The time at which requests in flight are given up; `None` until the user wants the end.
    patience_ns: Option<u64>,
    has_given_up: bool,
    /// Whether an event loop has ended, which happens only if it panics.
    is_broken: bool,
}

impl<'a, 'env, I, C> Pacer<'a, 'env, I, C> {
    pub(super) fn new(
        course: &'a Course<'env, I, C>,
        loops: Vec<UnboundedSender<Handed>>,
        running: &'a Running,
    ) -> Self {
        Pacer {
            course,
            loops,
            running,
            next_beat_ns: BEAT_NS,
            patience_ns: None,
            has_given_up: false,
            is_broken: false,
        }
    }

    /// Paces the level, and returns when its last request has ended. The event loops end with it.
    pub(super) fn run(mut self) {
        let course = self.course;
        match &course.pacing {
            Pacing::Clients { count, ramp_up } => self.clients(*count, *ramp_up),
            Pacing::Schedule { arrivals, most_in_flight } => self.schedule(arrivals, *most_in_flight),
            Pacing::Queries { streams } => self.queries(*streams),
        }
        self.wait_for_tasks(0);
    }

    fn clients(&mut self, count: u32, ramp_up: Duration) {
        for client in 0..count {
            let share = f64::from(client) / f64::from(count.max(1));
            self.wait_until((ramp_up.as_secs_f64() * share * 1e9) as u64);
            if self.course.is_out_of_time(self.course.clock.now_ns()) || self.is_broken {
                return;
            }
            self.running.begin();
            self.hand(client as usize, Handed::Client(client));
        }
        self.course.phase.begin(self.course.clock.now_ns());
    }

    fn schedule(&mut self, arrivals: &[u64], most_in_flight: u32) {
        let course = self.course;
        for (number, intended_ns) in arrivals.iter().enumerate() {
            if course.is_out_of_time(course.clock.now_ns().max(*intended_ns)) {
                return;
            }
            self.wait_until(*intended_ns);
            self.wait_for_tasks(most_in_flight.saturating_sub(1));
            if course.is_out_of_time(course.clock.now_ns()) || self.is_broken {
                return;
            }
            course.flight.begin(*intended_ns);
            self.running.begin();
            self.hand(number, Handed::Request { number: number as u64, intended_ns: *intended_ns });
            // The heartbeat is sent with this request if it was due at about the same time.
            if course.clock.now_ns() >= self.next_beat_ns {
                self.beat();
            }
        }
    }

    fn queries(&mut self, streams: u32) {
        while let Some(intended_ns) = self.course.next_query() {
            for place in 0..streams {
                let number = self.course.next.fetch_add(1, Ordering::Relaxed);
                self.running.begin();
                self.hand(place as usize, Handed::Request { number, intended_ns });
            }
            self.wait_for_tasks(0);
            if self.is_broken {
                return;
            }
        }
    }

    /// Waits until `at_ns`, or until the user wants the end, and sends heartbeats.
    fn wait_until(&mut self, at_ns: u64) {
        let clock = self.course.clock;
        while self.next_beat_ns + NEAR_NS < at_ns {
            let now_ns = clock.now_ns();
            if self.course.ends.stop.is_asked() || self.is_broken {
                return;
            }
            if now_ns < self.next_beat_ns {
                std::thread::sleep(Duration::from_nanos(self.next_beat_ns - now_ns));
            }
            self.beat();
        }
        clock.wait_until(at_ns);
    }

    /// Waits until no more than `most` tasks are left.
    fn wait_for_tasks(&mut self, most: u32) {
        while self.running.count() > most && !self.is_broken {
            let now_ns = self.course.clock.now_ns();
            if now_ns < self.next_beat_ns {
                std::thread::park_timeout(Duration::from_nanos(self.next_beat_ns - now_ns));
            } else {
                self.beat();
            }
        }
    }

    /// Sends a heartbeat to all event loops, to measure their lateness. Delays of this thread by the machine count
    /// too: the loops stood still with it.
    fn beat(&mut self) {
        let beat = Handed::Beat(self.next_beat_ns.min(self.course.clock.now_ns()));
        self.next_beat_ns += BEAT_NS;
        (0..self.loops.len()).for_each(|core| self.hand(core, beat));
        if let Some(why) = self.why_give_up()
            && !std::mem::replace(&mut self.has_given_up, true)
        {
            (0..self.loops.len()).for_each(|core| self.hand(core, Handed::GiveUp(why)));
        }
    }

    fn why_give_up(&mut self) -> Option<Why> {
        let (ends, now_ns) = (&self.course.ends, self.course.clock.now_ns());
        if ends.limit.is_some_and(|limit| now_ns >= limit.give_up_ns) {
            return Some(Why::TimeLimit);
        }
        if !ends.stop.is_asked() {
            return None;
        }
        let patience_ns =
            *self.patience_ns.get_or_insert_with(|| now_ns.saturating_add(nanoseconds(ends.grace)));
        (now_ns >= patience_ns).then_some(Why::Interrupted)
    }

    fn hand(&mut self, core: usize, handed: Handed) {
        let core = core % self.loops.len();
        self.is_broken |= self.loops[core].send(handed).is_err();
    }
}
