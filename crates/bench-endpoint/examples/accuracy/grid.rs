//! Compares the timestamps of the client with those of the server.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use bench_core::prelude::*;
use bench_endpoint::api::{Kind, Marks};
use bench_endpoint::client::Caller;
use bench_load::Load;
use bench_load::domain::Generation;
use bench_testing::truth::{self, Truth};

use crate::{endpoint, level_of, told, verdict};

const TOKENS: usize = 50;
const FIRST: Duration = Duration::from_millis(50);
const GAP: Duration = Duration::from_millis(10);

/// Requests of each grid point, at least.
const REQUESTS: usize = 40;

/// Names of requests, and when their tokens arrived.
static SEEN: Mutex<Vec<(String, Vec<Instant>)>> = Mutex::new(Vec::new());

/// Prints a row for each number of streams, by this benchmark.
pub(crate) fn measure(benchmark: &str, streams: &[usize]) {
    println!("errors in µs, client − server, streams of {TOKENS} tokens, first after 50 ms, then each 10 ms");
    println!(
        "| streams | requests | TTFT p50 | p99 | max | ITL p50 | p99 | max | latency p50 | p99 | max | stall p99 of max | level |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|---|---|");
    for streams in streams {
        let level = level_of(&format!("{benchmark}[streams={streams}]"));
        println!(" {} |", verdict(&level));
    }
}

/// Marks of one answer, here and in the report.
struct Both<'a> {
    outputs: Vec<Instant>,
    request: &'a bench_load::Request,
}

impl Marks for Both<'_> {
    fn output(&mut self, at: Instant, holds: Option<u32>) {
        self.outputs.push(at);
        self.request.output_at(at, holds);
    }

    fn answer(&mut self, at: Instant) {
        self.request.answer_at(at);
    }

    fn end(&mut self, at: Instant) {
        self.request.end_at(at);
    }
}

#[benchmark(category = "performance", rounds = 1, timeout = "5m", args(streams = [1, 10, 100, 1000]))]
fn grid_point(b: &mut Bencher, streams: usize) -> Result<()> {
    let server = Truth::start(|_| truth::chat(TOKENS, FIRST, GAP));
    // Tokens are the writes after the head and the role.
    stream(b, streams, &server, Kind::Chat, |number| format!("<{number}>"), 2)
}

#[benchmark(category = "performance", rounds = 1, timeout = "5m", args(streams = [1, 10, 100]))]
fn grpc_point(b: &mut Bencher, streams: usize) -> Result<()> {
    let server = Truth::start_http2(|_| truth::tensors(TOKENS, FIRST, GAP));
    let input = |number| {
        format!(r#"{{"inputs":[{{"name":"x","shape":[1],"datatype":"BYTES","data":["<{number}>"]}}]}}"#)
    };
    // Tokens are the writes after the head.
    stream(b, streams, &server, Kind::GrpcInferStream, input, 1)
}

/// Streams from a server whose first `skipped` writes of each answer are not tokens. The input of a request holds its number
/// in angle brackets.
fn stream(
    b: &mut Bencher,
    streams: usize,
    server: &Truth,
    kind: Kind,
    input: impl Fn(usize) -> String,
    skipped: usize,
) -> Result<()> {
    let endpoint = endpoint(kind, &server.url());
    endpoint.client().warm(streams)?;
    let requests = streams * REQUESTS.div_ceil(streams).max(2);
    let names: Vec<String> = (0..requests).map(input).collect();
    let send = async |name: &String, request: &bench_load::Request| {
        let prompt = endpoint.prompt(name.as_bytes()).map_err(Error::failure)?;
        let mut marks = Both { outputs: Vec::with_capacity(TOKENS), request };
        endpoint.request(&prompt, &Caller::default(), &mut marks).await?;
        let name = name_in(name.as_bytes()).ok_or_else(|| Error::failure("an input without a name"))?;
        let seen = (name, marks.outputs);
        SEEN.lock().unwrap_or_else(PoisonError::into_inner).push(seen);
        Ok::<_, Error>(Generation::new(TOKENS as u64))
    };
    Load::closed(streams).requests(requests as u64).run_async(b, names, send)?;
    let seen = std::mem::take(&mut *SEEN.lock().unwrap_or_else(PoisonError::into_inner));
    compare(streams, server, seen, skipped);
    Ok(())
}

/// Prints how far what was seen is from what was sent, without the end of the row.
fn compare(streams: usize, server: &Truth, seen: Vec<(String, Vec<Instant>)>, skipped: usize) {
    let asked: HashMap<String, usize> =
        server.asked().iter().filter_map(|asked| Some((name_in(&asked.body)?, asked.number))).collect();
    let mut sent: HashMap<usize, Vec<Instant>> = HashMap::new();
    for write in server.sent() {
        sent.entry(write.request).or_default().push(write.at);
    }
    // Those of warm-up come first, and have the same names as the first that count.
    let last: HashMap<String, Vec<Instant>> = seen.into_iter().collect();
    let (mut first, mut gaps, mut end) = (Vec::new(), Vec::new(), Vec::new());
    for (name, outputs) in &last {
        let truth = &sent[&asked[name]][skipped..skipped + TOKENS];
        assert_eq!(outputs.len(), TOKENS);
        first.push(micros(outputs[0], truth[0]));
        end.push(micros(outputs[TOKENS - 1], truth[TOKENS - 1]));
        gaps.extend(outputs.windows(2).zip(truth.windows(2)).map(|(seen, real)| {
            let gap = |pair: &[Instant]| pair[1].duration_since(pair[0]).as_secs_f64() * 1e6;
            gap(seen) - gap(real)
        }));
    }
    let cells: Vec<String> = [first, gaps, end].into_iter().map(told).collect();
    print!("| {streams} | {} | {} |", last.len(), cells.join(" | "));
}

/// The name in the body of a request.
fn name_in(body: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(body);
    let from = text.find('<')?;
    let to = from + text[from..].find('>')?;
    Some(text[from..=to].to_owned())
}

/// `seen − real` in microseconds.
fn micros(seen: Instant, real: Instant) -> f64 {
    let ahead = real.saturating_duration_since(seen).as_secs_f64();
    (seen.saturating_duration_since(real).as_secs_f64() - ahead) * 1e6
}
