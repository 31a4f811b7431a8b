//! The nights of a small suite whose true changes are known, and other content of pages.

use std::sync::Arc;

use bench_history::change::Settings;
use bench_history::key::{MachineClass, SeriesKey};
use bench_history::store::{Acceptance, Known, Point, Series};
use bench_html::{Comparison, History, Page, Run};
use bench_judge::comparison::Comparison as OfRuns;
use bench_protocol::Better;
use bench_record::{
    CaseRecord, Cause, Failure, InvalidCause, Level, Metric, Record, RoundRecord, Served, SloCondition,
    Status, Told, Validity,
};
use bench_stats::Interval;
use bench_syntax::Category;
use bench_syntax::quantity::{Bytes, Seconds};

/// The cases, and the usual time of each in seconds.
pub(crate) const CASES: [(&str, f64); 7] = [
    ("resnet50/performance/forward[batch=1,dtype=f32]", 0.042),
    ("resnet50/performance/forward[batch=8,dtype=f32]", 0.31),
    ("resnet50/unit/softmax", 8.4e-6),
    ("smollm2/performance/decode[tokens=64]", 1.9),
    ("smollm2/integration/chat", 2.6),
    ("unit/tokenize", 312e-9),
    ("whisper/performance/transcribe", 0.77),
];

/// The number of nights in the history.
pub(crate) const NIGHTS: usize = 70;

/// Returns noise, uniformly distributed from −½ to ½: the same in every test, and different for every line.
pub(crate) fn noise(night: usize, line: usize) -> f64 {
    let mut z = (night as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15)
        ^ (line as u64 + 1).wrapping_mul(0xd134_2543_de82_ef95);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64 - 0.5
}

/// Returns the true change of a case's time: a regression on night 20, an accepted improvement on night 34, and a
/// slower machine from night 52 on, which affects one case a night later.
fn factor(case: usize, night: usize, machine: usize) -> f64 {
    let regression = if case == 1 && night >= 20 { 1.03 } else { 1.0 };
    let improvement = if case == 3 && night >= 34 { 0.82 } else { 1.0 };
    let slow = if machine == 0 && night >= if case == 5 { 53 } else { 52 } { 1.06 } else { 1.0 };
    regression * improvement * slow
}

pub(crate) fn run(night: usize, machine: usize) -> (String, String) {
    let (month, day) = (1 + night / 28, 1 + night % 28);
    let timestamp = format!("2026-{month:02}-{day:02}T0{}:30:00Z", 1 + machine);
    let run = format!("2026-{month:02}-{day:02}T0{}-30-00Z-{:04x}", 1 + machine, night * 7919 % 65_536);
    (timestamp, run)
}

pub(crate) fn commit(night: usize) -> String {
    format!("{:08x}", (night as u32 + 1).wrapping_mul(0x9e37_79b9)).repeat(5)
}

/// Returns one line; machine 1 runs every other night, from night 10 on.
pub(crate) fn line(case: usize, machine: usize, metric: &str) -> Series {
    let text = |text: &str| text.to_owned();
    let (cpu, cores) =
        [("AMD EPYC 7763 64-Core Processor", "4"), ("Intel(R) Xeon(R) Platinum 8370C CPU @ 2.80GHz", "2")]
            [machine];
    let (id, time_s) = CASES[case];
    let nights = (0..NIGHTS).filter(|night| machine == 0 || (night % 2 == 0 && *night >= 10));
    let points = nights.map(|night| {
        let (timestamp, run) = run(night, machine);
        let spike = if night == 41 && case == 0 { 1.3 } else { 1.0 };
        let value = match metric {
            "time" => {
                let own = if machine == 1 { 1.11 } else { 1.0 };
                time_s
                    * own
                    * spike
                    * factor(case, night, machine)
                    * (1.0 + 0.012 * noise(night, case + 10 * machine))
            }
            _ => (180e6 + 4e7 * case as f64) * (1.0 + 0.004 * noise(night, 100 + case + 10 * machine)),
        };
        // This kernel slowed the first machine down.
        let kernel = if machine == 0 && night >= 52 { "6.11" } else { "6.8" };
        let system = ("operating system".to_owned(), format!("Ubuntu 24.04, kernel {kernel}"));
        let circumstances = Arc::new([system].into_iter().collect());
        let commit = Some(commit(night));
        Point { run, timestamp, commit, value, known: known(value, night), circumstances }
    });
    Series {
        key: SeriesKey {
            case: text(id),
            metric: text(metric),
            machine: MachineClass {
                cpu: text(cpu),
                cores: text(cores),
                gpu: text("no GPU"),
                memory: text("16 GiB"),
            },
            toolchain: text("rustc 1.95.0 (f2d3ce0bd 2026-03-21)"),
            build: text("x86_64-unknown-linux-gnu, opt-level 3"),
        },
        unit: text(if metric == "time" { "s" } else { "bytes" }),
        better: Better::Lower,
        points: points.collect(),
    }
}

/// Returns all lines, and the accepted improvement.
pub(crate) fn history() -> History {
    let mut series = Vec::new();
    for case in 0..CASES.len() {
        series.extend([line(case, 0, "time"), line(case, 1, "time"), line(case, 0, "peak_memory")]);
    }
    series.push(Series { points: line(6, 0, "time").points.split_off(NIGHTS - 4), ..line(5, 0, "time") });
    if let Some(short) = series.last_mut() {
        short.key.case = "unit/detokenize".to_owned();
    }
    series.sort_by(|a, b| a.key.cmp(&b.key));
    let accepted = Acceptance {
        case: CASES[3].0.to_owned(),
        run: run(34, 0).1,
        at: "2026-02-08T09:12:00Z".to_owned(),
        author: "ada".to_owned(),
        reason: "the key-value cache is kept between tokens".to_owned(),
    };
    History::of(&series, &[accepted], Settings::default())
}

/// The nights with two rounds of each case, whose figures have no interval.
pub(crate) const SHORT_NIGHTS: [usize; 3] = [5, 30, 31];

/// Returns the interval and the number of rounds of a figure on a night.
pub(crate) fn known(value: f64, night: usize) -> Known {
    if SHORT_NIGHTS.contains(&night) {
        return Known { interval: None, rounds: Some(2) };
    }
    let interval = Some(Interval { low: value * 0.985, high: value * 1.02 });
    Known { interval, rounds: Some(12) }
}

/// Returns a case with rounds of twenty samples around a time.
pub(crate) fn measured(id: &str, time_s: f64, seed: usize, rounds: u32) -> CaseRecord {
    let rounds: Vec<RoundRecord> = (0..rounds)
        .map(|number| {
            let ns = |k| (time_s * 1e9 * (1.0 + 0.02 * noise(k + 20 * number as usize, seed))) as u64;
            let mut round = RoundRecord::sampled(1, (0..20).map(ns).collect());
            round.round = number;
            round
        })
        .collect();
    let time = bench_judge::time_over(&rounds);
    let mut case = CaseRecord::blank(id, Category::Performance);
    case.model = id.split_once('/').map(|(model, _)| model.to_owned());
    case.status = Status::Ok;
    case.metrics = vec![
        Metric::new("throughput", "items/s", 8.0 / time_s, Better::Higher),
        Metric::new("padding", "ratio", 0.000_6, Better::Lower),
    ];
    case.observed = vec![Metric::new("major_faults", "1/iteration", 0.0, Better::Lower)];
    case.time = time;
    case.first_call_s = Some(Seconds(time_s * 3.0));
    case.peak_memory_bytes = Some(Bytes(180_000_000 + 40_000_000 * seed as u64));
    case.rounds = rounds;
    case
}

fn level(concurrency: u32) -> Level {
    // A server that saturates at six requests a second.
    let throughput = 6.0 * f64::from(concurrency) / (f64::from(concurrency) + 2.2);
    let latency_s = f64::from(concurrency) / throughput;
    let metric = |name: &str, unit: &str, value: f64, better| {
        let interval = Interval { low: value * 0.96, high: value * 1.05 };
        Metric::new(name, unit, value, better).with_interval(Some(interval))
    };
    let latency = |name: &str, factor: f64, supported| {
        metric(name, "s", latency_s * factor, Better::Lower).with_support(supported)
    };
    let mut level = Level::named(format!("concurrency {concurrency}"));
    level.scenario = "closed_loop".to_owned();
    level.concurrency = Some(concurrency);
    level.requests = 200;
    level.succeeded = if concurrency == 32 { 188 } else { 200 };
    level.failed = if concurrency == 32 { 12 } else { 0 };
    level.window_s = Seconds(200.0 / throughput);
    level.metrics = vec![
        metric("ASPS", "audio s/s", throughput * 7.5, Better::Higher),
        metric("RPS", "req/s", throughput, Better::Higher),
        metric("goodput", "req/s", throughput * if concurrency > 8 { 0.4 } else { 1.0 }, Better::Higher),
        latency("latency p50", 0.95, true),
        latency("latency p95", 1.3, true),
        latency("latency p99", 1.7, false),
        latency("TTFA p95", 0.2, true),
    ];
    level.slo = vec![SloCondition::of_requests("latency <= 1.5s", "latency", true, 1.5)];
    match concurrency {
        16 => {
            let reason = "the harness was the bottleneck: 1 % of requests were sent at least 3.1 ms too late";
            level.validity.harness_bound = true;
            level.validity.reasons = vec![reason.to_owned()];
            level.validity.causes = vec![InvalidCause::HarnessLate];
        }
        32 => {
            level.validity.reasons = vec!["12 of `200` requests failed".to_owned()];
            level.validity.causes = vec![InvalidCause::Failures];
            level.errors = vec![Told::new("queue is full", 12)];
        }
        _ => level.validity = Validity::valid(),
    }
    level
}

/// Returns a load case with these numbers of clients at its levels.
fn speech(name: &str, clients: &[u32]) -> CaseRecord {
    let found = Metric::new("latency-bounded throughput", "req/s", 17.25, Better::Higher)
        .with_interval(Some(Interval { low: 16.5, high: 18.0 }));
    let mut served = Served::at_levels(clients.iter().copied().map(level).collect());
    served.domain = "speech".to_owned();
    served.primary = "ASPS".to_owned();
    served.plots = vec!["TTFA p95".to_owned()];
    served.metrics = if name == "search" { vec![found] } else { Vec::new() };
    let mut case = CaseRecord::blank(&format!("tts/performance/{name}"), Category::Performance);
    case.model = Some("tts".to_owned());
    case.name = name.to_owned();
    case.status = Status::Ok;
    case.rounds = vec![RoundRecord::serving(served)];
    case.warnings.extend(case.harness_bound());
    case
}

/// Returns a run with figures, load, a failure and warnings; every time is multiplied by `factor`.
pub(crate) fn record(name: &str, factor: f64) -> Record {
    let mut cases: Vec<CaseRecord> =
        CASES.iter().enumerate().map(|(seed, (id, time_s))| measured(id, time_s * factor, seed, 6)).collect();
    cases[2].warnings.push("two modes: 8.1 µs (70 % of samples) and 9.9 µs".to_owned());
    cases.push(speech("speak", &[1, 2, 4, 8, 16, 32]));
    let mut failure = Failure::new(Cause::Panic, "index out of bounds: the len is 3 but the index is 7");
    failure.output_tail = "loading\nthread 'main' panicked at src/beam.rs:41:9".to_owned();
    let mut failed = CaseRecord::blank("whisper/unit/beam", Category::Unit);
    failed.status = Status::Failed;
    failed.failure = Some(failure);
    cases.push(failed);
    let mut skipped = CaseRecord::blank("sd15/performance/denoise", Category::Performance);
    skipped.status = Status::Skipped;
    skipped.skip_reason = Some("no weights: models/weights/fetch brings them".to_owned());
    cases.push(skipped);
    let mut record = Record::new(name, "2026-03-14T01:30:00Z", cases);
    record.sealed = "2026-03-14T01:52:00Z".to_owned();
    record.environment.commit = Some(commit(NIGHTS - 1));
    record.environment.dirty = Some(false);
    record.environment.toolchain = "rustc 1.95.0 (f2d3ce0bd 2026-03-21)".to_owned();
    record.environment.target = "x86_64-unknown-linux-gnu".to_owned();
    record.environment.opt_level = "3".to_owned();
    record.environment.os = Some("Debian GNU/Linux 12, kernel 6.1.0".to_owned());
    record.environment.cpu = Some("AMD EPYC 7763 64-Core Processor".to_owned());
    record.environment.cores = Some(4);
    record.environment.memory_bytes = Some(Bytes(16_374_562_816));
    record.environment.load = Some(0.31);
    record.environment.steal = Some(0.021);
    record.seed = 7;
    record.warnings = vec!["steal: 2.1 % of processor time was given to others".to_owned()];
    record
}

/// Returns everything that a nightly page shows.
pub(crate) fn nightly() -> Page {
    let mut record = record("2026-03-14T01-30-00Z-21c5", 1.0);
    // Two rounds that differ much give a very wide interval.
    if let Some(time) = &mut record.cases[1].time {
        time.interval_s = Some(Interval { low: 0.0, high: 162.86 * time.median_s.0 });
    }
    Page {
        made: "2026-03-14T02:00:00Z".to_owned(),
        history: Some(history()),
        runs: vec![Run::of(&record)],
        ..Page::default()
    }
}

/// Returns a run whose load case has very many levels.
pub(crate) fn searched() -> Page {
    let mut record = record("searched", 1.0);
    let clients: Vec<u32> = (1..=40).collect();
    let mut search = speech("search", &clients);
    // As in records that do not contain the objective.
    let levels = search
        .rounds
        .iter_mut()
        .filter_map(|round| round.served.as_mut())
        .flat_map(|served| &mut served.levels);
    levels.for_each(|level| level.slo.clear());
    record.cases.push(search);
    Page { runs: vec![Run::of(&record)], ..nightly() }
}

/// Returns the comparison of two runs.
pub(crate) fn compared() -> Page {
    let (old, mut new) = (record("before", 1.0), record("after", 1.02));
    for (place, factor) in [(0, 1.9), (3, 0.4)] {
        let (id, time_s) = CASES[place];
        new.cases[place] = measured(id, time_s * factor, place, 6);
    }
    new.environment.os = Some("Debian GNU/Linux 12, kernel 6.12.3".to_owned());
    let results = tempfile::tempdir().expect("a folder");
    let comparison = OfRuns::of_runs(&old, &new, results.path(), Some(0.01), |_| true);
    Page {
        made: "2026-03-14T02:00:00Z".to_owned(),
        comparison: Some(Comparison::of_runs(&comparison, "after")),
        runs: vec![Run::of(&new), Run::of(&old)],
        ..Page::default()
    }
}
