//! The record of a run of 91 cases of models: 54 measured, with the disturbances of a shared machine, and 37 skipped.

use bench_judge::{Summarize, mark_disturbed, moderate};
use bench_protocol::{Better, Counter, ProbeReport, Reading, WarmUp};
use bench_record::{
    Bin, CaseRecord, Check, Level, Metric, ProbeState, Record, References, RoundRecord, Served, State,
    Status, Surroundings,
};
use bench_stats as stats;
use bench_stats::Interval;
use bench_syntax::Category;
use bench_syntax::quantity::{Bytes, Seconds};

/// A generator of numbers from 0 to 1, always the same ones.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        (-2.0 * self.next().max(1e-12).ln()).sqrt() * (std::f64::consts::TAU * self.next()).cos()
    }
}

/// Benchmarks with one time per case: the model and the arguments that its cases share, the name, the cases with
/// milliseconds and rounds, and the unit that an iteration counts.
type Timed = (&'static str, &'static str, &'static str, &'static [(&'static str, f64, u32)], &'static str);

const DIFFUSION: &str = "config=reduced,dtype=f32";

const TIMED: &[Timed] = &[
    (
        "mmdit",
        DIFFUSION,
        "step",
        &[("side=64", 122.0, 3), ("side=128", 148.0, 2), ("side=256", 515.0, 1)],
        "steps",
    ),
    (
        "mmdit",
        DIFFUSION,
        "step_batch",
        &[("batch=1", 150.0, 3), ("batch=2", 311.0, 2), ("batch=4", 501.0, 1)],
        "steps",
    ),
    (
        "qwen3_vl_2b",
        "config=reduced",
        "decode",
        &[
            ("dtype=f16,context=16", 4.4, 20),
            ("dtype=f16,context=256", 4.8, 18),
            ("dtype=f16,context=1024", 6.31, 1),
            ("dtype=f32,context=16", 4.8, 20),
            ("dtype=f32,context=256", 5.3, 18),
            ("dtype=f32,context=1024", 6.57, 2),
        ],
        "tokens",
    ),
    (
        "qwen3_vl_2b",
        "config=reduced,dtype=f16",
        "decode_batch",
        &[("batch=1", 3.3, 22), ("batch=4", 16.0, 8), ("batch=16", 24.0, 2)],
        "tokens",
    ),
    (
        "qwen3_vl_2b",
        "config=reduced",
        "look",
        &[
            ("dtype=f16,side=256", 93.0, 3),
            ("dtype=f16,side=384", 213.0, 1),
            ("dtype=f16,side=512", 429.0, 1),
            ("dtype=f32,side=256", 49.0, 4),
            ("dtype=f32,side=384", 122.0, 2),
            ("dtype=f32,side=512", 349.0, 1),
        ],
        "images",
    ),
    (
        "qwen3_vl_2b",
        "config=reduced",
        "prefill",
        &[
            ("dtype=f16,tokens=16", 18.0, 8),
            ("dtype=f16,tokens=64", 42.0, 4),
            ("dtype=f16,tokens=256", 121.0, 2),
            ("dtype=f32,tokens=16", 11.0, 12),
            ("dtype=f32,tokens=64", 16.0, 8),
            ("dtype=f32,tokens=256", 86.2, 2),
        ],
        "tokens",
    ),
    (
        "qwen3_vl_2b",
        "config=reduced,dtype=f16",
        "prefill_about",
        &[("input=image", 45.3, 2), ("input=text", 65.3, 2)],
        "tokens",
    ),
    ("resnet", "dtype=f32", "engines", &[("engine=candle,batch=1", 376.0, 2)], "images"),
    (
        "resnet",
        "dtype=f32",
        "forward",
        &[
            ("depth=18,batch=1", 210.0, 3),
            ("depth=18,batch=4", 520.0, 3),
            ("depth=18,batch=8", 995.0, 2),
            ("depth=50,batch=1", 330.0, 3),
            ("depth=50,batch=4", 1010.0, 2),
            ("depth=50,batch=8", 1790.0, 1),
        ],
        "images",
    ),
    (
        "stable_diffusion_unet",
        DIFFUSION,
        "step",
        &[("side=64", 130.0, 3), ("side=128", 260.0, 2), ("side=256", 919.0, 1)],
        "steps",
    ),
    (
        "stable_diffusion_unet",
        DIFFUSION,
        "step_batch",
        &[("batch=1", 253.0, 2), ("batch=2", 381.0, 2), ("batch=4", 558.0, 1)],
        "steps",
    ),
    (
        "vit_b_16",
        "dtype=f32",
        "forward",
        &[("batch=1", 1170.0, 1), ("batch=2", 1210.0, 1), ("batch=4", 2210.0, 1)],
        "images",
    ),
    (
        "vocoder",
        "dtype=f32",
        "decode",
        &[("frames=1", 69.4, 2), ("frames=5", 156.0, 3), ("frames=25", 594.0, 2)],
        "frames",
    ),
    ("vocoder", "dtype=f32", "decode_batch", &[("batch=1", 167.0, 2)], "frames"),
];

/// Benchmarks of requests: the model, the name, the primary metric and its unit, the metric of the first output, the
/// number of requests, and milliseconds.
const SERVED: &[(&str, &str, &str, &str, &str, u64, f64)] = &[
    ("mmdit", "denoise", "IPS", "images/s", "TTFI", 4, 1500.0),
    ("qwen3_vl_2b", "describe", "output tokens/s", "tokens/s", "TTFT", 22, 187.0),
    ("qwen3_vl_2b", "generate", "output tokens/s", "tokens/s", "TTFT", 40, 84.3),
    ("stable_diffusion_unet", "denoise", "IPS", "images/s", "TTFI", 4, 1700.0),
    ("vocoder", "stream", "ASPS", "audio s/s", "TTFA", 8, 508.0),
];

/// Cases that cannot run: the model, the benchmark, the number of cases, and the reason.
const SKIPPED: &[(&str, &str, u32, &str)] = &[
    ("smollm2", "decode", 16, "no weights: models/weights/fetch --only smollm2"),
    ("piper_tts", "speak", 9, "no voice: models/weights/fetch --only piper_tts"),
    ("eye_generator", "generate", 5, "no weights: models/weights/fetch --only eye_generator"),
    ("efficientnet_lite0", "forward", 3, "no weights: models/weights/fetch --only efficientnet_lite0"),
    ("resnet", "other_engines", 2, "not built in: cargo bench --features onnxruntime,tract"),
    ("vocoder", "decode_batch", 2, "candle's transposed convolution of a batch is wrong on Cpu (off by 1.8)"),
];

/// The arguments at the end of every id.
const EVERYWHERE: &str = "device=cpu,threads=all";

/// Returns the record of the run.
pub(super) fn record() -> Record {
    let mut chance = Chance(0x9e37_79b9_7f4a_7c15);
    let mut cases: Vec<CaseRecord> = Vec::new();
    for (model, shared, name, of_name, unit) in TIMED {
        for (arguments, ms, rounds) in *of_name {
            let mut case = case(model, name, &format!("{arguments},{shared},{EVERYWHERE}"));
            for number in 0..*rounds {
                case.rounds.push(timed(&mut chance, number, *ms, *rounds, unit));
            }
            cases.push(case);
        }
    }
    for (model, name, primary, unit, first, requests, ms) in SERVED {
        let mut case = case(model, name, &format!("dtype=f32,{EVERYWHERE}"));
        let latencies: Vec<f64> = (0..*requests).map(|_| ms / 1e3 * (0.04 * chance.normal()).exp()).collect();
        case.rounds.push(served(&latencies, primary, unit, first));
        cases.push(case);
    }
    for (model, name, count, reason) in SKIPPED {
        for number in 1..=*count {
            let mut case = case(model, name, &format!("batch={},{EVERYWHERE}", 2 * number));
            let mut round = RoundRecord::default();
            round.skipped = Some((*reason).to_owned());
            case.rounds.push(round);
            cases.push(case);
        }
    }
    cases.iter_mut().for_each(Summarize::update);
    mark_disturbed(&mut cases);
    cases.sort_by(|a, b| bench_syntax::case_id::order(&a.id, &b.id));
    moderate(&mut cases);
    let skipped = cases.iter().filter(|case| case.status == Status::Skipped).count();
    assert_eq!((cases.len(), skipped), (91, 37));
    let mut record = Record::new("2026-11-28T12-42-15Z-0299", "2026-11-28T12:42:15Z", cases);
    record.sealed = "2026-11-28T12:44:56Z".to_owned();
    surround(&mut record);
    record
}

fn case(model: &str, name: &str, arguments: &str) -> CaseRecord {
    let mut case =
        CaseRecord::blank(&format!("{model}/performance/{name}[{arguments}]"), Category::Performance);
    case.model = Some(model.to_owned());
    case.name = name.to_owned();
    let pairs = arguments.split(',').filter_map(|argument| argument.split_once('='));
    case.arguments = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    case.settings.max_time_s = 3.0;
    case.settings.target_precision = 0.01;
    case
}

/// Returns a round on a shared machine: processes differ, some samples are slow, and one round in six has steal.
fn timed(chance: &mut Chance, number: u32, ms: f64, rounds: u32, unit: &str) -> RoundRecord {
    let of_process = (0.12 * chance.normal()).exp();
    let samples = if ms < 30.0 { 20 } else { 5 };
    let sample = |chance: &mut Chance| {
        let pause = if chance.next() < 0.06 { 1.8 } else { 1.0 };
        (ms * 1e6 * of_process * pause * (0.02 * chance.normal()).exp()) as u64
    };
    let sample_ns: Vec<u64> = (0..samples).map(|_| sample(chance)).collect();
    let mut round = RoundRecord::sampled(1, sample_ns);
    round.round = number;
    round.wall_s = 2.0 + ms / 1e3 * 8.0;
    round.first_call_ns = Some((ms * 1.2e6 * of_process) as u64);
    round.warm_up =
        Some(WarmUp { iterations: 12, ns: (12.0 * ms * 1e6) as u64, steady: Some(chance.next() > 0.4) });
    round.clock_resolution_ns = Some(20);
    round.counters = vec![Counter { unit: unit.to_owned(), per_iteration: 1 }];
    let quiet =
        References::new(0.66 * (0.004 * chance.normal()).exp(), 90.0 * (0.01 * chance.normal()).exp());
    let after = if chance.next() < 0.08 { References::new(0.80, 92.0) } else { quiet };
    let mut seen = Surroundings::new(quiet, after);
    let is_busy = chance.next() < 0.12;
    seen.steal = Some(if is_busy { 0.08 + 0.2 * chance.next() } else { 0.0 });
    seen.pressure = Some(if !is_busy && chance.next() < 0.1 && rounds > 2 { 0.6 } else { 0.1 });
    round.surroundings = Some(seen);
    let peak = Reading::new("peak_memory", "bytes", 3.0e7 * (1.0 + 9.0 * chance.next())).max();
    let mut memory = ProbeReport::of("memory");
    memory.readings.push(peak);
    if chance.next() < 0.04 {
        let grown = Bytes((1e6 * (1.0 + 9.0 * chance.next())) as u64);
        let iterations = 10 + (30.0 * chance.next()) as u64;
        memory.notes.push(format!(
            "resident memory grows with every iteration ({grown} over {iterations} of them): a leak, or a cache that \
             is never full"
        ));
    }
    round.probes = vec![memory];
    round
}

/// Returns the round of a closed loop of one client.
fn served(latencies: &[f64], primary: &str, unit: &str, first: &str) -> RoundRecord {
    let sorted = stats::sorted(latencies);
    let window: f64 = latencies.iter().sum();
    let requests = latencies.len();
    let rate = requests as f64 / window;
    let mut level = Level::named("concurrency 1");
    level.scenario = "closed_loop".to_owned();
    level.concurrency = Some(1);
    (level.requests, level.succeeded) = (requests as u64, requests as u64);
    level.window_s = Seconds(window);
    level.latency = sorted.iter().map(|latency| Bin::new(*latency, 1)).collect();
    level.validity.valid = true;
    let around = |value: f64| Some(Interval { low: 0.96 * value, high: 1.04 * value });
    level.metrics = vec![
        Metric::new(primary, unit, 8.0 * rate, Better::Higher).with_interval(around(8.0 * rate)),
        Metric::new("RPS", "req/s", rate, Better::Higher).with_interval(around(rate)),
    ];
    for (family, scale) in [("latency", 1.0), (first, 0.6)] {
        for p in [0.5, 0.95, 0.99] {
            let value = stats::nearest_rank(&sorted, p).unwrap_or_default() * scale;
            let metric = Metric::new(format!("{family} p{}", (p * 100.0).round()), "s", value, Better::Lower);
            level.metrics.push(metric.with_support(requests >= stats::support(p)));
        }
    }
    let mut served = Served::at_levels(vec![level]);
    (served.domain, served.primary) = ("requests".to_owned(), primary.to_owned());
    let mut round = RoundRecord::serving(served);
    round.sample_ns = latencies.iter().map(|latency| (latency * 1e9) as u64).collect();
    round.iterations_per_sample = 1;
    // The first request is slow, because it loads what the others find loaded.
    round.first_call_ns = Some((latencies[0] * 9e9) as u64);
    round.load_ns = Some((window * 1.4e9) as u64);
    round.wall_s = window * 3.0;
    let mut memory = ProbeReport::of("memory");
    memory.readings.push(Reading::new("peak_memory", "bytes", 3.6e8).max());
    round.probes = vec![memory];
    round
}

/// Adds the machine, its probes and its warnings to a record.
fn surround(record: &mut Record) {
    let environment = &mut record.environment;
    environment.commit = Some("9aa1b2f00112233445566778899aabbccddeeff0".to_owned());
    environment.dirty = Some(false);
    environment.toolchain = "rustc 1.95.0 (f2d3ce0bd 2026-03-21)".to_owned();
    environment.opt_level = "3".to_owned();
    environment.cpu = Some("AMD EPYC".to_owned());
    environment.cores = Some(2);
    environment.memory_bytes = Some(Bytes(25_200_000_000));
    let checks = [("load", "3.3"), ("tasks waited", "25 % of the time"), ("stolen", "0.8 %"), ("SMT", "on")];
    environment.quietness = checks.map(|(name, value)| Check::new(name, State::Warn, value)).into();
    let probes = [
        ("allocations", "the program has no `CountingAllocator` as its global allocator"),
        ("counters", "this virtual machine has no hardware counters"),
        ("gpu", "no NVIDIA driver: libnvidia-ml.so.1 was not found"),
    ];
    environment.probes =
        probes.map(|(probe, why)| ProbeState::new(probe, Some(why.to_owned()), Seconds(0.0))).into();
    record.warnings = record.build_and_machine_warnings();
}
