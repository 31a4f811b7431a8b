//! [`Load`]: describes the requests that a benchmark serves.

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

/// A load: when requests arrive, for how long, and which objectives they must meet.
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
    has_arrivals: fn() -> bool,
}

impl Load {
    /// Serves requests in any scenario, including your own.
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
            has_arrivals: || false,
        }
    }

    /// Uses [`ClosedLoop`]: a fixed number of clients, or several numbers, with one level for each.
    pub fn closed(concurrency: impl Into<Settings<usize>>) -> Self {
        Load::new(ClosedLoop::new(concurrency))
    }

    /// Uses [`OpenLoop`] with independent arrivals, at this rate in requests per second, or at several rates, with one
    /// level for each.
    pub fn open(rate: impl Into<Settings<f64>>) -> Self {
        Load::new(OpenLoop::poisson(rate))
    }

    /// Uses [`SingleStream`]: one request after another.
    pub fn single_stream() -> Self {
        Load::new(SingleStream)
    }

    /// Uses [`MultiStream`]: several requests at once, repeatedly.
    pub fn multi_stream(streams: impl Into<Settings<usize>>) -> Self {
        Load::new(MultiStream::new(streams))
    }

    /// Uses [`Offline`]: all requests arrive at the beginning.
    pub fn offline() -> Self {
        Load::new(Offline::new())
    }

    /// Uses [`Ramp`]: levels of `from` clients, twice as many, and so on, up to `to`.
    pub fn ramp(from: usize, to: usize) -> Self {
        Load::new(Ramp::new(from, to))
    }

    /// Uses [`Stress`]: more and more clients, up to `most`, for `duration`.
    pub fn stress(duration: Duration, most: usize) -> Self {
        Load::new(Stress::new(duration, most))
    }

    /// Uses [`Replay`]: requests at the times of a trace.
    pub fn replay(file: impl AsRef<std::path::Path>) -> Self {
        Load::new(Replay::file(file))
    }

    /// Searches for the highest rate at which conditions such as `latency_p99 <= 200ms` are met.
    pub fn find_rate<'a>(conditions: impl IntoIterator<Item = &'a str>) -> Search {
        Search::new(conditions.into_iter().map(str::to_owned).collect())
    }

    /// Ends each level after this many requests.
    #[must_use]
    pub fn requests(mut self, requests: u64) -> Self {
        self.requests = Some(requests);
        self
    }

    /// Ends each level after this time or, if [`requests`](Self::requests) is set too, after whichever comes first.
    /// Waits for requests that have been sent by then.
    #[must_use]
    pub fn duration(mut self, duration: Duration) -> Self {
        self.duration = Some(duration);
        self
    }

    /// Sets the number of requests before each level that do not count. The default is one per client.
    #[must_use]
    pub fn warm_up(mut self, requests: u64) -> Self {
        self.warm_up = Some(requests);
        self
    }

    /// Sets the time after which a request fails. Its client continues with another request; the request itself is
    /// abandoned. Without a timeout, a request may take as long as the case.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Sets the seed of arrivals. The default is 0.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Serves requests at each level until there are enough for this percentile, which is given as a share.
    #[must_use]
    pub fn valid_for(mut self, percentile: f64) -> Self {
        self.valid_for = Some(percentile);
        self
    }

    /// Adds a condition that a request must meet to be good, such as `ttft <= 200ms`. The number of good requests
    /// per second is reported as goodput.
    #[must_use]
    pub fn slo(mut self, condition: &str) -> Self {
        self.slo.push(condition.to_owned());
        self
    }

    /// Stops sending requests once `asked` returns `true`, for example after Ctrl-C. Waits for requests in flight,
    /// keeps the measurements, and marks the level that was cut short as not valid. Requests of `async` closures get
    /// the time that [`grace`](Self::grace) sets.
    #[must_use]
    pub fn stop_when(mut self, asked: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        self.stop = Stop::when(asked);
        self
    }

    /// Sets how long to wait for requests of `async` closures that are in flight when
    /// [`stop_when`](Self::stop_when) ends the run. The default is 5 s. Requests without an answer by then fail as
    /// `cancelled`.
    #[must_use]
    pub fn grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }

    /// Makes each client of a closed loop wait before each of its requests for the time that `pause` returns, like a
    /// user who thinks. `pause` receives the number of the client, and the time when the level began. The wait is not
    /// part of any latency. Only clients of `async` closures pause.
    #[must_use]
    pub fn pause(mut self, pause: impl Fn(u32, Instant) -> Duration + Send + Sync + 'static) -> Self {
        self.pause = Pause::by(pause);
        self
    }

    /// States that the times with which outputs are marked ([`Request::output_at`]) are those of their arrival, as the
    /// operating system knows them: if an event loop handles an output late, its time is no later. A level then stays
    /// valid with longer delays of its event loops, if `are_known` returns `true` when it has ended.
    #[must_use]
    pub fn times_of_arrival(mut self, are_known: fn() -> bool) -> Self {
        self.has_arrivals = are_known;
        self
    }

    /// Shares the load with other workers, which run the same benchmark with the same settings and inputs: each sends
    /// its part of one schedule, or is a part of the clients, and each gets the level of all their requests. Only
    /// `async` closures can be shared.
    #[must_use]
    pub fn fleet(mut self, fleet: Arc<Fleet>) -> Self {
        self.fleet = Some(fleet);
        self
    }

    /// Serves `inputs` with `closure`, and passes all measurements to the round. Call it once, as the last step of the
    /// benchmark.
    ///
    /// # Errors
    /// If settings are invalid, if there are no inputs, or if all requests of a level failed.
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
            has_arrivals: self.has_arrivals,
        };
        crate::serving::run(bencher, inputs, calls, job, goal, slo)
    }

    /// Same as [`run`](Self::run), for an `async` closure. Requests are tasks on one event loop per core
    /// ([`cores`](crate::cores)), so that thousands can be in flight. A separate thread passes them to the loops when
    /// they are due. A closure must not block, because it would delay all requests of its loop. The time that ready
    /// work waited for its loop is recorded as `client_stall`, and a level in which that distorts the figures is not
    /// valid.
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
    /// Same as [`run`](Self::run), and in an `async` benchmark: its runtime would wait for itself.
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
