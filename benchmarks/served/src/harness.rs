//! The cost of the harness itself.

use std::time::Duration;

use bench_core::prelude::*;
use bench_load::Load;
use bench_load::scenario::OpenLoop;

/// An input that says nothing of itself.
fn nothing() -> Vec<()> {
    vec![()]
}

/// Two clients that do nothing: requests per second, and what each adds.
#[benchmark(category = "performance", model = "harness", rounds = 1, ignore = "measures the harness")]
fn empty_closed_loop(b: &mut Bencher) -> Result<()> {
    Load::closed(2).requests(5_000_000).run(b, nothing(), |(), _| Ok::<(), Error>(()))
}

/// One client that does nothing: what a request adds.
#[benchmark(category = "performance", model = "harness", rounds = 1, ignore = "measures the harness")]
fn empty_single_stream(b: &mut Bencher) -> Result<()> {
    Load::single_stream().requests(5_000_000).run(b, nothing(), |(), _| Ok::<(), Error>(()))
}

/// Ten million requests: how much memory do they take?
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

/// How late requests are sent.
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

/// A service with one worker that stalls once for a second: is that hidden?
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
