//! Runs clients on threads, for closures that block.

mod query;
mod work;

use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::{Builder, Scope};
use std::time::Duration;

use bench_core::Error;

use self::work::Team;
use super::call::{Called, call};
use super::course::{Course, Key};
use super::{Calls, Driven, Once, Patience, Rest, Unanswered};
use crate::domain::Response;
use crate::log::{Inlet, Outcome, Recorder, RowsCsv};
use crate::request::{Marks, Request};
use crate::scenario::Pacing;
use crate::slot::{GivenUp, Slot};

/// The smallest number of threads of a schedule that wait for an arrival.
const SPARE: u32 = 8;

/// The number of threads with which a schedule begins.
const FIRST: u32 = 32;

/// How often a schedule's spare threads are counted.
const LOOK_AT_SPARE: Duration = Duration::from_millis(1);

/// The number of memory maps of a thread: its stack and that of its signals, each with a guard page. If a process has
/// no map left, a new thread does not fail to start: it aborts the process when it sets up the second stack.
const MAPS_OF_A_THREAD: usize = 4;

/// One in this many memory maps of a process is left for everything else: libraries, the allocator, the model.
const MAPS_OF_OTHERS: usize = 4;

/// Returns the number of threads for which there are memory maps, from the text of `/proc/sys/vm/max_map_count` (kernel
/// documentation, admin-guide/sysctl/vm); `usize::MAX` if there is no such limit.
fn room_for_threads(max_map_count: Option<&str>) -> usize {
    let maps: Option<usize> = max_map_count.and_then(|text| text.trim().parse().ok());
    maps.map_or(usize::MAX, |maps| (maps - maps / MAPS_OF_OTHERS) / MAPS_OF_A_THREAD)
}

/// A closure that blocks the thread that calls it until its request is served.
pub(crate) struct Threads<F, R, E> {
    pub(super) closure: F,
    returns: PhantomData<fn() -> (R, E)>,
}

impl<F, R, E> Threads<F, R, E> {
    pub(crate) fn new(closure: F) -> Self {
        Threads { closure, returns: PhantomData }
    }
}

impl<I, F, R, E> Calls<I> for Threads<F, R, E>
where
    F: Fn(&I, &Request) -> Result<R, E> + Sync,
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
        let at_once = course.timeout_ns.is_some();
        let team = Arc::new(Team::new(course));
        super::logged(
            scope,
            Arc::clone(&team),
            |team| &team.course,
            at_once,
            csv,
            |inlet| serve(scope, &team, inlet),
        )
    }

    fn once<'scope, 'env>(
        &'env self,
        scope: &'scope Scope<'scope, 'env>,
        called: Called<'env, I>,
        marks: &Arc<Marks>,
        patience: &Patience,
    ) -> Once
    where
        I: Sync + 'env,
        Self: 'env,
    {
        match patience.limit {
            None => {
                let sent_ns = called.clock.now_ns();
                Ok((sent_ns, call(&self.closure, marks, &called).0))
            }
            Some(patience) => self.within(scope, patience, called),
        }
    }
}

impl<F, R, E> Threads<F, R, E> {
    /// Calls the closure on a separate thread, and gives it up if it takes longer than `patience`.
    fn within<'scope, 'env, I>(
        &'env self,
        scope: &'scope Scope<'scope, 'env>,
        patience: Duration,
        called: Called<'env, I>,
    ) -> Once
    where
        I: Sync + 'env,
        F: Fn(&I, &Request) -> Result<R, E> + Sync,
        R: Response,
        E: Into<Error>,
        Self: 'env,
    {
        let slot = Arc::new(Slot::new(0));
        let own = Arc::clone(&slot);
        let (tell, told) = std::sync::mpsc::sync_channel(1);
        let spawned = Builder::new().name("request".to_owned()).spawn_scoped(scope, move || {
            let marks = Marks::new(called.clock.origin, 0);
            let sent_ns = called.clock.now_ns();
            let ended = call(&self.closure, &marks, &called).0;
            // If the request was given up, the receiver is gone.
            let _ = tell.send((sent_ns, ended));
            own.returned();
        });
        if let Err(error) = spawned {
            let message = format!("no thread can be started for a request: {error}");
            return Err(Unanswered { message, stuck: None });
        }
        told.recv_timeout(patience).map_err(|_| Unanswered::late(patience, Some(slot)))
    }
}

/// Runs the clients of a level. They belong to `scope`: one that hangs does not keep the level from ending.
///
/// # Errors
/// When not a single thread can be started.
fn serve<'scope, 'env, I, F, R, E>(
    scope: &'scope Scope<'scope, 'env>,
    team: &Arc<Team<'env, I, Threads<F, R, E>>>,
    inlet: &Inlet,
) -> Result<Rest, Error>
where
    I: Sync + 'env,
    F: Fn(&I, &Request) -> Result<R, E> + Sync + 'env,
    R: Response + 'env,
    E: Into<Error> + 'env,
{
    let mut crew = Crew {
        scope,
        team,
        inlet,
        slots: Vec::new(),
        stuck: Vec::new(),
        short: None,
        room: room_for_threads(std::fs::read_to_string("/proc/sys/vm/max_map_count").ok().as_deref()),
    };
    let first = match &team.course.pacing {
        Pacing::Clients { count, .. } => *count,
        Pacing::Schedule { arrivals, most_in_flight } => {
            FIRST.min(*most_in_flight).min(arrivals.len().try_into().unwrap_or(FIRST)).max(1)
        }
        Pacing::Queries { streams } => *streams,
    };
    (0..first).for_each(|client| crew.start(client, false));
    if crew.slots.is_empty() {
        let reason = crew.short.unwrap_or_default();
        return Err(Error::failure(format!("no client can be started: {reason}")));
    }
    let mut recorder = inlet.recorder();
    while team.active.load(Ordering::Acquire) > 0 {
        match crew.patience() {
            Some(patience) => std::thread::park_timeout(patience),
            None => std::thread::park(),
        }
        crew.give_up_the_late(&mut recorder);
        crew.keep_spare();
    }
    recorder.flush();
    Ok(Rest { stuck: crew.stuck, short_of_threads: crew.short, client_stall: None })
}

/// The clients of a level.
struct Crew<'a, 'scope, 'env, I, C> {
    scope: &'scope Scope<'scope, 'env>,
    team: &'a Arc<Team<'env, I, C>>,
    inlet: &'a Inlet,
    slots: Vec<Arc<Slot>>,
    stuck: Vec<Arc<Slot>>,
    short: Option<String>,
    /// The number of threads that this process can have.
    room: usize,
}

impl<'scope, 'env, I, F, R, E> Crew<'_, 'scope, 'env, I, Threads<F, R, E>>
where
    I: Sync + 'env,
    F: Fn(&I, &Request) -> Result<R, E> + Sync + 'env,
    R: Response + 'env,
    E: Into<Error> + 'env,
{
    /// Starts a client. One that takes the place of another skips the ramp-up.
    fn start(&mut self, client: u32, in_place: bool) {
        let stuck = self.stuck.iter().filter(|slot| !slot.has_returned()).count();
        if self.slots.len() + stuck >= self.room {
            self.team.missing();
            self.short = Some(format!(
                "only {} threads were started: more do not fit into the memory maps of a process (vm.max_map_count)",
                self.slots.len()
            ));
            return;
        }
        let slot = Arc::new(Slot::new(client));
        let (team, own, inlet) = (Arc::clone(self.team), Arc::clone(&slot), self.inlet.clone());
        team.active.fetch_add(1, Ordering::AcqRel);
        let coordinator = std::thread::current();
        let counted = Arc::clone(&team);
        let started = Builder::new().name(format!("client {client}")).spawn_scoped(self.scope, move || {
            let mut recorder = inlet.recorder();
            let kept = team.work(&own, &mut recorder, in_place);
            recorder.flush();
            own.returned();
            // A client whose request was given up is no longer counted: another one works in its place.
            if kept && team.active.fetch_sub(1, Ordering::AcqRel) == 1 {
                coordinator.unpark();
            }
        });
        match started {
            Ok(_) => self.slots.push(slot),
            Err(error) => {
                counted.active.fetch_sub(1, Ordering::AcqRel);
                counted.missing();
                self.short = Some(format!("only {} threads could be started: {error}", self.slots.len()));
            }
        }
    }

    /// Returns how long the coordinator may sleep until the next check; `None` if there is nothing to check.
    fn patience(&self) -> Option<Duration> {
        let timeout = self.team.course.timeout_ns.map(|ns| {
            Duration::from_nanos(ns / 20).clamp(Duration::from_micros(200), Duration::from_millis(20))
        });
        let limit = self.team.course.ends.limit.map(|limit| {
            let left_ns = limit.give_up_ns.saturating_sub(self.team.course.clock.now_ns());
            Duration::from_nanos(left_ns).max(Duration::from_millis(1))
        });
        let spare = matches!(self.team.course.pacing, Pacing::Schedule { .. }).then_some(LOOK_AT_SPARE);
        timeout.into_iter().chain(spare).chain(limit).min()
    }

    /// Records requests that take too long as timed out, and starts new clients in the place of theirs.
    fn give_up_the_late(&mut self, recorder: &mut Recorder) {
        let now_ns = self.team.course.clock.now_ns();
        let before_ns = match (self.team.course.ends.limit, self.team.course.timeout_ns) {
            (Some(limit), _) if now_ns >= limit.give_up_ns => u64::MAX,
            (_, Some(timeout_ns)) => now_ns.saturating_sub(timeout_ns),
            _ => return,
        };
        let late: Vec<(usize, GivenUp)> = self
            .slots
            .iter()
            .enumerate()
            .filter_map(|(place, slot)| Some((place, slot.give_up(before_ns)?)))
            .collect();
        for (place, late) in late.into_iter().rev() {
            let slot = self.slots.swap_remove(place);
            let GivenUp { number, input, client, intended_ns, sent_ns } = late;
            let key = Key { number, input, client, intended_ns, sent_ns };
            let course = &self.team.course;
            recorder.push(course.given_up(key, now_ns, Outcome::TimedOut, course.timeout_message()));
            self.team.course.end_flight();
            let client = slot.client();
            self.stuck.push(slot);
            self.start(client, true);
            // The new one is counted; the one that hangs no longer is.
            self.team.active.fetch_sub(1, Ordering::AcqRel);
        }
    }

    /// Starts more threads if too few wait for arrivals of a schedule.
    fn keep_spare(&mut self) {
        let Pacing::Schedule { arrivals, most_in_flight } = &self.team.course.pacing else { return };
        let left = (self.team.course.next.load(Ordering::Relaxed) as usize) < arrivals.len();
        let mut waiting = self.team.waiting.load(Ordering::Relaxed);
        while left && self.short.is_none() && waiting < SPARE && (self.slots.len() as u32) < *most_in_flight {
            self.start(self.slots.len() as u32, true);
            waiting += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_leave_room_for_other_maps() {
        assert_eq!(room_for_threads(Some("65530\n")), 12_287);
        assert_eq!(room_for_threads(Some("no number")), usize::MAX);
        assert_eq!(room_for_threads(None), usize::MAX);
    }
}
