//! Compares the timestamps of the client with those of a gRPC server.

use bench_core::prelude::*;
use bench_endpoint::self_test::{self, Errors, FIRST, GAP, Over, TOKENS};

use crate::{level_of, verdict};

/// The minimum number of requests for each number of streams.
const REQUESTS: usize = 40;

/// Prints a row for each number of streams.
pub(crate) fn measure() {
    println!(
        "errors in µs, client − server, streams of {TOKENS} tokens, first after {FIRST:?}, then each {GAP:?}"
    );
    println!(
        "| streams | requests | TTFT p50 | p99 | max | ITL p50 | p99 | max | latency p50 | p99 | max | stall p99 of max | level |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|---|---|");
    for streams in [1, 10, 100] {
        let level = level_of(&format!("grpc_point[streams={streams}]"));
        println!(" {} |", verdict(&level));
    }
}

#[benchmark(category = "performance", rounds = 1, timeout = "5m", args(streams = [1, 10, 100]))]
fn grpc_point(b: &mut Bencher, streams: usize) -> Result<()> {
    let requests = streams * REQUESTS.div_ceil(streams).max(2);
    let found = self_test::streams(b, Over::Grpc, streams, requests as u64, || false)?;
    let told = |errors: Errors| {
        let us = [errors.p50_s, errors.p99_s, errors.max_s].map(|s| format!("{:.0}", s * 1e6));
        us.join(" | ")
    };
    let cells = [found.ttft, found.itl, found.latency].map(told).join(" | ");
    print!("| {streams} | {} | {cells} |", found.requests);
    Ok(())
}
