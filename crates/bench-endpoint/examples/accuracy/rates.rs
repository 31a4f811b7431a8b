//! Requests per second, and how late those of a schedule are sent.

use std::sync::OnceLock;
use std::time::Duration;

use bench_core::prelude::*;
use bench_endpoint::api::Kind;
use bench_load::Load;
use bench_load::scenario::OpenLoop;

use crate::{Server, endpoint, level_of, verdict};

/// Where the stub is.
static STUB: OnceLock<String> = OnceLock::new();

/// Clients of the plain requests: enough to keep the client busy.
const CLIENTS: usize = 64;

pub(crate) fn plain(url: &str) {
    STUB.get_or_init(|| url.to_owned());
    let level = level_of("plain_requests");
    let rps = level.metric("RPS").map_or(0.0, |metric| metric.value);
    println!("{rps:.0} requests/s with {CLIENTS} clients, {} failed | {}", level.failed, verdict(&level));
}

pub(crate) fn lag() {
    let stub = Server::start("stub");
    STUB.get_or_init(|| stub.url.clone());
    let level = level_of("schedule");
    let lag = level.pace.send_lag.expect("a schedule");
    println!(
        "1000 requests/s, send lag: p50 {}, p99 {}, worst {} | {}",
        lag.p50_s,
        lag.p99_s,
        lag.max_s,
        verdict(&level)
    );
}

fn stub() -> Result<bench_endpoint::Endpoint> {
    let url = STUB.get().ok_or_else(|| Error::failure("no stub"))?;
    Ok(endpoint(Kind::Raw, url))
}

#[benchmark(category = "performance", rounds = 1, timeout = "5m")]
fn plain_requests(b: &mut Bencher) -> Result<()> {
    let endpoint = stub()?;
    endpoint.client().warm(CLIENTS)?;
    endpoint.run(Load::closed(CLIENTS).duration(Duration::from_secs(5)), b, &["hello"])
}

#[benchmark(category = "performance", rounds = 1, timeout = "5m")]
fn schedule(b: &mut Bencher) -> Result<()> {
    let endpoint = stub()?;
    endpoint.client().warm(CLIENTS)?;
    let load = Load::new(OpenLoop::constant(1000.0)).duration(Duration::from_secs(10));
    endpoint.run(load, b, &["hello"])
}
