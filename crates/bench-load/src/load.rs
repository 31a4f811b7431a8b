//! [`Load`]: what a benchmark says about the requests that it wants served.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bench_core::bencher::Bencher;
use bench_core::{Error, Result};

use crate::domain::Response;
#[cfg(feature = "tokio")]
use crate::driver::Events;
use crate::driver::{Calls, Threads};
use crate::fleet::Fleet;
use crate::input::{Describe, Inputs};
use crate::pause::Pause;
use crate::request::Request;
use crate::scenario::{
    ClosedLoop, MultiStream, Offline, OpenLoop, Ramp, Replay, Scenario, Settings, SingleStream, Stress,
};
use crate::search::Search;
use crate::serving::{Goal, Job};
use crate::slo::Slo;
use crate::stop::{GRACE, Stop};

/// Requests to be served: how they are made, for how long, and what they must meet.
///
/// ```no_run
/// use bench_core::prelude::*;
/// use bench_load::Load;
///
/// #[benchmark(category = "performance", model = "echo", args(concurrency = [1, 2, 4]))]
/// fn echo(b: &mut Bencher, concurrency: usize) -> Result<()> {
///     Load::closed(concurrency).requests(200).run(b, vec!["a".to_owned(), "b".to_owned()], |text, _request| {
///         black_box(text.len());
///         Ok::<(), Error>(())
///     })
/// }
/// ```
pub struct Load {
    scenario: Box<dyn Scenario>,
    requests: Option<u64>,
    duration: Option<Duration>,
    warm_up: Option<u64>,
    timeout: Option<Duration>,
    seed: u64,
    valid_for: Option<f64>,
    slo: Vec<String>,
    stop: Stop,
    grace: Duration,
    fleet: Option<Arc<Fleet>>,
    pause: Pause,
}

impl Load {
    /// Requests in any scenario, those of one's own included.
    pub fn new(scenario: impl Scenario + 'static) -> Self {
        Load {
            scenario: Box::new(scenario),
            requests: None,
            duration: None,
            warm_up: None,
            timeout: None,
            seed: 0,
            valid_for: None,
            slo: Vec::new(),
            stop: Stop::default(),
            grace: GRACE,
            fleet: None,
            pause: Pause::default(),
        }
    }

    /// [`ClosedLoop`]: a fixed number of clients, or several, a level each.
    pub fn closed(concurrency: impl Into<Settings<usize>>) -> Self {
        Load::new(ClosedLoop::new(concurrency))
    }

    /// [`OpenLoop`] with independent arrivals, at this rate in requests per second, or at several, a level each.
    pub fn open(rate: impl Into<Settings<f64>>) -> Self {
        Load::new(OpenLoop::poisson(rate))
    }

    /// [`SingleStream`]: one request after another.
    pub fn single_stream() -> Self {
        Load::new(SingleStream)
    }

    /// [`MultiStream`]: several requests at once, again and again.
    pub fn multi_stream(streams: impl Into<Settings<usize>>) -> Self {
        Load::new(MultiStream::new(streams))
    }

    /// [`Offline`]: all requests are there from the beginning.
    pub fn offline() -> Self {
        Load::new(Offline::new())
    }

    /// [`Ramp`]: levels of 1, 2, 4, … clients up to `to`.
    pub fn ramp(from: usize, to: usize) -> Self {
        Load::new(Ramp::new(from, to))
    }

    /// [`Stress`]: more and more clients, for `duration`.
    pub fn stress(duration: Duration, most: usize) -> Self {
        Load::new(Stress::new(duration, most))
    }

    /// [`Replay`]: requests at the times of a trace.
    pub fn replay(file: impl AsRef<std::path::Path>) -> Self {
        Load::new(Replay::file(file))
    }

    /// The highest rate at which conditions such as `latency_p99 <= 200ms` are met.
    pub fn find_rate<'a>(conditions: impl IntoIterator<Item = &'a str>) -> Search {
        Search::new(conditions.into_iter().map(str::to_owned).collect())
    }

    /// Ends each level after this many requests.
    #[must_use]
    pub fn requests(mut self, requests: u64) -> Self {
        self.requests = Some(requests);
        self
    }

    /// Ends each level after this time; with [`requests`](Self::requests) as well, after what comes first.
    /// Requests that were sent by then are waited for.
    #[must_use]
    pub fn duration(mut self, duration: Duration) -> Self {
        self.duration = Some(duration);
        self
    }

    /// Requests before each level that do not count; one for each client if nothing is said.
    #[must_use]
    pub fn warm_up(mut self, requests: u64) -> Self {
        self.warm_up = Some(requests);
        self
    }

    /// The time after which a request has failed. Its client goes on with another one; what still runs is left
    /// behind. Without it a request may take as long as the case.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Seed of arrivals; 0 if nothing is said.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Serves requests at each level until this percentile, as a share, is supported.
    #[must_use]
    pub fn valid_for(mut self, percentile: f64) -> Self {
        self.valid_for = Some(percentile);
        self
    }

    /// A condition that a request must meet to be good, such as `ttft <= 200ms`; called again, that one too. The
    /// share of good requests per second is reported as goodput.
    #[must_use]
    pub fn slo(mut self, condition: &str) -> Self {
        self.slo.push(condition.to_owned());
        self
    }

    /// Sends nothing more once `asked` returns `true`, as when a person presses Ctrl-C. What is in flight is waited for,
    /// what was measured is kept, and the level that was cut short is not valid. Requests of `async` closures are waited for
    /// as long as [`grace`](Self::grace) says.
    #[must_use]
    pub fn stop_when(mut self, asked: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        self.stop = Stop::when(asked);
        self
    }

    /// How long requests of `async` closures that are in flight are waited for once [`stop_when`](Self::stop_when) has told
    /// them to end; 5 s if nothing is said. Those that have no answer by then have failed as `cancelled`.
    #[must_use]
    pub fn grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }

    /// Lets each client of a closed loop wait before each of its requests for as long as `pause` says, as a user thinks. It is
    /// given the number of the client, and when the level began. The time is in no latency. Only clients of `async` closures
    /// pause.
    #[must_use]
    pub fn pause(mut self, pause: impl Fn(u32, Instant) -> Duration + Send + Sync + 'static) -> Self {
        self.pause = Pause::by(pause);
        self
    }

    /// Shares the load with other workers, which run the same benchmark with the same settings and inputs: this one sends its
    /// part of one schedule, or is its part of the clients, and the level of each is that of all their requests. Only `async`
    /// closures can be shared.
    #[must_use]
    pub fn fleet(mut self, fleet: Arc<Fleet>) -> Self {
        self.fleet = Some(fleet);
        self
    }

    /// Serves `inputs` through `closure`, and hands all that was seen to the round. Call it once, as the last thing
    /// that the benchmark does.
    ///
    /// # Errors
    /// Settings that make no sense, inputs that cannot be had, and a level whose requests have all failed.
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
        let slo = Slo::parse(self.slo.iter().map(String::as_str))?;
        let goal = Goal::Levels(self.scenario);
        let job = Job {
            requests: self.requests,
            duration: self.duration,
            warm_up: self.warm_up,
            timeout: self.timeout,
            seed: self.seed,
            valid_for: self.valid_for,
            stop: self.stop,
            grace: self.grace,
            fleet: self.fleet,
            pause: self.pause,
        };
        crate::serving::run(bencher, inputs, calls, job, goal, slo)
    }

    /// [`run`](Self::run) for an `async` closure. Requests are tasks on one event loop for each core ([`cores`](crate::cores)),
    /// thousands of them if need be, and a thread of its own hands them over when they are due. A closure must not block: it
    /// would hold up all requests of its loop. How late loops came to what was ready is recorded as `client_stall`, and a
    /// level in which that distorts the figures is not valid.
    ///
    /// ```no_run
    /// use bench_core::prelude::*;
    /// use bench_load::Load;
    ///
    /// #[benchmark(category = "performance", model = "echo")]
    /// fn echo(b: &mut Bencher) -> Result<()> {
    ///     Load::closed([1, 8]).requests(100).run_async(b, vec!["a".to_owned()], async |text, request| {
    ///         tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    ///         request.output();
    ///         Ok::<_, Error>(bench_load::domain::Generation::new(text.len() as u64))
    ///     })
    /// }
    /// ```
    ///
    /// # Errors
    /// As [`run`](Self::run), and in an `async` benchmark: its runtime would wait for itself.
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
