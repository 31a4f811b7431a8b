//! One client: latency without any other load.

use std::time::Duration;

use bench_core::Error;

use super::{Plan, Scenario, Wanted, of_clients};

/// One request after another: the latency that a single user sees (`SingleStream` of MLPerf Inference).
#[derive(Clone, Copy, Debug, Default)]
pub struct SingleStream;

impl Scenario for SingleStream {
    fn levels(&self, wanted: &Wanted) -> Result<Vec<Plan>, Error> {
        Ok(vec![of_clients("single_stream", 1, Duration::ZERO, wanted)])
    }
}
