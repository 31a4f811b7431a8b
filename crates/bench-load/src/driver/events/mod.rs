//! Requests as tasks on one event loop for each core, for `async` closures.
//!
//! The thread that runs the level paces it: it waits until a request is due and passes it to an event loop, which
//! waits only for sockets. Timers of the runtime, which tick at 1 ms, pace nothing; they only end calls that take too
//! long.

mod event_loop;
mod guarded;
mod handed;
mod pacer;

use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::{Builder, Scope, ScopedJoinHandle};
use std::time::Duration;

use bench_core::Error;
use bench_record::Lag;
use bench_syntax::quantity::Seconds;
use hdrhistogram::Histogram;
use tokio::sync::mpsc::unbounded_channel;

use self::event_loop::{EventLoop, Finished};
use self::guarded::guarded;
use self::handed::Running;
use self::pacer::Pacer;
use super::call::{Called, ended};
use super::course::Course;
use super::{Calls, Driven, Once, Patience, Rest, Unanswered};
use crate::clock;
use crate::cores;
use crate::domain::Response;
use crate::log::{Inlet, RowsCsv};
use crate::request::{Marks, Request};

/// The number of significant digits with which stalls are recorded.
const DIGITS: u8 = 2;

/// The number of heartbeats below which stalls are not reported: the 99th percentile would be the longest one, and a
/// level of a few milliseconds shows nothing about the client.
const FEWEST_BEATS: u64 = 100;

/// The longest stall that is distinguished from longer ones: an hour.
const LONGEST_STALL_NS: u64 = 3_600_000_000_000;

/// An `async` closure, whose requests share event loops.
pub(crate) struct Events<F, R, E> {
    closure: F,
    returns: PhantomData<fn() -> (R, E)>,
}

impl<F, R, E> Events<F, R, E> {
    pub(crate) fn new(closure: F) -> Self {
        Events { closure, returns: PhantomData }
    }
}

impl<I, F, R, E> Calls<I> for Events<F, R, E>
where
    F: AsyncFn(&I, &Request) -> Result<R, E> + Sync,
    R: Response,
    E: Into<Error>,
{
    type Response = R;

    fn drive<'scope, 'env>(
        scope: &'scope Scope<'scope, 'env>,
        course: Course<'env, I, Self>,
        csv: Option<RowsCsv>,
    ) -> Result<Driven, Error>
    where
        I: Sync + 'env,
        Self: 'env,
    {
        let loops = cores::count()?;
        let course = Arc::new(course);
        // No loop keeps rows of requests that are given up, since it is the loop that gives them up.
        super::logged(
            scope,
            Arc::clone(&course),
            |course| course,
            false,
            csv,
            |inlet| serve(&course, inlet, loops),
        )
    }

    fn once<'scope, 'env>(
        &'env self,
        _scope: &'scope Scope<'scope, 'env>,
        called: Called<'env, I>,
        marks: &Arc<Marks>,
        patience: &Patience,
    ) -> Once
    where
        I: Sync + 'env,
        Self: 'env,
    {
        let core = usize::try_from(called.number).unwrap_or_default();
        let request = marks.begin(called.number);
        let sent_ns = called.clock.now_ns();
        let call = guarded(async { (self.closure)(called.input, &request).await });
        let returned = cores::block_on(core, async {
            let call = unless_ended(call, patience);
            match patience.limit {
                None => call.await,
                Some(limit) => tokio::time::timeout(limit, call).await.unwrap_or(Err(limit)),
            }
        });
        let returned_ns = called.clock.now_ns();
        match returned {
            Ok(Ok(returned)) => Ok((sent_ns, ended(returned, marks, returned_ns))),
            Ok(Err(limit)) => Err(Unanswered::late(limit, None)),
            Err(error) => Err(Unanswered { message: error.to_string(), stuck: None }),
        }
    }
}

/// The interval at which a request outside of levels checks whether the user wants the end.
const LOOK: Duration = Duration::from_millis(100);

/// Returns the result of `call`, or the grace as an error if the user asks for the end and the call then takes longer
/// than that.
async fn unless_ended<T>(call: impl Future<Output = T>, patience: &Patience) -> Result<T, Duration> {
    let mut call = std::pin::pin!(call);
    while !patience.stop.is_asked() {
        if let Ok(returned) = tokio::time::timeout(LOOK, call.as_mut()).await {
            return Ok(returned);
        }
    }
    tokio::time::timeout(patience.grace, call).await.map_err(|_| patience.grace)
}

/// Paces a level from the calling thread.
///
/// # Errors
/// When an event loop cannot be run.
fn serve<I, F, R, E>(
    course: &Course<'_, I, Events<F, R, E>>,
    inlet: &Inlet,
    loops: usize,
) -> Result<Rest, Error>
where
    I: Sync,
    F: AsyncFn(&I, &Request) -> Result<R, E> + Sync,
    R: Response,
    E: Into<Error>,
{
    clock::wake_on_time();
    let running = Running::here();
    let began = clock::thread_cpu_ns();
    let finished = std::thread::scope(|scope| {
        let mut senders = Vec::with_capacity(loops);
        let mut threads: Vec<ScopedJoinHandle<'_, Result<Finished, Error>>> = Vec::with_capacity(loops);
        for core in 0..loops {
            let (sender, receiver) = unbounded_channel();
            senders.push(sender);
            let (inlet, running) = (inlet.clone(), &running);
            let run = move || {
                let event_loop = EventLoop::new(course, inlet.recorder(), running, (core, loops));
                let stalls = Histogram::new_with_max(LONGEST_STALL_NS, DIGITS)
                    .map_err(|error| Error::failure(error.to_string()))?;
                let stalls = cores::block_on(core, event_loop.run(receiver, stalls))?;
                Ok(event_loop.finish(stalls))
            };
            let spawned = Builder::new().name(format!("event loop {core}")).spawn_scoped(scope, run);
            threads.push(spawned.map_err(|error| {
                Error::failure(format!("the thread of an event loop cannot be started: {error}"))
            })?);
        }
        Pacer::new(course, senders, &running).run();
        let finished = threads.into_iter().map(|thread| {
            thread.join().map_err(|_| Error::failure("an event loop has panicked: its figures are lost"))?
        });
        finished.collect::<Result<Vec<Finished>, Error>>()
    })?;
    let pacing_ns = clock::thread_cpu_ns().saturating_sub(began);
    let harness_ns = finished.iter().map(|finished| finished.harness_ns).sum::<u64>();
    course.harness_ns.fetch_add(harness_ns + pacing_ns, Ordering::Relaxed);
    course.late_marks.fetch_add(finished.iter().map(|finished| finished.late_marks).sum(), Ordering::Relaxed);
    let stalls = finished.into_iter().map(|finished| finished.stalls).reduce(|mut one, other| {
        one += other;
        one
    });
    let client_stall = stalls.filter(|stalls| stalls.len() >= FEWEST_BEATS).map(|stalls| lag(&stalls));
    Ok(Rest { stuck: Vec::new(), short_of_threads: None, client_stall })
}

fn lag(stalls: &Histogram<u64>) -> Lag {
    let seconds = |ns: u64| Seconds(ns as f64 / 1e9);
    Lag::new(
        seconds(stalls.value_at_quantile(0.5)),
        seconds(stalls.value_at_quantile(0.99)),
        seconds(stalls.max()),
    )
}
