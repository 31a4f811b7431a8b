//! How far the client's stamps are from what the server has really sent: `cargo run --release -p bench-endpoint --example
//! accuracy`. Server and client share one machine and one clock, so the difference of two stamps is an error and needs no
//! synchronisation.
#![allow(clippy::expect_used, reason = "an example ends with what it expected")]

use std::time::{Duration, Instant};

use bench_endpoint::Endpoint;
use bench_endpoint::api::{Kind, Limits, Marks, Settings};
use bench_endpoint::client::{Client, Policy, Target};
use bench_testing::truth::{self, Truth};

const TOKENS: usize = 50;
const FIRST: Duration = Duration::from_millis(50);
const GAP: Duration = Duration::from_millis(10);

/// Requests of each grid point, at least.
const REQUESTS: usize = 40;

#[derive(Default)]
struct Outputs(Vec<Instant>);

impl Marks for Outputs {
    fn output(&mut self, at: Instant, _holds: Option<u32>) {
        self.0.push(at);
    }

    fn answer(&mut self, _at: Instant) {}

    fn end(&mut self, _at: Instant) {}
}

fn main() {
    println!("errors in µs, client − server, streams of {TOKENS} tokens, first after 50 ms, then each 10 ms");
    println!("| streams | requests | TTFT p50 | p99 | max | ITL p50 | p99 | max | latency p50 | p99 | max |");
    println!("|---|---|---|---|---|---|---|---|---|---|---|");
    for streams in [1, 10, 100] {
        measure(streams);
    }
}

fn measure(streams: usize) {
    let server = Truth::start(|_| truth::chat(TOKENS, FIRST, GAP));
    let target = Target::parse(&server.url()).expect("an address");
    let settings = Settings { model: Some("m".to_owned()), stream: true, ..Settings::default() };
    let client = Client::new(target, None, Policy::Warm, Limits::default(), &[], None).expect("a client");
    client.warm(streams).expect("connections");
    let endpoint = Endpoint::new(Kind::Chat, settings, client);
    let each = REQUESTS.div_ceil(streams).max(2);
    let measured: Vec<(String, Instant, Vec<Instant>)> = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..streams)
            .map(|stream| {
                let endpoint = &endpoint;
                scope.spawn(move || {
                    let one = |number: usize| {
                        let name = format!("<{stream}.{number}>");
                        let prompt = endpoint.prompt(name.as_bytes()).expect("a prompt");
                        let mut outputs = Outputs::default();
                        let sent = Instant::now();
                        endpoint.send(&prompt, None, &mut outputs).expect("served");
                        (name, sent, outputs.0)
                    };
                    (0..each).map(one).collect::<Vec<_>>()
                })
            })
            .collect();
        clients.into_iter().flat_map(|client| client.join().expect("a client")).collect()
    });
    let (asked, sent) = (server.asked(), server.sent());
    let (mut first, mut gaps, mut last) = (Vec::new(), Vec::new(), Vec::new());
    for (name, _, outputs) in &measured {
        let held = |asked: &&truth::Asked| String::from_utf8_lossy(&asked.body).contains(name.as_str());
        let number = asked.iter().find(held).expect("asked").number;
        // Tokens are the writes after the head and the role.
        let truth: Vec<Instant> = sent
            .iter()
            .filter(|sent| sent.request == number)
            .map(|sent| sent.at)
            .skip(2)
            .take(TOKENS)
            .collect();
        assert_eq!((outputs.len(), truth.len()), (TOKENS, TOKENS));
        first.push(micros(outputs[0], truth[0]));
        last.push(micros(outputs[TOKENS - 1], truth[TOKENS - 1]));
        gaps.extend(outputs.windows(2).zip(truth.windows(2)).map(|(seen, real)| {
            let gap = |pair: &[Instant]| pair[1].duration_since(pair[0]).as_secs_f64() * 1e6;
            gap(seen) - gap(real)
        }));
    }
    let cells: Vec<String> = [first, gaps, last].into_iter().map(told).collect();
    println!("| {streams} | {} | {} |", measured.len(), cells.join(" | "));
}

/// `seen − real` in microseconds.
fn micros(seen: Instant, real: Instant) -> f64 {
    let ahead = real.saturating_duration_since(seen).as_secs_f64();
    (seen.saturating_duration_since(real).as_secs_f64() - ahead) * 1e6
}

/// Median, 99th percentile and maximum of the absolute values.
fn told(mut errors: Vec<f64>) -> String {
    errors.iter_mut().for_each(|error| *error = error.abs());
    errors.sort_unstable_by(f64::total_cmp);
    let rank = |share: f64| errors[((share * errors.len() as f64).ceil() as usize).max(1) - 1];
    format!("{:.0} | {:.0} | {:.0}", rank(0.5), rank(0.99), rank(1.0))
}
