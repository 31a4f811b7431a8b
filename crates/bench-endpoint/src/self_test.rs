//! Measures how exact the client is on this machine: it serves streams to itself, and compares the times that the
//! client reports with the times at which the server really sent each token.
//!
//! Client and server share one machine and one clock, so the difference of two timestamps is an error and needs no
//! synchronization. They also share the processors: between two machines, errors are smaller.

use std::collections::HashMap;
use std::io;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use bench_core::bencher::Bencher;
use bench_core::{Error, Result};
use bench_load::Load;
use bench_load::domain::Generation;
use bench_load::scenario::OpenLoop;
use bench_truth::{Asked, Sent, Stub, Truth, chat, tensors};

use crate::Endpoint;
use crate::api::{Kind, Limits, Marks, Settings};
use crate::client::{Caller, Client, Policy, Target, arrivals_are_known};

/// Number of tokens in each answer.
pub const TOKENS: usize = 50;

/// Time from a request to its first token.
pub const FIRST: Duration = Duration::from_millis(50);

/// Time from each token to the next.
pub const GAP: Duration = Duration::from_millis(10);

/// Connections that are opened before the requests of a schedule are sent.
const WARM: usize = 64;

/// The interface over which tokens are streamed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// OpenAI's chat: server-sent events over HTTP/1.1.
    Chat,
    /// KServe's `ModelStreamInfer`: gRPC.
    Grpc,
}

impl Over {
    fn kind(self) -> Kind {
        match self {
            Over::Chat => Kind::Chat,
            Over::Grpc => Kind::GrpcInferStream,
        }
    }

    fn serve(self) -> io::Result<Truth> {
        match self {
            Over::Chat => Truth::open(|_| chat(TOKENS, FIRST, GAP)),
            Over::Grpc => Truth::open_http2(|_| tensors(TOKENS, FIRST, GAP)),
        }
    }

    /// Returns the number of the act that sends the first token of an answer. Each token follows a wait, which is an
    /// act of its own.
    fn first_token(self) -> usize {
        match self {
            // After the head and the role.
            Over::Chat => 3,
            // After the head.
            Over::Grpc => 2,
        }
    }

    /// Returns an input that contains the name of its request, so that the server's times can be assigned to the
    /// request.
    fn input(self, name: u64) -> String {
        match self {
            Over::Chat => format!("<{name}>"),
            Over::Grpc => {
                format!(r#"{{"inputs":[{{"name":"x","shape":[1],"datatype":"BYTES","data":["<{name}>"]}}]}}"#)
            }
        }
    }
}

/// The absolute values of errors, in seconds. Percentiles are nearest ranks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Errors {
    /// The median.
    pub p50_s: f64,
    /// The 99th percentile.
    pub p99_s: f64,
    /// The largest.
    pub max_s: f64,
}

impl Errors {
    /// Summarizes errors; `None` if there are none.
    fn of(mut errors_s: Vec<f64>) -> Option<Self> {
        errors_s.iter_mut().for_each(|error| *error = error.abs());
        errors_s.sort_unstable_by(f64::total_cmp);
        let rank = |share: f64| {
            let rank = (share * errors_s.len() as f64).ceil() as usize;
            errors_s.get(rank.max(1) - 1).copied()
        };
        Some(Errors { p50_s: rank(0.5)?, p99_s: rank(0.99)?, max_s: rank(1.0)? })
    }
}

/// The differences between the client's and the server's times of streams.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StreamErrors {
    /// The number of answers that were compared.
    pub requests: usize,
    /// The arrival of the first token.
    pub ttft: Errors,
    /// The time between two neighbouring tokens.
    pub itl: Errors,
    /// The arrival of the last token.
    pub latency: Errors,
}

/// Streams `requests` answers to `clients` clients, and compares the times at which the server sent each token with
/// those at which the client saw it.
///
/// # Errors
/// If the server cannot be started, if the load cannot be served, or if `stop` ends it before any answer.
pub fn streams(
    bencher: &mut Bencher,
    over: Over,
    clients: usize,
    requests: u64,
    stop: impl Fn() -> bool + Send + Sync + 'static,
) -> Result<StreamErrors> {
    let server = over.serve()?;
    let endpoint = endpoint(over.kind(), &server.url())?;
    endpoint.client().warm(clients)?;
    let seen: Mutex<Vec<(String, Vec<Instant>)>> = Mutex::default();
    let inputs: Vec<String> = (0..requests).map(|name| over.input(name)).collect();
    let send = async |input: &String, request: &bench_load::Request| {
        let prompt = endpoint.prompt(input.as_bytes()).map_err(Error::failure)?;
        let mut marks = Both { outputs: Vec::with_capacity(TOKENS), request };
        endpoint.request(&prompt, &Caller::default(), &mut marks).await?;
        let name =
            name_in(input.as_bytes()).ok_or_else(|| Error::failure("the input of a request has no name"))?;
        seen.lock().unwrap_or_else(PoisonError::into_inner).push((name, marks.outputs));
        Ok::<_, Error>(Generation::new(TOKENS as u64))
    };
    let load = Load::closed(clients).requests(requests).stop_when(stop);
    load.times_of_arrival(arrivals_are_known).run_async(bencher, inputs, send)?;
    let seen = seen.into_inner().unwrap_or_else(PoisonError::into_inner);
    compared(&server.asked(), &server.sent(), seen, over.first_token())
        .ok_or_else(|| Error::failure("no answer was received whole"))
}

/// Sends short requests from `clients` clients for the duration `lasts`, each as soon as its client has the previous
/// answer. The record's RPS is the highest rate at which this machine can send requests while it also answers them.
///
/// # Errors
/// If the server cannot be started, or if the load cannot be served.
pub fn short_requests(
    bencher: &mut Bencher,
    clients: usize,
    lasts: Duration,
    stop: impl Fn() -> bool + Send + Sync + 'static,
) -> Result<()> {
    send_short(bencher, clients, Load::closed(clients).duration(lasts).stop_when(stop))
}

/// Sends `rate` short requests per second for the duration `lasts`, with constant gaps. The send lag in the record is
/// how late they were sent.
///
/// # Errors
/// If the server cannot be started, or if the load cannot be served.
pub fn schedule(
    bencher: &mut Bencher,
    rate: f64,
    lasts: Duration,
    stop: impl Fn() -> bool + Send + Sync + 'static,
) -> Result<()> {
    send_short(bencher, WARM, Load::new(OpenLoop::constant(rate)).duration(lasts).stop_when(stop))
}

/// Sends short requests, after `connections` connections have been opened.
fn send_short(bencher: &mut Bencher, connections: usize, load: Load) -> Result<()> {
    let stub = Stub::start()?;
    let endpoint = endpoint(Kind::Raw, &stub.url())?;
    endpoint.client().warm(connections)?;
    endpoint.run(load, bencher, &["hello"])
}

fn endpoint(kind: Kind, url: &str) -> Result<Endpoint> {
    let target = Target::parse(url).map_err(Error::failure)?;
    let settings = Settings { model: Some("m".to_owned()), stream: true, ..Settings::default() };
    let client = Client::new([target], None, Policy::Warm, Limits::default(), &[], None)?;
    Ok(Endpoint::new(kind, settings, client))
}

/// The marks of one answer, kept for the comparison and passed on to the load.
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

/// Compares the times at which tokens were `seen`, for each name of a request, with those at which they were `sent`;
/// `None` if no answer is complete on both sides.
fn compared(
    asked: &[Asked],
    sent: &[Sent],
    seen: Vec<(String, Vec<Instant>)>,
    first_token: usize,
) -> Option<StreamErrors> {
    let mut written: Vec<Vec<Instant>> = vec![Vec::new(); asked.len()];
    for write in sent.iter().filter(|write| {
        let after = write.act.checked_sub(first_token);
        after.is_some_and(|after| after % 2 == 0 && after / 2 < TOKENS)
    }) {
        written[write.request].push(write.at);
    }
    // Requests of the warm-up have the same names as the first measured requests, but come earlier: the later ones
    // replace them.
    let by_name: HashMap<String, usize> =
        asked.iter().filter_map(|asked| Some((name_in(&asked.body)?, asked.number))).collect();
    let seen: HashMap<String, Vec<Instant>> = seen.into_iter().collect();
    let (mut first, mut gaps, mut last) = (Vec::new(), Vec::new(), Vec::new());
    for (name, outputs) in &seen {
        let Some(real) = by_name.get(name).map(|number| &written[*number]) else { continue };
        if outputs.len() != TOKENS || real.len() != TOKENS {
            continue;
        }
        first.push(apart_s(outputs[0], real[0]));
        last.push(apart_s(outputs[TOKENS - 1], real[TOKENS - 1]));
        gaps.extend(outputs.windows(2).zip(real.windows(2)).map(|(seen, real)| {
            let gap_s = |pair: &[Instant]| pair[1].duration_since(pair[0]).as_secs_f64();
            gap_s(seen) - gap_s(real)
        }));
    }
    let requests = first.len();
    Some(StreamErrors {
        requests,
        ttft: Errors::of(first)?,
        itl: Errors::of(gaps)?,
        latency: Errors::of(last)?,
    })
}

/// Returns the name in the body of a request; `None` if there is none.
fn name_in(body: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(body);
    let from = text.find('<')?;
    let to = from + text[from..].find('>')?;
    Some(text[from..=to].to_owned())
}

/// Returns `seen − real` in seconds.
fn apart_s(seen: Instant, real: Instant) -> f64 {
    seen.saturating_duration_since(real).as_secs_f64() - real.saturating_duration_since(seen).as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_those_of_the_last_request_of_each_name() {
        let began = Instant::now();
        let at = |us: u64| began + Duration::from_micros(us);
        let asked = |number: usize, name: &str| Asked {
            number,
            connection: 0,
            head: String::new(),
            body: format!("x{name}y").into_bytes(),
            at: began,
        };
        // A request of the warm-up, one that counts, and one whose answer was cut.
        let all = [asked(0, "<0>"), asked(1, "<0>"), asked(2, "<1>")];
        let token_us = |token: usize| 50_000 + 10_000 * token as u64;
        let mut sent: Vec<Sent> = vec![Sent { request: 1, act: 0, at: at(10) }];
        sent.extend((0..TOKENS).map(|token| Sent {
            request: 1,
            act: 3 + 2 * token,
            at: at(token_us(token)),
        }));
        // The end of the stream is not a token.
        sent.push(Sent { request: 1, act: 3 + 2 * TOKENS, at: at(900_000) });
        sent.push(Sent { request: 2, act: 3, at: at(1) });
        // The first token is seen 30 µs late, the last one 20 µs early, all others on time.
        let seen = |token: usize| match token {
            0 => at(token_us(0) + 30),
            49 => at(token_us(49) - 20),
            token => at(token_us(token)),
        };
        let seen = vec![
            ("<0>".to_owned(), (0..TOKENS).map(seen).collect::<Vec<_>>()),
            ("<1>".to_owned(), vec![at(2)]),
            ("<7>".to_owned(), vec![at(3)]),
        ];
        let found = compared(&all, &sent, seen, Over::Chat.first_token()).expect("one answer");
        assert_eq!(found.requests, 1);
        let us = |errors: Errors| [errors.p50_s, errors.p99_s, errors.max_s].map(|s| (s * 1e6).round());
        assert_eq!(us(found.ttft), [30.0; 3]);
        assert_eq!(us(found.latency), [20.0; 3]);
        assert_eq!(us(found.itl), [0.0, 30.0, 30.0]);
        assert_eq!(compared(&all, &sent, vec![], 3), None);
    }

    #[test]
    fn percentiles_are_nearest_ranks_of_absolute_values() {
        let errors =
            Errors::of((1..=200).map(|n| if n % 2 == 0 { f64::from(n) } else { -f64::from(n) }).collect());
        assert_eq!(errors, Some(Errors { p50_s: 100.0, p99_s: 198.0, max_s: 200.0 }));
        assert_eq!(Errors::of(vec![]), None);
    }
}
