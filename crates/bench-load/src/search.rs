//! [`Search`]: the highest rate at which a service-level objective is met.

use std::sync::Arc;
use std::time::Duration;

use bench_core::bencher::Bencher;
use bench_core::{Error, Result};
use bench_record::Level;

use crate::domain::Response;
#[cfg(feature = "tokio")]
use crate::driver::Events;
use crate::driver::{Calls, Threads};
use crate::fleet::Fleet;
use crate::input::{Describe, Inputs};
use crate::pause::Pause;
use crate::request::Request;
use crate::serving::{Goal, Job};
use crate::slo::Slo;
use crate::stop::{GRACE, Stop};

/// A search for the latency-bounded throughput: the rate doubles until the objective is missed, and is then bisected;
/// if the first rate misses it, the rate is halved, down to a sixteenth of the first. Each rate is a level, with
/// Poisson arrivals; one that is not valid does not count as met, and one at which the harness was the bottleneck is
/// tried once more. All rounds try rates of the same scale, so that their results can be combined.
#[derive(Clone, Debug)]
pub struct Search {
    conditions: Vec<String>,
    from: Option<f64>,
    requests: u64,
    timeout: Option<Duration>,
    warm_up: Option<u64>,
    seed: u64,
    stop: Stop,
    fleet: Option<Arc<Fleet>>,
    has_arrivals: fn() -> bool,
}

/// The bounds that a search has found for the highest rate that meets its objective: at least `met`, and less than
/// `missed`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bracket {
    /// The highest rate that met the objective, in requests per second; `None` if none did.
    pub met: Option<f64>,
    /// The lowest rate above it that did not; `None` if every rate that was tried met it.
    pub missed: Option<f64>,
    /// The reasons why `missed` did not meet it.
    pub reasons: Vec<String>,
}

impl Bracket {
    /// Returns the bounds from the levels of a search.
    pub fn of(levels: &[Level]) -> Self {
        let met = levels.iter().filter(|level| level.validity.valid).filter_map(|level| level.rate);
        let met = met.reduce(f64::max);
        // A rate that was tried again has two levels: it is met if one of them is.
        let above = levels.iter().filter(|level| {
            !level.validity.valid && level.rate.is_some_and(|rate| met.is_none_or(|met| rate > met))
        });
        let lowest = above.min_by(|one, other| one.rate.unwrap_or(0.0).total_cmp(&other.rate.unwrap_or(0.0)));
        Bracket {
            met,
            missed: lowest.and_then(|level| level.rate),
            reasons: lowest.map(|level| level.validity.reasons.clone()).unwrap_or_default(),
        }
    }
}

impl Search {
    pub(crate) fn new(conditions: Vec<String>) -> Self {
        let (from, timeout, warm_up) = (None, None, None);
        Search {
            conditions,
            from,
            requests: 0,
            timeout,
            warm_up,
            seed: 0,
            stop: Stop::default(),
            fleet: None,
            has_arrivals: || false,
        }
    }

    /// Sets the first rate, in requests per second. The default is the power of two nearest to half of the rate of
    /// one client.
    #[must_use]
    pub fn from(mut self, rate: f64) -> Self {
        self.from = Some(rate);
        self
    }

    /// Sets the number of requests at each rate. If the percentiles of the objective need more, more are sent.
    #[must_use]
    pub fn requests(mut self, requests: u64) -> Self {
        self.requests = requests;
        self
    }

    /// Sets the time after which a request fails.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Sets the number of requests before each rate that do not count. The default is one per client.
    #[must_use]
    pub fn warm_up(mut self, requests: u64) -> Self {
        self.warm_up = Some(requests);
        self
    }

    /// Ends the search once `asked` returns `true`, as [`Load::stop_when`](crate::Load::stop_when).
    #[must_use]
    pub fn stop_when(mut self, asked: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        self.stop = Stop::when(asked);
        self
    }

    /// States that marks have the times of arrival, as [`Load::times_of_arrival`](crate::Load::times_of_arrival).
    #[must_use]
    pub fn times_of_arrival(mut self, are_known: fn() -> bool) -> Self {
        self.has_arrivals = are_known;
        self
    }

    /// Shares the load with other workers, as [`Load::fleet`](crate::Load::fleet). All of them try the same rates.
    #[must_use]
    pub fn fleet(mut self, fleet: Arc<Fleet>) -> Self {
        self.fleet = Some(fleet);
        self
    }

    /// Sets the seed of arrivals.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Runs the search. The case gets the metric `latency-bounded throughput`: the throughput at the highest rate at
    /// which the objective was met, the median over its rounds.
    ///
    /// # Errors
    /// Same as [`Load::run`](crate::Load::run), and if no condition is given.
    pub fn run<N, F, R, E>(self, bencher: &mut Bencher, inputs: N, closure: F) -> Result<()>
    where
        N: Inputs,
        N::Item: Describe + Send + Sync,
        F: Fn(&N::Item, &Request) -> Result<R, E> + Sync,
        R: Response,
        E: Into<Error>,
    {
        if self.fleet.is_some() {
            return Err(Error::failure(
                "workers share the requests of `async` closures only: use `run_async`",
            ));
        }
        self.serve(bencher, inputs, &Threads::new(closure))
    }

    fn serve<N, C>(self, bencher: &mut Bencher, inputs: N, calls: &C) -> Result<()>
    where
        N: Inputs,
        N::Item: Describe + Send + Sync,
        C: Calls<N::Item>,
    {
        let slo = Slo::parse(self.conditions.iter().map(String::as_str))?;
        if slo.is_empty() {
            return Err(Error::failure("`find_rate` needs a condition, such as `latency_p99 <= 200ms`"));
        }
        let percentile =
            self.conditions.iter().filter_map(|condition| percentile_of(condition)).reduce(f64::max);
        let support = percentile.map_or(0, |p| bench_stats::support(p) as u64);
        let job = Job {
            requests: Some(self.requests.max(support).max(50)),
            duration: None,
            warm_up: self.warm_up,
            timeout: self.timeout,
            seed: self.seed,
            valid_for: percentile,
            stop: self.stop,
            grace: GRACE,
            fleet: self.fleet,
            pause: Pause::default(),
            has_arrivals: self.has_arrivals,
        };
        crate::serving::run(bencher, inputs, calls, job, Goal::Rate { from: self.from }, slo)
    }

    /// Same as [`run`](Self::run), for an `async` closure, as [`Load::run_async`](crate::Load::run_async).
    ///
    /// # Errors
    /// Same as [`run`](Self::run), and if it is called in an `async` benchmark.
    #[cfg(feature = "tokio")]
    pub fn run_async<N, F, R, E>(self, bencher: &mut Bencher, inputs: N, closure: F) -> Result<()>
    where
        N: Inputs,
        N::Item: Describe + Send + Sync,
        F: AsyncFn(&N::Item, &Request) -> Result<R, E> + Sync,
        R: Response,
        E: Into<Error>,
    {
        crate::cores::refuse_within_another()?;
        self.serve(bencher, inputs, &Events::new(closure))
    }
}

/// Returns the percentile in a condition, as a share: 0.99 for `latency_p99 <= 1s`; `None` if it has none.
fn percentile_of(condition: &str) -> Option<f64> {
    let name = condition.split(['<', '>']).next()?.trim();
    let digits = name.rsplit_once("_p")?.1.replace('_', ".");
    digits.parse::<f64>().ok().filter(|p| (1.0..100.0).contains(p)).map(|p| p / 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bracket_is_between_what_met_and_what_missed() {
        let level = |rate: f64, valid: bool| {
            let mut level = Level::default();
            level.rate = Some(rate);
            level.validity.valid = valid;
            level.validity.reasons = if valid { Vec::new() } else { vec![format!("{rate} is too much")] };
            level
        };
        let of = |levels: &[(f64, bool)]| {
            let levels: Vec<Level> = levels.iter().map(|(rate, valid)| level(*rate, *valid)).collect();
            Bracket::of(&levels)
        };
        let found = of(&[(8.0, true), (32.0, false), (16.0, false), (12.0, true), (4.0, false)]);
        assert_eq!((found.met, found.missed), (Some(12.0), Some(16.0)));
        assert_eq!(found.reasons, ["16 is too much"]);
        assert_eq!(of(&[(8.0, true)]), Bracket { met: Some(8.0), ..Bracket::default() });
        assert_eq!(of(&[(8.0, false), (4.0, false)]).missed, Some(4.0));
        // Hindered once, and met the second time.
        assert_eq!(of(&[(8.0, false), (8.0, true)]), Bracket { met: Some(8.0), ..Bracket::default() });
    }

    #[test]
    fn the_percentile_of_a_condition() {
        assert_eq!(percentile_of("latency_p99 <= 1s"), Some(0.99));
        assert_eq!(percentile_of("latency_p99_9 <= 1s"), Some(0.9990000000000001));
        assert_eq!(percentile_of("rps >= 1"), None);
    }
}
