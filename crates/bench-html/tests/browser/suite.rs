//! The nights of a suite of many cases on two machines, which a page must fold to be readable.

use std::sync::Arc;

use bench_history::change::Settings;
use bench_history::key::{MachineClass, SeriesKey};
use bench_history::store::{Point, Series};
use bench_html::{History, Page, Run};
use bench_protocol::Better;
use bench_record::Record;

use crate::demo;

/// The number of nights.
const NIGHTS: usize = 86;

/// The arguments that all cases share.
const SHARED: &str = "device=cpu,threads=all";

/// A benchmark, its constant arguments with the name of the varying one, the values of that one, and the time of the
/// first case in seconds.
type Benchmark = (&'static str, &'static str, &'static [&'static str], f64);

const BENCHMARKS: [Benchmark; 13] = [
    ("mmdit/performance/step", "dtype=f32,side", &["64", "128", "256"], 0.122),
    ("mmdit/performance/step_batch", "dtype=f32,batch", &["1", "2", "4"], 0.150),
    ("qwen3_vl_2b/performance/decode", "dtype=f16,context", &["16", "256", "1024"], 0.0044),
    ("qwen3_vl_2b/performance/decode", "dtype=f32,context", &["16", "256", "1024"], 0.0048),
    ("qwen3_vl_2b/performance/prefill", "dtype=f16,tokens", &["16", "64", "256"], 0.018),
    ("qwen3_vl_2b/performance/prefill", "dtype=f32,tokens", &["16", "64", "256"], 0.011),
    ("qwen3_vl_2b/unit/rope", "len", &["8", "64", "512", "1024", "4096"], 3.1e-6),
    ("resnet/performance/forward", "dtype=f32,depth=18,batch", &["1", "4", "8"], 0.21),
    ("resnet/performance/forward", "dtype=f32,depth=50,batch", &["1", "4", "8"], 0.33),
    ("stable_diffusion_unet/performance/step", "config=reduced,side", &["64", "128", "256"], 0.13),
    ("stable_diffusion_unet/performance/step_batch", "config=reduced,batch", &["1", "2", "4", "8"], 0.25),
    ("vit_b_16/performance/forward", "dtype=f32,batch", &["1", "2", "4"], 1.17),
    ("vocoder/performance/decode", "frames", &["1", "5", "25"], 0.069),
];

/// The figures of a case: name, unit, and the better direction.
const METRICS: [(&str, &str, Better); 5] = [
    ("time", "s", Better::Lower),
    ("cpu_time", "s", Better::Lower),
    ("throughput", "items/s", Better::Higher),
    ("ttft_p95", "s", Better::Lower),
    ("peak_memory", "bytes", Better::Lower),
];

/// Returns the ids of the cases, each with its usual time in seconds.
fn cases() -> Vec<(String, f64)> {
    let cases = BENCHMARKS.iter().flat_map(|(head, argument, values, time_s)| {
        values.iter().enumerate().map(move |(place, value)| {
            (format!("{head}[{SHARED},{argument}={value}]"), time_s * (1.0 + 1.3 * place as f64))
        })
    });
    cases.collect()
}

/// Returns the true change of a case's time: commits make some cases slower and others faster, and a kernel makes the
/// first machine slower.
fn time_factor(id: &str, night: usize, machine: usize) -> f64 {
    let after = |since: usize, factor: f64, fits: bool| if fits && night >= since { factor } else { 1.0 };
    after(30, 1.04, id.contains("depth=18"))
        * after(46, 0.82, id.contains("prefill"))
        * after(62, 1.12, id.contains("/unit/"))
        * after(72, 1.06, machine == 0)
}

fn memory_factor(id: &str, night: usize) -> f64 {
    if id.contains("unet") && night >= 38 { 1.25 } else { 1.0 }
}

/// Returns one figure of one case on one machine; the second machine runs every other night.
fn line(number: usize, machine: usize, metric: usize) -> Series {
    let (id, time_s) = cases().swap_remove(number);
    let (name, unit, better) = METRICS[metric];
    let seed = number + 100 * metric + 1000 * machine;
    let nights = (0..NIGHTS).filter(|night| machine == 0 || night % 2 == 0);
    let points = nights.map(|night| {
        let (timestamp, run) = demo::run(night, machine);
        let spread = if name == "peak_memory" { 0.003 } else { 0.012 };
        let noise = 1.0 + spread * demo::noise(night, seed);
        let slower = time_factor(&id, night, machine) * if night == 55 && number == 20 { 1.5 } else { 1.0 };
        let value = match name {
            "throughput" => 8.0 / (time_s * slower),
            "peak_memory" => (1.4e8 + 2e6 * number as f64) * memory_factor(&id, night),
            "cpu_time" => 1.9 * time_s * slower,
            "ttft_p95" => 0.4 * time_s * slower,
            _ => time_s * slower * if machine == 1 { 1.11 } else { 1.0 },
        };
        let kernel = if machine == 0 && night >= 72 { "6.19.2" } else { "6.18.44" };
        let system = ("operating system".to_owned(), format!("Debian GNU/Linux 12, kernel {kernel}"));
        let circumstances = Arc::new([system].into_iter().collect());
        let commit = Some(demo::commit(night));
        let value = value * noise;
        Point { run, timestamp, commit, value, known: demo::known(value, night), circumstances }
    });
    let text = |text: &str| text.to_owned();
    let cpu = ["AMD EPYC 7763 64-Core Processor", "Intel(R) Xeon(R) Platinum 8370C CPU @ 2.80GHz"][machine];
    Series {
        key: SeriesKey {
            case: id.clone(),
            metric: text(name),
            machine: MachineClass {
                cpu: text(cpu),
                cores: text("4"),
                gpu: text("no GPU"),
                memory: text("16 GiB"),
            },
            toolchain: text("rustc 1.95.0 (f2d3ce0bd 2026-03-21)"),
            build: text("x86_64-unknown-linux-gnu, opt-level 3"),
        },
        unit: text(unit),
        better,
        points: points.collect(),
    }
}

/// Returns all nights, and the newest run with a load case.
pub(crate) fn nightly() -> Page {
    let mut series = Vec::new();
    for number in 0..cases().len() {
        for machine in 0..2 {
            // Only some cases have a time to first token.
            let known = (0..METRICS.len()).filter(|metric| *metric != 3 || number % 8 == 6);
            series.extend(known.map(|metric| line(number, machine, metric)));
        }
    }
    series.sort_by(|a, b| a.key.cmp(&b.key));
    let small = demo::record("small", 1.0);
    let mut measured: Vec<_> = cases()
        .iter()
        .enumerate()
        .map(|(seed, (id, time_s))| {
            demo::measured(id, time_s * time_factor(id, NIGHTS, 0), seed, [1, 2, 6][seed % 3])
        })
        .collect();
    for case in measured.iter_mut().step_by(5) {
        case.warnings.push(format!("its {} rounds fell into a bad minute of the machine", case.rounds.len()));
    }
    // The cases of the small suite that the other tests use are left out.
    measured.extend_from_slice(&small.cases[demo::CASES.len()..]);
    let (timestamp, run) = demo::run(NIGHTS - 1, 0);
    let mut record = Record::new(&run, &timestamp, measured);
    record.environment = small.environment;
    record.warnings = small.warnings;
    Page {
        made: "2026-04-02T02:00:00Z".to_owned(),
        history: Some(History::of(&series, &[], Settings::default())),
        runs: vec![Run::of(&record)],
        ..Page::default()
    }
}

/// Returns the first days of a suite, with too few runs to find a change.
pub(crate) fn first_days() -> Page {
    let mut series: Vec<Series> = (0..6).map(|number| line(number, 0, 0)).collect();
    for one in &mut series {
        one.points.truncate(3);
    }
    Page { history: Some(History::of(&series, &[], Settings::default())), ..nightly() }
}
