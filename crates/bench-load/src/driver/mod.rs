//! Clients on threads: they call the closure as the level's pacing says, and write down what came of it.

mod call;
mod course;
mod flight;
mod query;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::{Builder, Scope};
use std::time::Duration;

use bench_core::Error;

use crate::domain::Response;
use crate::log::{self, Inlet, Logged, Outcome, Recorder, Row, RowsCsv};
use crate::request::Request;
use crate::scenario::Pacing;
use crate::slot::{GivenUp, Slot};

pub(crate) use call::{Called, call};
pub(crate) use course::{Course, Ends, TimeLimit};

/// Threads of a schedule that wait for their arrival, at least.
const SPARE: u32 = 8;

/// Threads of a schedule at the beginning.
const FIRST: u32 = 32;

/// How often a schedule's spare threads are counted.
const LOOK_AT_SPARE: Duration = Duration::from_millis(1);

/// Memory maps of a thread: its stack and that of its signals, each with a guard page. Beyond what a process may have of
/// them a new thread does not fail to start, it aborts the process as it sets up the second.
const MAPS_OF_A_THREAD: usize = 4;

/// Share of a process's maps that is left to all else: libraries, the allocator, the model.
const MAPS_OF_OTHERS: usize = 4;

/// Threads for which there are memory maps, by the text of `/proc/sys/vm/max_map_count` (kernel documentation,
/// admin-guide/sysctl/vm); as many as one likes where there is no such limit.
fn room_for_threads(max_map_count: Option<&str>) -> usize {
    let maps: Option<usize> = max_map_count.and_then(|text| text.trim().parse().ok());
    maps.map_or(usize::MAX, |maps| (maps - maps / MAPS_OF_OTHERS) / MAPS_OF_A_THREAD)
}

/// What came of a level.
pub(crate) struct Driven {
    pub(crate) logged: Logged,
    pub(crate) csv: Option<RowsCsv>,
    /// Clients whose request was given up, and which may never return.
    pub(crate) stuck: Vec<Arc<Slot>>,
    /// Why there were fewer threads than asked for, if there were.
    pub(crate) short_of_threads: Option<String>,
    /// Whether the time limit of the case ended the level before its own end.
    pub(crate) cut_short: bool,
    /// Whether a person ended it before its own end.
    pub(crate) stopped: bool,
    /// Requests of a schedule that were due while as many were in flight as may be.
    pub(crate) held_up: u64,
    /// Marks that came when their request had ended.
    pub(crate) late_marks: u64,
    /// Whether requests had a schedule.
    pub(crate) scheduled: bool,
    /// The steady part, in nanoseconds from the beginning of the level.
    pub(crate) steady: Option<(u64, u64)>,
}

/// Runs one level. Its threads belong to `scope`: one that hangs does not keep the level from ending.
///
/// # Errors
/// When not a single thread can be started.
pub(crate) fn drive<'scope, 'env, I, F, R, E>(
    scope: &'scope Scope<'scope, 'env>,
    course: Course<'env, I, F>,
    csv: Option<RowsCsv>,
) -> Result<Driven, Error>
where
    I: Sync + 'env,
    F: Fn(&I, &Request) -> Result<R, E> + Sync + 'env,
    R: Response,
    E: Into<Error>,
{
    let course = Arc::new(course);
    let (inlet, outlet) = log::log(course.timeout_ns.is_some());
    let log_course = Arc::clone(&course);
    let logger = Builder::new()
        .name("bench-log".to_owned())
        .spawn_scoped(scope, move || {
            let mut csv = csv;
            let logged = log::add_up(&outlet, &log_course.meaning(), csv.as_mut());
            (logged, csv)
        })
        .map_err(|error| Error::failure(format!("the log's thread cannot be started: {error}")))?;
    let mut crew = Crew {
        scope,
        course: &course,
        inlet: &inlet,
        slots: Vec::new(),
        stuck: Vec::new(),
        short: None,
        room: room_for_threads(std::fs::read_to_string("/proc/sys/vm/max_map_count").ok().as_deref()),
    };
    let first = match &course.pacing {
        Pacing::Clients { count, .. } => *count,
        Pacing::Schedule { arrivals, most_in_flight } => {
            FIRST.min(*most_in_flight).min(arrivals.len().try_into().unwrap_or(FIRST)).max(1)
        }
        Pacing::Queries { streams } => *streams,
    };
    (0..first).for_each(|client| crew.start(client, false));
    if crew.slots.is_empty() {
        inlet.close();
        let reason = crew.short.unwrap_or_default();
        return Err(Error::failure(format!("no client can be started: {reason}")));
    }
    let mut recorder = inlet.recorder();
    while course.active.load(Ordering::Acquire) > 0 {
        match crew.patience() {
            Some(patience) => std::thread::park_timeout(patience),
            None => std::thread::park(),
        }
        crew.give_up_the_late(&mut recorder);
        crew.keep_spare();
    }
    recorder.flush();
    inlet.close();
    let (stuck, short_of_threads) = (std::mem::take(&mut crew.stuck), crew.short.take());
    let (logged, csv) =
        logger.join().map_err(|_| Error::failure("the log's thread has panicked: its figures are lost"))?;
    Ok(Driven {
        logged,
        csv,
        stuck,
        short_of_threads,
        cut_short: course.was_cut_short(),
        stopped: course.was_stopped(),
        held_up: course.flight.held_up(),
        late_marks: course.late_marks.load(Ordering::Relaxed),
        scheduled: matches!(course.pacing, Pacing::Schedule { .. }),
        steady: course.phase.bounds(),
    })
}

/// The clients of a level.
struct Crew<'a, 'scope, 'env, I, F> {
    scope: &'scope Scope<'scope, 'env>,
    course: &'a Arc<Course<'env, I, F>>,
    inlet: &'a Inlet,
    slots: Vec<Arc<Slot>>,
    stuck: Vec<Arc<Slot>>,
    short: Option<String>,
    /// Threads that this process can have.
    room: usize,
}

impl<'scope, 'env, I, F, R, E> Crew<'_, 'scope, 'env, I, F>
where
    I: Sync + 'env,
    F: Fn(&I, &Request) -> Result<R, E> + Sync + 'env,
    R: Response,
    E: Into<Error>,
{
    /// Starts a client; one that takes the place of another does not wait for its turn.
    fn start(&mut self, client: u32, in_place: bool) {
        let stuck = self.stuck.iter().filter(|slot| !slot.has_returned()).count();
        if self.slots.len() + stuck >= self.room {
            self.course.missing();
            self.short = Some(format!(
                "only {} threads were started: more do not fit into the memory maps of a process (vm.max_map_count)",
                self.slots.len()
            ));
            return;
        }
        let slot = Arc::new(Slot::new(client));
        let (course, own, inlet) = (Arc::clone(self.course), Arc::clone(&slot), self.inlet.clone());
        course.active.fetch_add(1, Ordering::AcqRel);
        let coordinator = std::thread::current();
        let counted = Arc::clone(&course);
        let started = Builder::new().name(format!("client {client}")).spawn_scoped(self.scope, move || {
            let mut recorder = inlet.recorder();
            let kept = course.work(&own, &mut recorder, in_place);
            recorder.flush();
            own.returned();
            // Whoever was given up has been counted off already: another one works in its place.
            if kept && course.active.fetch_sub(1, Ordering::AcqRel) == 1 {
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

    /// How long nothing need be looked at; for ever where nothing needs a look.
    fn patience(&self) -> Option<Duration> {
        let timeout = self.course.timeout_ns.map(|ns| {
            Duration::from_nanos(ns / 20).clamp(Duration::from_micros(200), Duration::from_millis(20))
        });
        let limit = self.course.ends.limit.map(|limit| {
            let left_ns = limit.give_up_ns.saturating_sub(self.course.clock.now_ns());
            Duration::from_nanos(left_ns).max(Duration::from_millis(1))
        });
        let spare = matches!(self.course.pacing, Pacing::Schedule { .. }).then_some(LOOK_AT_SPARE);
        timeout.into_iter().chain(spare).chain(limit).min()
    }

    /// Writes down the requests that take too long, and lets others work in the place of their clients.
    fn give_up_the_late(&mut self, recorder: &mut Recorder) {
        let now_ns = self.course.clock.now_ns();
        let before_ns = match (self.course.ends.limit, self.course.timeout_ns) {
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
            recorder.push(self.course.late_row(&late, now_ns));
            self.course.make_up(Outcome::TimedOut);
            self.course.end_flight();
            let client = slot.client();
            self.stuck.push(slot);
            self.start(client, true);
            // The new one is counted; the one that hangs no longer is.
            self.course.active.fetch_sub(1, Ordering::AcqRel);
        }
    }

    /// Starts more threads where a schedule has too few that wait.
    fn keep_spare(&mut self) {
        let Pacing::Schedule { arrivals, most_in_flight } = &self.course.pacing else { return };
        let left = (self.course.next.load(Ordering::Relaxed) as usize) < arrivals.len();
        let mut waiting = self.course.waiting.load(Ordering::Relaxed);
        while left && self.short.is_none() && waiting < SPARE && (self.slots.len() as u32) < *most_in_flight {
            self.start(self.slots.len() as u32, true);
            waiting += 1;
        }
    }
}

impl<I, F> Course<'_, I, F> {
    /// The row of a request that was given up at `now_ns`.
    fn late_row(&self, late: &GivenUp, now_ns: u64) -> Row {
        Row::of(
            (late.number, late.input, late.client),
            (late.intended_ns, late.sent_ns),
            log::Ended {
                end_ns: now_ns,
                outcome: Outcome::TimedOut,
                marks: None,
                answer: crate::domain::Answer::default(),
                error: Some(self.timeout_message()),
            },
        )
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
