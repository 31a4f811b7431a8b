//! Records of load cases for tests, modelled on a server that saturates.

use std::collections::BTreeMap;

use bench_protocol::Better;
use bench_record::{
    Bin, CaseRecord, Dot, Headline, Lag, Level, Metric, Record, RoundRecord, Served, Status, Steady,
};
use bench_stats as stats;
use bench_stats::Interval;
use bench_syntax::Category;
use bench_syntax::quantity::Seconds;

/// The largest throughput of the server, in requests per second.
const CAPACITY: f64 = 9.0;
/// Service time of a request that is alone, in seconds.
const ALONE: f64 = 0.42;

/// A generator of numbers from 0 to 1, always the same ones.
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Chance(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(crate) fn next(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        (-2.0 * self.next().max(1e-12).ln()).sqrt() * (std::f64::consts::TAU * self.next()).cos()
    }
}

/// A closed loop of speech with this many clients.
pub(crate) fn closed(concurrency: u32) -> Level {
    let clients = f64::from(concurrency);
    let rps = 1.0 / (ALONE / clients.powf(0.93) + 1.0 / CAPACITY * (clients / (clients + 3.0)));
    let mut level = level(clients / rps, 40 * u64::from(concurrency) + 60, rps, u64::from(concurrency));
    level.name = format!("concurrency {concurrency}");
    level.scenario = "closed_loop".to_owned();
    level.concurrency = Some(concurrency);
    level.pace.mean_concurrency = Some(clients * 0.98);
    level
}

/// An open loop of speech with this many requests per second.
pub(crate) fn open(rate: f64) -> Level {
    let load = rate / CAPACITY;
    let wait = if load < 0.95 { ALONE / (1.0 - load) } else { ALONE * 20.0 * load };
    let mut level = level(wait, (rate * 60.0) as u64 + 30, rate.min(CAPACITY * 0.96), rate.to_bits());
    level.name = format!("{rate} req/s");
    level.scenario = "open_loop".to_owned();
    level.rate = Some(rate);
    level.headline = Headline::Scheduled;
    level.pace.offered_rate = Some(rate);
    level.pace.achieved_rate = Some(rate.min(CAPACITY));
    let (p50, p99, max) = (0.000_04, 0.000_9, 0.004);
    level.pace.send_lag = Some(Lag::new(Seconds(p50), Seconds(p99), Seconds(max)));
    for (name, p, share) in [("service latency p50", 0.5, 0.9), ("service latency p99", 0.99, 0.7)] {
        let value =
            level.metric(&name.replace("service ", "")).map_or(f64::NAN, |metric| metric.value * share);
        let supported = level.requests as usize >= stats::support(p);
        level.metrics.push(Metric::new(name, "s", value, Better::Lower).with_support(supported));
    }
    level
}

/// A level of speech whose requests arrive all at once.
pub(crate) fn offline() -> Level {
    let mut level = level(1.2, 200, 8.8, 3);
    level.name = "offline".to_owned();
    level.scenario = "offline".to_owned();
    level
}

fn level(latency: f64, requests: u64, rps: f64, seed: u64) -> Level {
    let mut chance = Chance::new(seed);
    let window = requests as f64 / rps;
    let mut timeline: Vec<Dot> = Vec::new();
    for number in 0..requests {
        let ramp = if number < 4 { 1.6 } else { 1.0 };
        let tail = if chance.next() < 0.015 { 2.0 + 2.0 * chance.next() } else { 1.0 };
        let latency_s = latency * ramp * tail * (0.12 * chance.normal()).exp();
        let at_s = window * (number as f64 + chance.next()) / requests as f64;
        timeline.push(Dot::new(at_s, latency_s, chance.next() > 0.002));
    }
    let mut level = Level::default();
    level.requests = requests;
    level.warm_up = 10;
    level.window_s = Seconds(window);
    level.pace.mean_concurrency = Some(latency * rps);
    level.pace.harness_cpu = Some(0.013);
    level.pace.achieved_rate = Some(rps);
    level.validity.valid = true;
    level.timeline = timeline;
    refill(&mut level);
    level
}

/// Computes the figures of speech from the timeline, as the harness would.
pub(crate) fn refill(level: &mut Level) {
    let served: Vec<f64> = stats::sorted(
        &level.timeline.iter().filter(|dot| dot.ok).map(|dot| dot.latency_s).collect::<Vec<_>>(),
    );
    level.succeeded = served.len() as u64;
    level.failed = level.requests - level.succeeded;
    level.latency = served.iter().map(|latency| Bin::new(*latency, 1)).collect();
    let rps = level.succeeded as f64 / level.window_s.0;
    let percentiles = |name: &str, unit: &str, scale: f64, wanted: &[f64]| -> Vec<Metric> {
        wanted
            .iter()
            .filter_map(|p| {
                let value = stats::nearest_rank(&served, *p)? * scale;
                let metric = Metric::new(
                    format!("{name} p{}", (p * 1000.0).round() / 10.0),
                    unit,
                    value,
                    Better::Lower,
                );
                Some(metric.with_support(served.len() >= stats::support(*p)))
            })
            .collect()
    };
    let around = |value: f64| Some(Interval { low: value * 0.97, high: value * 1.02 });
    let mut metrics = vec![
        Metric::new("ASPS", "audio s/s", rps * 4.1, Better::Higher).with_interval(around(rps * 4.1)),
        Metric::new("RPS", "req/s", rps, Better::Higher).with_interval(around(rps)),
        Metric::new(
            "success rate",
            "ratio",
            level.succeeded as f64 / level.requests.max(1) as f64,
            Better::Higher,
        ),
    ];
    if let Some(mean) = stats::mean(&served) {
        metrics.push(Metric::new("latency mean", "s", mean, Better::Lower));
        metrics.push(Metric::new("RTF mean", "ratio", mean / 4.1, Better::Lower));
        metrics.push(Metric::new("RTF aggregate", "ratio", mean / 4.1, Better::Lower));
    }
    metrics.extend(percentiles("latency", "s", 1.0, &[0.5, 0.9, 0.95, 0.99, 0.999]));
    metrics.extend(percentiles("RTF", "ratio", 1.0 / 4.1, &[0.5, 0.95, 0.99]));
    metrics.extend(percentiles("TTFA", "s", 0.31, &[0.5, 0.95, 0.99]));
    metrics.push(Metric::new("CPS", "chars/s", rps * 61.0, Better::Higher));
    let mut steady = Steady::between(level.window_s.0 * 0.1, level.window_s.0 * 0.95);
    steady.requests = level.requests * 8 / 10;
    steady.metrics.clone_from(&metrics);
    for metric in &mut steady.metrics {
        metric.value *= 1.03;
        metric.interval = None;
    }
    level.steady = Some(steady);
    level.metrics = metrics;
}

/// A case of this id with the levels of each of its rounds; without rounds it serves nothing.
pub(crate) fn case(id: &str, rounds: Vec<Vec<Level>>) -> CaseRecord {
    let (head, arguments) = id.strip_suffix(']').and_then(|id| id.split_once('[')).unwrap_or((id, ""));
    let arguments: BTreeMap<String, String> = arguments
        .split(',')
        .filter_map(|argument| argument.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let mut parts: Vec<&str> = head.split('/').collect();
    let name = parts.pop().unwrap_or_default().to_owned();
    let category = parts.pop().and_then(|category| category.parse().ok()).unwrap_or(Category::Performance);
    let round = |(levels, number)| {
        let mut served = Served::at_levels(levels);
        served.domain = "speech".to_owned();
        served.primary = "ASPS".to_owned();
        served.plots = ["CPS", "RTF p95", "TTFA p95"].map(str::to_owned).to_vec();
        let mut round = RoundRecord::serving(served);
        round.round = number;
        round
    };
    let mut case = CaseRecord::blank(id, category);
    case.model = parts.pop().map(str::to_owned);
    case.name = name;
    case.arguments = arguments;
    case.status = Status::Ok;
    case.rounds = rounds.into_iter().zip(0..).map(round).collect();
    case
}

/// A record of these cases.
pub(crate) fn record(cases: Vec<CaseRecord>) -> Record {
    let mut record = Record::new("run", "2026-11-21T07:31:05Z", cases);
    record.sealed = "2026-11-21T07:41:05Z".to_owned();
    record
}
