//! One event loop: the tasks of one core.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bench_core::Error;
use bench_syntax::quantity::nanoseconds;
use futures_util::stream::{FuturesUnordered, Stream};
use hdrhistogram::Histogram;
use tokio::sync::Notify;
use tokio::sync::mpsc::UnboundedReceiver;

use super::super::call::{Returned, ended};
use super::super::course::{Course, Key};
use super::Events;
use super::guarded::guarded;
use super::handed::{Handed, Running, Why};
use crate::domain::Response;
use crate::log::{Outcome, Recorder};
use crate::request::{Marks, Request};
use crate::scenario::Pacing;

/// The interval between two checks of whether the load is to end, for a client that pauses.
const LOOK: Duration = Duration::from_millis(100);

/// The state that the tasks of one core share.
pub(super) struct EventLoop<'a, 'env, I, C> {
    course: &'a Course<'env, I, C>,
    recorder: RefCell<Recorder>,
    running: &'a Running,
    /// The number of this event loop, and the number of all event loops.
    core: (usize, usize),
    /// Places of requests that have ended, for the next ones of a schedule.
    free: RefCell<Vec<Place>>,
    places: Cell<u32>,
    given_up: Cell<Option<Why>>,
    give_up: Notify,
    harness_ns: Cell<u64>,
    late_marks: Cell<u64>,
}

/// Lets all other ready tasks run first, so that bytes that have come are read, and get their time, before another
/// request is sent. It also keeps a closure that never waits from blocking the others.
async fn others_first() {
    let mut has_waited = false;
    poll_fn(|context| {
        if std::mem::replace(&mut has_waited, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// The state of one client; in a schedule, of one of the requests that are in flight at once.
struct Place {
    client: u32,
    marks: Arc<Marks>,
}

/// The result of one event loop.
pub(super) struct Finished {
    /// How late it handled heartbeats, in nanoseconds.
    pub(super) stalls: Histogram<u64>,
    pub(super) harness_ns: u64,
    pub(super) late_marks: u64,
}

/// The result of a call.
enum Came<R, E> {
    Returned(Returned<R, E>),
    TooLate,
    GivenUp(Why),
}

impl<'a, 'env, I, F, R, E> EventLoop<'a, 'env, I, Events<F, R, E>>
where
    F: AsyncFn(&I, &Request) -> Result<R, E>,
    R: Response,
    E: Into<Error>,
{
    pub(super) fn new(
        course: &'a Course<'env, I, Events<F, R, E>>,
        recorder: Recorder,
        running: &'a Running,
        core: (usize, usize),
    ) -> Self {
        EventLoop {
            course,
            recorder: RefCell::new(recorder),
            running,
            core,
            free: RefCell::default(),
            places: Cell::new(0),
            given_up: Cell::new(None),
            give_up: Notify::new(),
            harness_ns: Cell::new(0),
            late_marks: Cell::new(0),
        }
    }

    /// Does the work that is handed over, until no more can come and all tasks have ended. Returns how late it handled
    /// heartbeats: other ready events wait as long.
    pub(super) async fn run(
        &self,
        mut handed: UnboundedReceiver<Handed>,
        mut stalls: Histogram<u64>,
    ) -> Histogram<u64> {
        let mut tasks = FuturesUnordered::new();
        let mut is_open = true;
        poll_fn(|context| {
            loop {
                while is_open && let Poll::Ready(next) = handed.poll_recv(context) {
                    match next {
                        None => is_open = false,
                        Some(Handed::Beat(at_ns)) => {
                            let late_ns = self.course.clock.now_ns().saturating_sub(at_ns);
                            stalls.saturating_record(late_ns);
                        }
                        Some(Handed::GiveUp(why)) => {
                            self.given_up.set(Some(why));
                            self.give_up.notify_waiters();
                        }
                        Some(Handed::Client(client)) => tasks.push(self.task(Task::Client(client))),
                        Some(Handed::Request { number, intended_ns }) => {
                            tasks.push(self.task(Task::Request { number, intended_ns }));
                        }
                    }
                }
                match Pin::new(&mut tasks).poll_next(context) {
                    Poll::Ready(Some(())) => {}
                    Poll::Ready(None) if !is_open => return Poll::Ready(()),
                    Poll::Ready(None) | Poll::Pending => return Poll::Pending,
                }
            }
        })
        .await;
        stalls
    }

    /// Writes the remaining rows, and returns the result of the loop.
    pub(super) fn finish(self, stalls: Histogram<u64>) -> Finished {
        self.recorder.borrow_mut().flush();
        self.free.take().into_iter().for_each(|place| self.leave(place));
        Finished { stalls, harness_ns: self.harness_ns.get(), late_marks: self.late_marks.get() }
    }

    async fn task(&self, task: Task) {
        match task {
            Task::Client(client) => {
                let client = self.course.stripe.client(client);
                let place = Place { client, marks: Marks::new(self.course.clock.origin, client) };
                self.one_after_another(&place).await;
                self.leave(place);
            }
            Task::Request { number, intended_ns } => {
                let place = self.place();
                let sent_ns = self.course.clock.now_ns();
                self.serve(&place, number, intended_ns, sent_ns).await;
                self.course.end_flight();
                self.free.borrow_mut().push(place);
            }
        }
        self.running.end(match self.course.pacing {
            Pacing::Schedule { most_in_flight, .. } => most_in_flight,
            Pacing::Clients { .. } | Pacing::Queries { .. } => u32::MAX,
        });
    }

    async fn one_after_another(&self, place: &Place) {
        let mut free_ns = self.course.clock.now_ns();
        loop {
            if self.pause(place.client).await {
                free_ns = self.course.clock.now_ns();
            }
            let sent_ns = self.course.clock.now_ns();
            let Some(number) = self.course.claim(sent_ns) else { return };
            self.harness_ns.set(self.harness_ns.get() + sent_ns.saturating_sub(free_ns));
            free_ns = self.serve(place, number, sent_ns, sent_ns).await;
            others_first().await;
        }
    }

    /// Waits for the client's pause before its next request, or until nothing more is to be sent. Returns whether the
    /// client has a pause.
    async fn pause(&self, client: u32) -> bool {
        let course = self.course;
        let pause = course.pause.of(client, course.clock.origin);
        if pause.is_zero() {
            return false;
        }
        let end_ns = course.clock.now_ns().saturating_add(nanoseconds(pause)).min(course.ends.at_ns);
        loop {
            let now_ns = course.clock.now_ns();
            if now_ns >= end_ns || course.is_out_of_time(now_ns) || self.given_up.get().is_some() {
                return true;
            }
            tokio::time::sleep(Duration::from_nanos(end_ns - now_ns).min(LOOK)).await;
        }
    }

    /// Serves one request, number `own` of this worker, and records it. Returns the time at which it ended.
    async fn serve(&self, place: &Place, own: u64, intended_ns: u64, sent_ns: u64) -> u64 {
        let course = self.course;
        let number = course.stripe.number(own);
        let input = course.place(number);
        let (client, marks) = (place.client, &place.marks);
        let key = Key { number, input: input as u32, client, intended_ns: intended_ns.min(sent_ns), sent_ns };
        let request = marks.begin(number);
        // Boxed, because each future around it would contain it twice: as its argument, and where it is pinned.
        let call = Box::pin(async { (course.calls.closure)(&course.inputs[input], &request).await });
        let call = guarded(call);
        let came = self.unless_too_late(call).await;
        let now_ns = course.clock.now_ns();
        let row = match came {
            Came::Returned(returned) => course.row(key, ended(returned, marks, now_ns)),
            Came::TooLate | Came::GivenUp(Why::TimeLimit) => {
                marks.end();
                course.given_up(key, now_ns, Outcome::TimedOut, course.timeout_message())
            }
            Came::GivenUp(Why::Interrupted) => {
                marks.end();
                let grace = course.ends.grace.as_secs_f64();
                let message = format!("cancelled: no end of the answer {grace} s after the run was ended");
                course.given_up(key, now_ns, Outcome::Failed, message.into_boxed_str())
            }
        };
        self.recorder.borrow_mut().push(row);
        now_ns
    }

    /// Returns the result of `call`, unless it takes too long or is given up.
    async fn unless_too_late(&self, call: impl Future<Output = Returned<R, E>>) -> Came<R, E> {
        let call = self.unless_given_up(call);
        match self.course.timeout_ns {
            None => call.await,
            Some(ns) => tokio::time::timeout(Duration::from_nanos(ns), call).await.unwrap_or(Came::TooLate),
        }
    }

    async fn unless_given_up(&self, call: impl Future<Output = Returned<R, E>>) -> Came<R, E> {
        let (mut call, mut told) = (pin!(call), pin!(self.give_up.notified()));
        poll_fn(|context: &mut Context<'_>| {
            if let Poll::Ready(returned) = call.as_mut().poll(context) {
                return Poll::Ready(Came::Returned(returned));
            }
            // The flag decides, not the notification, which may have been sent before this future began to listen.
            let _ = told.as_mut().poll(context);
            match self.given_up.get() {
                Some(why) => Poll::Ready(Came::GivenUp(why)),
                None => Poll::Pending,
            }
        })
        .await
    }

    /// Returns a free place for a request of a schedule, or a new one.
    fn place(&self) -> Place {
        let free = self.free.borrow_mut().pop();
        free.unwrap_or_else(|| {
            let (core, loops) = self.core;
            let client = self.places.replace(self.places.get() + 1) * loops as u32 + core as u32;
            let client = self.course.stripe.client(client);
            Place { client, marks: Marks::new(self.course.clock.origin, client) }
        })
    }

    fn leave(&self, place: Place) {
        self.late_marks.set(self.late_marks.get() + place.marks.late());
    }
}

/// A task of an event loop.
#[derive(Clone, Copy, Debug)]
enum Task {
    Client(u32),
    Request { number: u64, intended_ns: u64 },
}
