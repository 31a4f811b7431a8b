//! [`Search`]: the highest rate at which a service-level objective is met.

use std::time::Duration;

use bench_core::bencher::Bencher;
use bench_core::{Error, Result};

use crate::domain::Response;
#[cfg(feature = "tokio")]
use crate::driver::Events;
use crate::driver::{Calls, Threads};
use crate::input::{Describe, Inputs};
use crate::request::Request;
use crate::serving::{Goal, Job};
use crate::slo::Slo;
use crate::stop::{GRACE, Stop};

/// A search for the latency-bounded throughput: the rate doubles until the objective is missed, and is then
/// halved in; where the first is missed already, it halves down to a sixteenth of it. Each rate is a level of its own,
/// with Poisson arrivals; one that is not valid does not count as met, and one at which the harness was in the way is
/// tried once more. All rounds try rates of one scale, so that what they found at a rate stands together.
#[derive(Clone, Debug)]
pub struct Search {
    conditions: Vec<String>,
    from: Option<f64>,
    requests: u64,
    timeout: Option<Duration>,
    seed: u64,
}

impl Search {
    pub(crate) fn new(conditions: Vec<String>) -> Self {
        Search { conditions, from: None, requests: 0, timeout: None, seed: 0 }
    }

    /// The first rate, in requests per second; the power of two nearest to half of what one client gets if nothing is
    /// said.
    #[must_use]
    pub fn from(mut self, rate: f64) -> Self {
        self.from = Some(rate);
        self
    }

    /// Requests at each rate; as many as the percentiles of the objective need if that is more.
    #[must_use]
    pub fn requests(mut self, requests: u64) -> Self {
        self.requests = requests;
        self
    }

    /// The time after which a request has failed.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Seed of arrivals.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Searches. The case has the metric `latency-bounded throughput`: that of the highest rate at which the objective
    /// was met, the median over its rounds.
    ///
    /// # Errors
    /// As [`Load::run`](crate::Load::run), and where no condition is given.
    pub fn run<N, F, R, E>(self, bencher: &mut Bencher, inputs: N, closure: F) -> Result<()>
    where
        N: Inputs,
        N::Item: Describe + Send + Sync,
        F: Fn(&N::Item, &Request) -> Result<R, E> + Sync,
        R: Response,
        E: Into<Error>,
    {
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
            return Err(Error::failure("`find_rate` wants a condition, such as `latency_p99 <= 200ms`"));
        }
        let percentile =
            self.conditions.iter().filter_map(|condition| percentile_of(condition)).reduce(f64::max);
        let support = percentile.map_or(0, |p| bench_stats::support(p) as u64);
        let job = Job {
            requests: Some(self.requests.max(support).max(50)),
            duration: None,
            warm_up: None,
            timeout: self.timeout,
            seed: self.seed,
            valid_for: percentile,
            stop: Stop::default(),
            grace: GRACE,
        };
        crate::serving::run(bencher, inputs, calls, job, Goal::Rate { from: self.from }, slo)
    }

    /// [`run`](Self::run) for an `async` closure, as [`Load::run_async`](crate::Load::run_async).
    ///
    /// # Errors
    /// As [`run`](Self::run), and in an `async` benchmark.
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

/// The percentile that a condition is about: 0.99 for `latency_p99 <= 1s`.
fn percentile_of(condition: &str) -> Option<f64> {
    let name = condition.split(['<', '>']).next()?.trim();
    let digits = name.rsplit_once("_p")?.1.replace('_', ".");
    digits.parse::<f64>().ok().filter(|p| (1.0..100.0).contains(p)).map(|p| p / 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_percentile_of_a_condition() {
        assert_eq!(percentile_of("latency_p99 <= 1s"), Some(0.99));
        assert_eq!(percentile_of("latency_p99_9 <= 1s"), Some(0.9990000000000001));
        assert_eq!(percentile_of("rps >= 1"), None);
    }
}
