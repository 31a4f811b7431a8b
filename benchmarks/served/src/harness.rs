//! The cost of the harness itself.

use std::time::Duration;

use bench_core::prelude::*;
use bench_load::Load;
use bench_load::scenario::OpenLoop;

/// Returns a single empty input.
fn nothing() -> Vec<()> {
    vec![()]
}

/// Measures two clients whose requests do nothing: requests per second, and the overhead of each.
#[benchmark(category = "performance", model = "harness", rounds = 1, ignore = "measures the harness")]
fn empty_closed_loop(b: &mut Bencher) -> Result<()> {
    Load::closed(2).requests(5_000_000).run(b, nothing(), |(), _| Ok::<(), Error>(()))
}

/// Measures one client whose requests do nothing: the overhead of a request.
#[benchmark(category = "performance", model = "harness", rounds = 1, ignore = "measures the harness")]
fn empty_single_stream(b: &mut Bencher) -> Result<()> {
    Load::single_stream().requests(5_000_000).run(b, nothing(), |(), _| Ok::<(), Error>(()))
}

/// Measures the memory that ten million requests take.
#[benchmark(
    category = "performance",
    model = "harness",
    rounds = 1,
    timeout = "5m",
    ignore = "measures the harness"
)]
fn ten_million(b: &mut Bencher) -> Result<()> {
    Load::closed(2).requests(10_000_000).run(b, nothing(), |(), _| Ok::<(), Error>(()))
}

/// Measures how late requests are sent.
#[benchmark(
    category = "performance",
    model = "harness",
    rounds = 1,
    args(rate = [1_000, 10_000]),
    ignore = "measures the harness"
)]
fn send_lag(b: &mut Bencher, rate: u32) -> Result<()> {
    Load::new(OpenLoop::constant(f64::from(rate))).duration(Duration::from_secs(5)).run(
        b,
        nothing(),
        |(), _| Ok::<(), Error>(()),
    )
}

/// Measures a service with one worker that stalls once for a second, which the latencies must show.
#[benchmark(category = "performance", model = "harness", rounds = 1, ignore = "measures the harness")]
fn stall(b: &mut Bencher) -> Result<()> {
    let worker = std::sync::Mutex::new(());
    Load::new(OpenLoop::constant(1000.0).most_in_flight(1)).duration(Duration::from_secs(10)).run(
        b,
        nothing(),
        |(), request| {
            let _held = worker.lock();
            if request.number() == 3000 {
                std::thread::sleep(Duration::from_secs(1));
            }
            Ok::<(), Error>(())
        },
    )
}
