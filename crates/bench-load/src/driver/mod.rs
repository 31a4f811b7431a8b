//! Calls the closure, and records the results: clients on threads, for closures that block, or one event loop for each
//! core, for `async` ones.

mod call;
mod course;
#[cfg(feature = "tokio")]
mod events;
mod flight;
mod threads;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::{Builder, Scope};
use std::time::Duration;

use bench_core::Error;
use bench_record::Lag;

use crate::domain::Response;
use crate::log::{self, Ended, Inlet, Logged, RowsCsv};
use crate::request::Marks;
use crate::scenario::Pacing;
use crate::slot::Slot;
use crate::stop::Stop;

pub(crate) use call::Called;
pub(crate) use course::{Course, Ends, TimeLimit};
#[cfg(feature = "tokio")]
pub(crate) use events::Events;
pub(crate) use threads::Threads;

/// The result of a request outside of levels: when it was sent, and how it ended.
pub(crate) type Once = Result<(u64, Ended), Unanswered>;

/// A closure, and how it is called.
pub(crate) trait Calls<I>: Sync + Sized {
    /// The type of its response.
    type Response: Response;

    /// Runs one level.
    ///
    /// # Errors
    /// When no thread or event loop can be started that calls the closure.
    fn drive<'scope, 'env>(
        scope: &'scope Scope<'scope, 'env>,
        course: Course<'env, I, Self>,
        csv: Option<RowsCsv>,
    ) -> Result<Driven, Error>
    where
        I: Sync + 'env,
        Self: 'env;

    /// Serves one request outside of levels, and gives it up if it takes longer than `patience`.
    fn once<'scope, 'env>(
        &'env self,
        scope: &'scope Scope<'scope, 'env>,
        called: Called<'env, I>,
        marks: &Arc<Marks>,
        patience: &Patience,
    ) -> Once
    where
        I: Sync + 'env,
        Self: 'env;
}

/// How long a request outside of levels may take.
pub(crate) struct Patience {
    /// The maximum duration.
    pub(crate) limit: Option<Duration>,
    /// Whether the user wants the end.
    #[cfg_attr(not(feature = "tokio"), allow(dead_code, reason = "a thread cannot be told to end"))]
    pub(crate) stop: Stop,
    /// The time that an `async` request may still take once the user wants the end.
    #[cfg_attr(not(feature = "tokio"), allow(dead_code, reason = "a thread cannot be told to end"))]
    pub(crate) grace: Duration,
}

/// A request that got no answer.
pub(crate) struct Unanswered {
    pub(crate) message: String,
    /// The client that may never return; `None` if it cannot hang.
    pub(crate) stuck: Option<Arc<Slot>>,
}

impl Unanswered {
    /// Creates the failure of a request that took longer than `patience`.
    fn late(patience: Duration, stuck: Option<Arc<Slot>>) -> Self {
        Unanswered { message: format!("timed out: no answer after {} s", patience.as_secs_f64()), stuck }
    }
}

/// The result of a level.
pub(crate) struct Driven {
    pub(crate) logged: Logged,
    pub(crate) csv: Option<RowsCsv>,
    /// Clients whose request was given up, and which may never return.
    pub(crate) stuck: Vec<Arc<Slot>>,
    /// The reason why there were fewer threads than requested, if there were.
    pub(crate) short_of_threads: Option<String>,
    /// How late event loops handled ready events; `None` without event loops.
    pub(crate) client_stall: Option<Lag>,
    /// Whether the time limit of the case cut the level short.
    pub(crate) cut_short: bool,
    /// Whether the user cut it short.
    pub(crate) stopped: bool,
    /// The number of requests of a schedule that were due while the allowed number was in flight.
    pub(crate) held_up: u64,
    /// The number of marks that were made after their request had ended.
    pub(crate) late_marks: u64,
    /// Whether requests had a schedule.
    pub(crate) scheduled: bool,
    /// The steady part, in nanoseconds from the beginning of the level.
    pub(crate) steady: Option<(u64, u64)>,
}

/// The rest of a level's results: all except its rows and its course.
struct Rest {
    stuck: Vec<Arc<Slot>>,
    short_of_threads: Option<String>,
    client_stall: Option<Lag>,
}

/// Runs `serve`, whose clients write into a log, while another thread adds up the log. With `at_once`, clients do not
/// keep rows.
///
/// # Errors
/// Those of `serve`, and if no thread can be started for the log.
fn logged<'scope, 'env, T, I, C>(
    scope: &'scope Scope<'scope, 'env>,
    shared: Arc<T>,
    course: impl Fn(&T) -> &Course<'env, I, C> + Copy + Send + 'scope,
    at_once: bool,
    csv: Option<RowsCsv>,
    serve: impl FnOnce(&Inlet) -> Result<Rest, Error>,
) -> Result<Driven, Error>
where
    T: Send + Sync + 'scope,
    I: 'env,
    C: 'env,
{
    let (inlet, outlet) = log::log(at_once);
    let of_log = Arc::clone(&shared);
    let logger = Builder::new()
        .name("bench-log".to_owned())
        .spawn_scoped(scope, move || {
            let mut csv = csv;
            let logged = log::add_up(&outlet, &course(&of_log).meaning(), csv.as_mut());
            (logged, csv)
        })
        .map_err(|error| Error::failure(format!("the log's thread cannot be started: {error}")))?;
    let rest = serve(&inlet);
    inlet.close();
    let (logged, csv) =
        logger.join().map_err(|_| Error::failure("the log's thread has panicked: its figures are lost"))?;
    let (rest, course) = (rest?, course(&shared));
    Ok(Driven {
        logged,
        csv,
        stuck: rest.stuck,
        short_of_threads: rest.short_of_threads,
        client_stall: rest.client_stall,
        cut_short: course.was_cut_short(),
        stopped: course.was_stopped(),
        held_up: course.flight.held_up(),
        late_marks: course.late_marks.load(Ordering::Relaxed),
        scheduled: matches!(course.pacing, Pacing::Schedule { .. }),
        steady: course.phase.bounds(),
    })
}
