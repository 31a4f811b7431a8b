//! All requests arrive at the beginning.

use std::time::Duration;

use bench_core::Error;

use super::{Plan, Scenario, Wanted, clients, of_clients};

/// All requests arrive at the beginning, and as many are served at once as the machine has cores (`Offline` of
/// MLPerf Inference). Only the throughput matters.
#[derive(Clone, Copy, Debug, Default)]
pub struct Offline {
    at_once: Option<usize>,
}

impl Offline {
    /// Creates a scenario that serves as many requests at once as there are cores.
    pub fn new() -> Self {
        Offline::default()
    }

    /// Serves this many requests at once.
    #[must_use]
    pub fn at_once(mut self, requests: usize) -> Self {
        self.at_once = Some(requests);
        self
    }
}

impl Scenario for Offline {
    fn levels(&self, wanted: &Wanted) -> Result<Vec<Plan>, Error> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let count = clients(self.at_once.unwrap_or(cores), "a number of requests at once")?;
        Ok(vec![of_clients("offline", count, Duration::ZERO, wanted)])
    }
}
