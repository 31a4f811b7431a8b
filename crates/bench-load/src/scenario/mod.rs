//! Scenarios: when requests are sent. One type for each scenario, and a trait for all of them.

mod arrivals;
mod closed_loop;
mod multi_stream;
mod offline;
mod open_loop;
mod plateau;
mod ramp;
mod replay;
mod single_stream;
mod stress;

use std::time::Duration;

use bench_core::Error;
use bench_record::Level;
use bench_syntax::Share;

pub use arrivals::Arrivals;
pub use closed_loop::ClosedLoop;
pub use multi_stream::MultiStream;
pub use offline::Offline;
pub use open_loop::OpenLoop;
pub use plateau::Plateau;
pub use ramp::Ramp;
pub use replay::Replay;
pub use single_stream::SingleStream;
pub use stress::Stress;

use crate::stripe::Stripe;

/// Decides when requests are sent.
///
/// ```
/// use bench_core::Error;
/// use bench_load::scenario::{ClosedLoop, Plan, Scenario, Wanted};
///
/// /// As many clients as there are processors.
/// struct EveryProcessor;
///
/// impl Scenario for EveryProcessor {
///     fn levels(&self, wanted: &Wanted) -> Result<Vec<Plan>, Error> {
///         let processors = std::thread::available_parallelism().map_or(1, usize::from);
///         ClosedLoop::new(processors).levels(wanted)
///     }
/// }
///
/// # fn benchmark(b: &mut bench_core::Bencher) -> bench_core::Result<()> {
/// bench_load::Load::new(EveryProcessor).run(b, bench_load::input::Texts::seeded(20, 50..=200), |_text, _request| {
///     Ok::<_, Error>(())
/// })
/// # }
/// ```
pub trait Scenario: Send + Sync {
    /// Returns the levels, in the order in which they are run.
    ///
    /// # Errors
    /// When a setting makes no sense: no client, a rate that is not a positive number, an empty trace.
    fn levels(&self, wanted: &Wanted) -> Result<Vec<Plan>, Error>;

    /// Whether the next level is served, given the results of the levels before it; `done` has at least one. A
    /// sweep ends here when it has found what it looks for.
    fn goes_on(&self, done: &[Level]) -> bool {
        let _ = done;
        true
    }
}

/// The length of a level, and the seed of everything that is random.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The number of requests; `None` if it was not given.
    pub requests: Option<u64>,
    /// The duration; `None` if it was not given. With both, whichever comes first ends the level.
    pub duration: Option<Duration>,
    /// Seed of everything that is random.
    pub seed: u64,
}

/// One level: a setting, and the pacing of its requests.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The setting that distinguishes it from the other levels: `concurrency 4`, `12.5 req/s`.
    pub name: String,
    /// The scenario's name in the record: `closed_loop`.
    pub scenario: &'static str,
    /// The number of clients, if the scenario sets it.
    pub concurrency: Option<u32>,
    /// The requests per second, if the scenario sets them.
    pub rate: Option<f64>,
    /// When requests are sent.
    pub pacing: Pacing,
    /// The number of requests; `None` if it is not given.
    pub requests: Option<u64>,
    /// The duration; `None` if it is not given.
    pub duration: Option<Duration>,
}

impl Plan {
    /// How long the level lasts by its own settings, without the last answers; `None` if that depends on how long
    /// requests take.
    pub(crate) fn lasts(&self) -> Option<Duration> {
        match &self.pacing {
            Pacing::Schedule { arrivals, .. } => arrivals.last().copied().map(Duration::from_nanos),
            Pacing::Clients { .. } | Pacing::Queries { .. } => self.duration,
        }
    }

    /// The part of the level that one of several workers sends.
    ///
    /// # Errors
    /// For queries, whose requests are sent and awaited together.
    pub(crate) fn own(&self, share: Share) -> Result<(Plan, Stripe), Error> {
        let (stripe, pacing) = match &self.pacing {
            Pacing::Clients { count, ramp_up } => {
                let stripe = Stripe::of_clients(share, *count);
                let count = u32::try_from(stripe.clients()).unwrap_or(u32::MAX);
                (stripe, Pacing::Clients { count, ramp_up: *ramp_up })
            }
            Pacing::Schedule { arrivals, most_in_flight } => {
                let own = arrivals.iter().copied().skip(share.rank() as usize).step_by(share.of() as usize);
                // The limit is divided among workers, but each gets at least 1: otherwise, it could not send anything.
                let most = Stripe::of_clients(share, *most_in_flight).clients().max(1);
                let most_in_flight = u32::try_from(most).unwrap_or(u32::MAX);
                let pacing = Pacing::Schedule { arrivals: own.collect(), most_in_flight };
                (Stripe::of_schedule(share), pacing)
            }
            Pacing::Queries { .. } => {
                return Err(Error::failure(
                    "the requests of a query are sent and awaited together, which several workers cannot do",
                ));
            }
        };
        let requests = self.requests.map(|requests| stripe.requests(requests));
        Ok((Plan { pacing, requests, ..self.clone() }, stripe))
    }
}

/// When requests are sent.
#[derive(Clone, Debug)]
pub enum Pacing {
    /// Each client sends its next request when its last one has ended.
    Clients {
        /// The number of clients.
        count: u32,
        /// The time over which they start, evenly; the first one starts at once.
        ramp_up: Duration,
    },
    /// Sends at these times, whether earlier requests have ended or not.
    Schedule {
        /// The times, in nanoseconds from the beginning of the level, ascending.
        arrivals: Vec<u64>,
        /// The maximum number of requests in flight; further ones are sent late.
        most_in_flight: u32,
    },
    /// Sends this many at once, and as many again when all of them have ended.
    Queries {
        /// Requests in a query.
        streams: u32,
    },
}

/// Settings, each of which becomes a level: one value, an array, or a vector.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings<T>(pub Vec<T>);

impl<T> From<T> for Settings<T> {
    fn from(value: T) -> Self {
        Settings(vec![value])
    }
}

impl<T, const N: usize> From<[T; N]> for Settings<T> {
    fn from(values: [T; N]) -> Self {
        Settings(values.into())
    }
}

impl<T> From<Vec<T>> for Settings<T> {
    fn from(values: Vec<T>) -> Self {
        Settings(values)
    }
}

impl<T: Clone> From<&[T]> for Settings<T> {
    fn from(values: &[T]) -> Self {
        Settings(values.to_vec())
    }
}

/// Returns the default number of requests of a level: enough for a median with an interval, and several for each
/// client.
fn usual_requests(clients: u32, wanted: &Wanted) -> Option<u64> {
    match (wanted.requests, wanted.duration) {
        (None, None) => Some(50.max(10 * u64::from(clients))),
        (requests, _) => requests,
    }
}

/// Checks that this number of clients is possible.
///
/// # Errors
/// If it is 0, or more than the number of threads that a machine can run.
fn clients(count: usize, what: &str) -> Result<u32, Error> {
    u32::try_from(count)
        .ok()
        .filter(|count| (1..=65_536).contains(count))
        .ok_or_else(|| Error::failure(format!("{what} of {count}: expected a number from 1 to 65536")))
}

/// A level of clients without a schedule.
fn of_clients(scenario: &'static str, count: u32, ramp_up: Duration, wanted: &Wanted) -> Plan {
    Plan {
        name: format!("concurrency {count}"),
        scenario,
        concurrency: Some(count),
        rate: None,
        pacing: Pacing::Clients { count, ramp_up },
        requests: usual_requests(count, wanted),
        duration: wanted.duration,
    }
}

#[cfg(test)]
mod tests;
