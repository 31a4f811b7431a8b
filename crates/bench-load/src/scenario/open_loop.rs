//! Requests that arrive whether or not earlier ones have been answered.

use bench_core::Error;

use super::{Arrivals, Pacing, Plan, Scenario, Settings, Wanted};

/// The default maximum of requests in flight: each needs a thread if the closure blocks.
const MOST_IN_FLIGHT: usize = 256;

/// Requests at a rate, whether or not the model keeps up, like those of the users of a service. All arrivals are
/// computed in advance from the seed. A request that cannot be sent in time is sent late, and its latency still counts
/// from the time when it was due (Tene, *How NOT to measure latency*, 2013).
///
/// ```
/// use bench_load::Load;
/// use bench_load::scenario::OpenLoop;
///
/// let bursts = Load::new(OpenLoop::gamma([5.0, 10.0], 0.5).most_in_flight(64)).requests(200);
/// ```
#[derive(Clone, Debug)]
pub struct OpenLoop {
    rates: Settings<f64>,
    arrivals: Arrivals,
    most_in_flight: usize,
}

impl OpenLoop {
    /// Creates independent arrivals (a Poisson process) at this rate, or at each of several, in requests per second.
    pub fn poisson(rate: impl Into<Settings<f64>>) -> Self {
        OpenLoop { rates: rate.into(), arrivals: Arrivals::Poisson, most_in_flight: MOST_IN_FLIGHT }
    }

    /// Creates arrivals at equal intervals.
    pub fn constant(rate: impl Into<Settings<f64>>) -> Self {
        OpenLoop { arrivals: Arrivals::Constant, ..OpenLoop::poisson(rate) }
    }

    /// Creates arrivals whose distances have a gamma distribution with this shape: 1 is a Poisson process; below 1,
    /// arrivals come in bursts, above 1, more evenly.
    pub fn gamma(rate: impl Into<Settings<f64>>, shape: f64) -> Self {
        OpenLoop { arrivals: Arrivals::Gamma { shape }, ..OpenLoop::poisson(rate) }
    }

    /// Sets how many requests can be in flight. Further requests are sent late, and the level is marked. The
    /// default is 256. Workers that share the load divide the number among them; each may have at least one request in
    /// flight.
    #[must_use]
    pub fn most_in_flight(mut self, requests: usize) -> Self {
        self.most_in_flight = requests;
        self
    }
}

impl Scenario for OpenLoop {
    fn levels(&self, wanted: &Wanted) -> Result<Vec<Plan>, Error> {
        let most_in_flight = super::clients(self.most_in_flight, "a number of requests in flight")?;
        self.rates
            .0
            .iter()
            .map(|rate| {
                let requests = wanted.requests.or(wanted.duration.is_none().then_some(50));
                let arrivals = self.arrivals.schedule(*rate, requests, wanted.duration, wanted.seed)?;
                Ok(Plan {
                    name: format!("{rate} req/s"),
                    scenario: "open_loop",
                    concurrency: None,
                    rate: Some(*rate),
                    requests: Some(arrivals.len() as u64),
                    pacing: Pacing::Schedule { arrivals, most_in_flight },
                    duration: None,
                })
            })
            .collect()
    }
}
