//! Several requests at once, repeatedly.

use bench_core::Error;

use super::{Pacing, Plan, Scenario, Settings, Wanted, clients, usual_requests};

/// Queries of several requests that are sent at once. The next query follows when all of them have ended
/// (`MultiStream` of MLPerf Inference). A car with eight cameras works like this.
#[derive(Clone, Debug)]
pub struct MultiStream {
    streams: Settings<usize>,
}

impl MultiStream {
    /// Creates queries of this many requests, or of each of several numbers.
    pub fn new(streams: impl Into<Settings<usize>>) -> Self {
        MultiStream { streams: streams.into() }
    }
}

impl Scenario for MultiStream {
    fn levels(&self, wanted: &Wanted) -> Result<Vec<Plan>, Error> {
        self.streams
            .0
            .iter()
            .map(|streams| {
                let streams = clients(*streams, "a number of streams")?;
                Ok(Plan {
                    name: format!("{streams} streams"),
                    scenario: "multi_stream",
                    concurrency: Some(streams),
                    rate: None,
                    pacing: Pacing::Queries { streams },
                    requests: usual_requests(streams, wanted),
                    duration: wanted.duration,
                })
            })
            .collect()
    }
}
