//! Compares a load from four workers with the same load from one process: the distributions of latencies, and the
//! rates.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bench_record::{Level, Record};
use bench_truth::{Act, Truth, json};

const RATE: &str = "100";
const DURATION: &str = "20s";

/// The number of pairs of runs: one with a single process, then one with workers.
const PAIRS: u64 = 4;

const WORKERS: u32 = 4;

/// Prints a row for each pair.
pub(crate) fn measure() {
    let bench = program();
    let number = AtomicU64::new(0);
    // The server answers after 5 to 15 ms, uniformly distributed.
    let server = Truth::start(move |_| {
        let after = Duration::from_micros(5000 + mixed(number.fetch_add(1, Ordering::Relaxed)) % 10_001);
        vec![Act::WaitUntil(after), json("{}")]
    });
    let folder = tempfile::tempdir().expect("a folder");
    let body = folder.path().join("body.json");
    std::fs::write(&body, "{\"x\": 1}").expect("written");
    println!(
        "{RATE} requests/s for {DURATION}, from one process and from {WORKERS}; answers after 5 to 15 ms"
    );
    println!(
        "| seed | requests | same schedule | largest distance D | p | RPS | rate of sending | p50, one and {WORKERS} | \
         p99, one and {WORKERS} | clocks agree to within | validity, one and {WORKERS} |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|");
    for seed in 1..=PAIRS {
        let load = |workers: u32| {
            let results = folder.path().join(format!("{seed}-{workers}"));
            run(&bench, &server.url(), &body, &results, seed, workers);
            Run::of(&results)
        };
        let (one, several) = (load(1), load(WORKERS));
        println!("{}", compared(seed, &one, &several));
    }
}

/// Returns the path of `bench`, which cargo has built for the same profile.
fn program() -> PathBuf {
    let own = std::env::current_exe().expect("this program");
    let bench = own.ancestors().nth(2).expect("a folder of examples").join("bench");
    assert!(bench.exists(), "{} does not exist: `cargo build --release -p bench-cli` first", bench.display());
    bench
}

/// Sends the load from this many processes, and waits for them.
fn run(bench: &Path, url: &str, body: &Path, results: &Path, seed: u64, workers: u32) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let rendezvous = listener.local_addr().expect("its address").to_string();
    drop(listener);
    let start = |number: u32| -> Child {
        let mut command = Command::new(bench);
        command.args([
            "load",
            url,
            "--endpoint",
            "raw",
            "--path",
            "/",
            "--rate",
            RATE,
            "--duration",
            DURATION,
        ]);
        command.arg("--input").arg(body).arg("--output-dir").arg(results);
        command.args(["--seed", &seed.to_string(), "--no-metrics", "--quiet"]);
        if workers > 1 {
            command.args(["--share", &format!("{number}/{workers}"), "--rendezvous", &rendezvous]);
        }
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("started")
    };
    let all: Vec<Child> = (1..=workers).map(start).collect();
    for mut worker in all {
        let code = worker.wait().expect("ended").code();
        // Code 3 is accepted: whether the machine was quiet enough is a column.
        assert!(matches!(code, Some(0 | 3)), "`bench load` ended with {code:?}");
    }
}

/// The results of a run.
struct Run {
    level: Level,
    /// The number of each request, and the time at which it was due, in seconds.
    intended: Vec<(u64, String)>,
    /// Scheduled latencies in ascending order, in seconds.
    latencies: Vec<f64>,
}

impl Run {
    /// Reads the only run in a folder.
    fn of(results: &Path) -> Self {
        let mut folders = std::fs::read_dir(results).expect("results").flatten().map(|entry| entry.path());
        let folder = folders.find(|path| path.join("run.json").exists()).expect("a run");
        let record = std::fs::read(folder.join("run.json")).expect("a record");
        let record: Record = serde_json::from_slice(&record).expect("a record");
        let served = record.cases[0].rounds[0].served.as_ref().expect("a load");
        let rows = std::fs::read_to_string(folder.join("requests.csv")).expect("rows");
        let mut lines = rows.lines();
        let header: Vec<&str> = lines.next().expect("a header").split(',').collect();
        let place = |name: &str| header.iter().position(|known| *known == name).expect("a column");
        let [number, intended, latency] = ["request", "intended_s", "scheduled_latency_s"].map(place);
        let cells: Vec<Vec<&str>> = lines.map(|line| line.split(',').collect()).collect();
        let mut due: Vec<(u64, String)> = cells
            .iter()
            .map(|row| (row[number].parse().expect("a number"), row[intended].to_owned()))
            .collect();
        due.sort_unstable();
        let mut latencies: Vec<f64> =
            cells.iter().map(|row| row[latency].parse().expect("a latency")).collect();
        latencies.sort_unstable_by(f64::total_cmp);
        Run { level: served.levels[0].clone(), intended: due, latencies }
    }

    fn metric(&self, name: &str) -> f64 {
        self.level.metric(name).unwrap_or_else(|| panic!("no {name}")).value
    }
}

fn compared(seed: u64, one: &Run, several: &Run) -> String {
    let distance = distance(&one.latencies, &several.latencies);
    let p = probability(distance, one.latencies.len(), several.latencies.len());
    let apart = |one: f64, several: f64| format!("{:+.3} %", (several / one - 1.0) * 100.0);
    let both = |name: &str| {
        let ms = |run: &Run| format!("{:.2}", run.metric(name) * 1e3);
        format!("{}, {} ms", ms(one), ms(several))
    };
    let sent = |run: &Run| run.level.pace.achieved_rate.expect("a schedule");
    let clocks = several.level.workers.iter().map(|worker| worker.clock_error_s.0).fold(0.0, f64::max);
    let valid = |run: &Run| if run.level.validity.valid { "valid" } else { "not valid" };
    format!(
        "| {seed} | {} | {} | {distance:.3} | {p:.3} | {} | {} | {} | {} | {:.1} µs | {}, {} |",
        several.latencies.len(),
        if one.intended == several.intended { "yes" } else { "no" },
        apart(one.metric("RPS"), several.metric("RPS")),
        apart(sent(one), sent(several)),
        both("latency p50"),
        both("latency p99"),
        clocks * 1e6,
        valid(one),
        valid(several),
    )
}

/// Returns the largest distance between two empirical distributions (Kolmogorov and Smirnov). Values are in ascending
/// order.
fn distance(one: &[f64], other: &[f64]) -> f64 {
    let share = |values: &[f64], up_to: f64| {
        values.partition_point(|value| *value <= up_to) as f64 / values.len() as f64
    };
    let at = one.iter().chain(other);
    at.map(|value| (share(one, *value) - share(other, *value)).abs()).fold(0.0, f64::max)
}

/// Returns the probability of a distance of at least `distance` if both samples have the same distribution, by
/// Stephens' approximation (*Numerical Recipes*, 3rd edition, section 14.3.3).
fn probability(distance: f64, one: usize, other: usize) -> f64 {
    let size = ((one * other) as f64 / (one + other) as f64).sqrt();
    let x = (size + 0.12 + 0.11 / size) * distance;
    let term = |k: i32| 2.0 * f64::from(1 - 2 * ((k + 1) % 2)) * (-2.0 * f64::from(k * k) * x * x).exp();
    // Below this, the series converges slowly, and the probability is 1 to three digits.
    if x < 0.3 { 1.0 } else { (1..=20).map(term).sum::<f64>().clamp(0.0, 1.0) }
}

/// Returns a pseudorandom number, from the finalizer of SplitMix64.
fn mixed(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_distance_and_its_probability_are_those_of_tables() {
        assert_eq!(distance(&[1.0, 2.0, 3.0], &[1.0, 2.0, 3.0]), 0.0);
        assert_eq!(distance(&[1.0, 2.0], &[3.0, 4.0]), 1.0);
        assert_eq!(distance(&[1.0, 2.0, 3.0, 4.0], &[3.0, 4.0, 5.0, 6.0]), 0.5);
        // The critical value at 5 % for large samples: 1.358 / sqrt(n / 2).
        let p = probability(1.358 / 500f64.sqrt(), 1000, 1000);
        assert!((p - 0.05).abs() < 0.002, "{p}");
        assert_eq!(probability(0.001, 1000, 1000), 1.0);
    }
}
