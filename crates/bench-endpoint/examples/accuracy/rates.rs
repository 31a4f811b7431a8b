//! Measures short requests per second.

use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use bench_core::prelude::*;
use bench_endpoint::api::Kind;
use bench_load::Load;
use rustix::time::{ClockId, clock_gettime};

use crate::{endpoint, level_of, verdict};

/// The address of the stub.
static STUB: OnceLock<String> = OnceLock::new();

/// The processor time of all threads for each plain request, including the warm-up, in microseconds. On a machine that
/// others use, it compares clients better than their rates do.
static EACH_US: Mutex<f64> = Mutex::new(0.0);

/// The number of clients of the plain requests: enough to keep the process busy.
const CLIENTS: usize = 64;

pub(crate) fn plain(url: &str) {
    STUB.get_or_init(|| url.to_owned());
    let level = level_of("plain_requests");
    let rps = level.metric("RPS").map_or(0.0, |metric| metric.value);
    let each_us = *EACH_US.lock().unwrap_or_else(PoisonError::into_inner);
    println!(
        "{rps:.0} requests/s with {CLIENTS} clients, {each_us:.2} µs of processor time each, {} failed | {}",
        level.failed,
        verdict(&level)
    );
}

/// Returns the processor time of this process, in microseconds.
fn cpu_us() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as f64 * 1e6 + time.tv_nsec as f64 / 1e3
}

fn stub() -> Result<bench_endpoint::Endpoint> {
    let url = STUB.get().ok_or_else(|| Error::failure("no stub"))?;
    Ok(endpoint(Kind::Raw, url))
}

#[benchmark(category = "performance", rounds = 1, timeout = "5m")]
fn plain_requests(b: &mut Bencher) -> Result<()> {
    let endpoint = stub()?;
    endpoint.client().warm(CLIENTS)?;
    let before = cpu_us();
    let served = endpoint.run(Load::closed(CLIENTS).duration(Duration::from_secs(5)), b, &["hello"]);
    let each_us = (cpu_us() - before) / endpoint.totals().answered as f64;
    *EACH_US.lock().unwrap_or_else(PoisonError::into_inner) = each_us;
    served
}
