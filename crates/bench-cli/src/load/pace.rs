//! The pace of a load: the number of requests, and when they arrive.

use std::sync::Arc;
use std::time::Duration;

use bench_core::Interrupt;
use bench_core::bencher::Bencher;
use bench_endpoint::client::room_for_connections;
use bench_endpoint::{Conversations, Endpoint};
use bench_load::fleet::Fleet;
use bench_load::scenario::{OpenLoop, Plateau, Replay};
use bench_load::{Load, Search};

use super::given::Given;
use crate::arguments::{self, Arrival, FirstRate};

/// The largest number of connections that are opened before an open loop starts.
const MOST_WARM: usize = 64;

/// The maximum number of requests in flight in an open loop for each worker; fewer if it may not open as many files.
const MOST_IN_FLIGHT: u64 = 10_000;

/// The maximum number of requests in flight of a level, over all workers.
const MOST_TOGETHER: u64 = 65_536;

/// Returns how many requests all workers together may have in flight.
fn most_in_flight(workers: u32) -> usize {
    let room = room_for_connections(0).unwrap_or(1).clamp(1, MOST_IN_FLIGHT);
    usize::try_from((room * u64::from(workers)).min(MOST_TOGETHER)).unwrap_or(1)
}

/// The amount of load, separate from the arguments so that several rounds can use it.
#[derive(Clone)]
pub(super) struct Scenario {
    concurrency: Vec<usize>,
    rate: Vec<f64>,
    arrival: Option<Arrival>,
    times: Option<Arc<[f64]>>,
    speed: f64,
    offline: bool,
    find_rate: Option<FirstRate>,
    up_to: usize,
    requests: Option<u64>,
    duration: Option<Duration>,
    warm_up: Option<u64>,
    seed: u64,
    slo: Vec<String>,
    /// The conversations between whose turns clients wait; `None` if the inputs are not conversations.
    conversations: Option<Arc<Conversations>>,
}

impl Scenario {
    pub(super) fn of(arguments: &arguments::Load, given: &mut Given) -> Self {
        let much = &arguments.much;
        Scenario {
            concurrency: much.concurrency.iter().map(|count| *count as usize).collect(),
            rate: much.rate.clone(),
            arrival: much.arrival,
            times: given.arrivals.take().filter(|_| much.replay.is_some()).map(Arc::from),
            speed: much.replay_speed,
            offline: much.offline,
            find_rate: much.find_rate,
            up_to: much.up_to as usize,
            requests: much.requests,
            duration: much.duration,
            warm_up: much.warm_up,
            seed: arguments.what.seed,
            slo: much.slo.clone(),
            conversations: None,
        }
    }

    /// Returns this scenario with clients that pause between turns as users of these conversations do.
    pub(super) fn pausing(self, conversations: Option<Arc<Conversations>>) -> Self {
        Scenario { conversations, ..self }
    }

    /// Returns this scenario with the arrivals of the given round.
    pub(super) fn of_round(&self, round: u64) -> Self {
        Scenario { seed: self.seed.wrapping_add(round), ..self.clone() }
    }

    /// Serves the inputs through the endpoint.
    ///
    /// # Errors
    /// Same as [`Endpoint::run`].
    pub(super) fn run(
        &self,
        endpoint: &Endpoint,
        bencher: &mut Bencher,
        given: &Given,
        interrupt: &Interrupt,
        fleet: Option<&Arc<Fleet>>,
    ) -> bench_core::Result<()> {
        let stops = interrupt.clone();
        let stop = move || stops.is_raised();
        match self.find_rate {
            Some(first) => {
                let search = self.search(first).stop_when(stop);
                let search = match fleet {
                    Some(fleet) => search.fleet(Arc::clone(fleet)),
                    None => search,
                };
                endpoint.run_inputs(search, bencher, &given.inputs, &given.warm_up)
            }
            None => {
                let workers = fleet.map_or(1, |fleet| fleet.share().of());
                let load = self.load(workers).stop_when(stop);
                let load = match self.conversations.clone() {
                    Some(conversations) => {
                        load.pause(move |client, level| conversations.pause(client, level))
                    }
                    None => load,
                };
                let load = match fleet {
                    Some(fleet) => load.fleet(Arc::clone(fleet)),
                    None => load,
                };
                endpoint.run_inputs(load, bencher, &given.inputs, &given.warm_up)
            }
        }
    }

    fn search(&self, first: FirstRate) -> Search {
        let mut search = Load::find_rate(self.slo.iter().map(String::as_str)).seed(self.seed);
        if let FirstRate::Given(rate) = first {
            search = search.from(rate);
        }
        search = match self.requests {
            Some(requests) => search.requests(requests),
            None => search,
        };
        match self.warm_up {
            Some(warm_up) => search.warm_up(warm_up),
            None => search,
        }
    }

    fn load(&self, workers: u32) -> Load {
        let mut load = match (self.concurrency.as_slice(), self.rate.as_slice()) {
            _ if self.offline => Load::offline(),
            ([], []) => Load::new(Plateau::up_to(self.up_to)),
            ([], rate) => {
                let arrivals = match self.arrival {
                    None | Some(Arrival::Poisson) => OpenLoop::poisson(rate),
                    Some(Arrival::Constant) => OpenLoop::constant(rate),
                    Some(Arrival::Gamma(shape)) => OpenLoop::gamma(rate, shape),
                };
                Load::new(arrivals.most_in_flight(most_in_flight(workers)))
            }
            (concurrency, _) => Load::closed(concurrency),
        };
        if let Some(times) = &self.times {
            let replay = Replay::times(Arc::clone(times)).speed(self.speed);
            load = Load::new(replay.most_in_flight(most_in_flight(workers)));
        }
        load = load.seed(self.seed);
        // Limits were already applied to a trace when it was read.
        load = match self.requests.filter(|_| self.times.is_none()) {
            Some(requests) => load.requests(requests),
            None => load,
        };
        load = match self.duration.filter(|_| self.times.is_none()) {
            Some(duration) => load.duration(duration),
            None => load,
        };
        load = match self.warm_up {
            Some(warm_up) => load.warm_up(warm_up),
            None => load,
        };
        self.slo.iter().fold(load, |load, condition| load.slo(condition))
    }

    /// Makes the connections of the first level, or this worker's part of them.
    ///
    /// # Errors
    /// If a connection cannot be made.
    pub(super) fn warm(&self, endpoint: &Endpoint, fleet: Option<&Arc<Fleet>>) -> bench_core::Result<()> {
        let (rank, of) = fleet.map_or((0, 1), |fleet| (fleet.share().rank(), fleet.share().of()));
        let own = self.first_clients().saturating_sub(rank as usize).div_ceil(of as usize);
        endpoint.client().warm_share(own, (rank, of)).map_err(Into::into)
    }

    /// Returns the number of connections that are made before the first level: one for each of its clients; in an open
    /// loop, one for each request of a second, up to [`MOST_WARM`]. Later levels make theirs in their warm-up.
    fn first_clients(&self) -> usize {
        let by_rate = self.rate.iter().copied().fold(1.0, f64::max).ceil() as usize;
        self.concurrency.first().copied().unwrap_or_else(|| by_rate.min(MOST_WARM))
    }

    /// Describes the load in words.
    pub(super) fn told(&self) -> String {
        if let Some(times) = &self.times {
            let lasts = times.last().copied().unwrap_or_default() / self.speed;
            return format!("replay: {} requests over {lasts:.1} s", times.len());
        }
        match (self.concurrency.as_slice(), self.rate.as_slice()) {
            _ if self.offline => "all requests at once".to_owned(),
            _ if self.find_rate.is_some() => {
                format!("the highest rate that meets {}", self.slo.join(" and "))
            }
            ([], []) => format!("clients: 1, 2, 4, … up to {}, until throughput no longer grows", self.up_to),
            ([], rates) => format!("requests per second: {rates:?}"),
            (counts, _) => format!("clients: {counts:?}"),
        }
    }
}
