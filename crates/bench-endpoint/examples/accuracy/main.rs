//! Measures the error that the client adds to its measurements: `cargo run --release -p bench-endpoint --example
//! accuracy [-- PART]`.
//!
//! - `grpc`: how far the client's timestamps are from the times at which the server really sent over gRPC, for up to
//!   100 streams that share connections. `bench load --self-test` does the same with streams of server-sent events.
//! - `memory`: the memory of an open stream, with 1000 and with 10 000 streams.
//! - `plain`: whole requests per second, on the processors that `taskset` allows; `plain URL` uses a stub that is
//!   already running, so that other clients can be measured on the same one.
//! - `stub`: that stub alone.
//! - `truth TOKENS FIRST_MS GAP_MS`: a server of streamed chats for any client. When its input ends, it prints when it
//!   really sent each token; `benchmarks/measure load-clients` compares other clients with that.
//! - `fleet`: whether four workers measure the same as one process, by the two-sample test of Kolmogorov and Smirnov.
//!   It starts the program `bench`, which `cargo build --release -p bench-cli` builds.
//!
//! Without an argument: `grpc` and `memory`.
#![allow(clippy::expect_used, clippy::panic, reason = "an example ends with what it expected")]

mod fleet;
mod grpc;
mod memory;
mod rates;
mod truth;

use std::io::BufRead;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use bench_core::Suite;
use bench_core::record::Summarize;
use bench_endpoint::Endpoint;
use bench_endpoint::api::{Kind, Limits, Settings};
use bench_endpoint::client::{Client, Policy, Target};
use bench_record::{Level, Record};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        [] => ["grpc", "memory"].into_iter().for_each(measure),
        ["serve-streams"] => memory::serve(),
        ["stub"] => {
            let stub = bench_truth::Stub::start().expect("a server");
            serve_until_dropped(&stub.url());
        }
        ["truth", tokens, first_ms, gap_ms] => {
            let ms = |text: &str| Duration::from_millis(text.parse().expect("milliseconds"));
            truth::serve(tokens.parse().expect("a number of tokens"), ms(first_ms), ms(gap_ms));
        }
        ["plain", url] => rates::plain(url),
        ["plain"] => {
            let stub = Server::start("stub");
            rates::plain(&stub.url);
        }
        parts => parts.iter().for_each(|part| measure(part)),
    }
}

fn measure(part: &str) {
    match part {
        "grpc" => grpc::measure(),
        "memory" => memory::measure(),
        "fleet" => fleet::measure(),
        other => panic!("{other}: expected grpc, memory, fleet, plain, stub or truth"),
    }
}

/// This program as a server in a second process, so that its memory is not counted with the client's.
struct Server {
    child: Child,
    url: String,
}

impl Server {
    fn start(part: &str) -> Self {
        let mut child = Command::new(std::env::current_exe().expect("this program"))
            .arg(part)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("started");
        let mut url = String::new();
        let output = child.stdout.take().expect("its output");
        std::io::BufReader::new(output).read_line(&mut url).expect("its address");
        Server { child, url: url.trim().to_owned() }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().expect("ended");
        self.child.wait().expect("ended");
    }
}

/// Prints the address of a server, and serves until the standard input ends.
fn serve_until_dropped(url: &str) {
    println!("{url}");
    std::io::stdin().lines().for_each(drop);
}

fn endpoint(kind: Kind, url: &str) -> Endpoint {
    let target = Target::parse(url).expect("an address");
    let settings = Settings { model: Some("m".to_owned()), stream: true, ..Settings::default() };
    let client = Client::new([target], None, Policy::Warm, Limits::default(), &[], None).expect("a client");
    Endpoint::new(kind, settings, client)
}

/// Runs the benchmark of this program whose name contains `name`.
fn run(name: &str) -> Record {
    Suite::new().name_contains(name).in_process().run().expect("a record")
}

/// Runs a benchmark of this program, and returns its first level.
fn level_of(name: &str) -> Level {
    let record = run(name);
    let case = record.cases.first().expect("a case");
    let served = case.served().unwrap_or_else(|| panic!("{:?}", case.failure));
    served.levels.first().expect("a level").clone()
}

/// Returns how late the client handled events that were ready, and whether the figures of the level are valid.
fn verdict(level: &Level) -> String {
    let stall = level.pace.client_stall.map(|stall| format!("{} of {}", stall.p99_s, stall.max_s));
    let valid = if level.validity.valid { "valid".to_owned() } else { level.validity.told().join("; ") };
    format!("{} | {valid}", stall.unwrap_or_default())
}
