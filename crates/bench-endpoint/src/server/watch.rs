//! Scrapes a server while it is loaded.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use super::figures::{Figure, Snapshot, System};
use crate::client::Client;

/// The interval between two scrapes. Each scrape costs the server one request.
const EVERY: Duration = Duration::from_secs(1);

/// The interval at which the thread checks whether the run has ended.
const LOOK: Duration = Duration::from_millis(50);

/// The maximum number of scrapes after the load. They are repeated while the server's counters still grow, because some
/// servers count an answer only after it was sent.
const LAST: usize = 5;

/// The metrics of a server, and of the exporter of its GPUs, during a run: at least those before and after it.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// The systems that reported the metrics.
    pub systems: Vec<System>,
    /// The time of each scrape, in seconds since the first one, and its metrics.
    pub snapshots: Vec<(f64, Snapshot)>,
    /// The average duration of a scrape, in seconds.
    pub cost_s: f64,
    /// Scrapes that failed.
    pub failed: u64,
}

impl Series {
    /// Returns the names of the systems that reported the metrics, such as `vLLM and DCGM`.
    pub fn name(&self) -> String {
        let names: Vec<&str> = self.systems.iter().map(|system| system.name()).collect();
        names.join(" and ")
    }

    /// Returns the growth of a counter; `None` if it is missing in any scrape, or has been reset in between.
    pub fn growth(&self, figure: Figure) -> Option<f64> {
        let values: Option<Vec<f64>> = self.snapshots.iter().map(|(_, one)| one.get(figure)).collect();
        let values = values.filter(|values| values.len() > 1)?;
        let is_reset = values.windows(2).any(|pair| pair[1] < pair[0]);
        (!is_reset).then(|| values[values.len() - 1] - values[0])
    }

    /// Returns the highest value of a gauge; `None` if it is not reported. The first scrape, before the load, does not
    /// count.
    pub fn most(&self, figure: Figure) -> Option<f64> {
        self.during(figure).reduce(f64::max)
    }

    /// Returns the mean of a gauge; `None` if it is not reported. The first scrape, before the load, does not count.
    pub fn mean(&self, figure: Figure) -> Option<f64> {
        let count = self.during(figure).count() as f64;
        self.during(figure).reduce(|one, other| one + other).map(|sum| sum / count)
    }

    fn during(&self, figure: Figure) -> impl Iterator<Item = f64> {
        self.snapshots.iter().skip(1).filter_map(move |(_, one)| one.get(figure))
    }

    /// Returns the value of a figure before the load; `None` if it is not reported.
    pub fn before(&self, figure: Figure) -> Option<f64> {
        self.snapshots.first().and_then(|(_, one)| one.get(figure))
    }

    /// Returns the rows of `server.csv`, with a header; cells of figures that the server does not report are empty.
    pub fn csv(&self) -> String {
        let head: Vec<&str> = Figure::ALL.iter().map(|figure| figure.column()).collect();
        let mut text = format!("time_s,{}\n", head.join(","));
        for (at, snapshot) in &self.snapshots {
            let cells = Figure::ALL
                .iter()
                .map(|figure| snapshot.get(*figure).map_or_else(String::new, |value| value.to_string()));
            text.push_str(&format!("{at:.3},{}\n", cells.collect::<Vec<_>>().join(",")));
        }
        text
    }
}

/// An address at which metrics can be scraped, and their first values.
pub struct Source {
    client: Client,
    path: String,
    first: Snapshot,
    took: Duration,
}

impl Source {
    /// Scrapes once. `None` if the answer contains no known metrics.
    pub fn at(client: Client, path: &str) -> Option<Self> {
        let began = Instant::now();
        let first = scrape(&client, path)?;
        Some(Source { client, path: path.to_owned(), first, took: began.elapsed() })
    }

    /// Returns the system that reports the metrics.
    pub fn system(&self) -> System {
        self.first.system
    }
}

/// A thread that scrapes metrics.
pub struct Watch {
    over: Arc<AtomicBool>,
    thread: JoinHandle<Series>,
}

impl Watch {
    /// Scrapes all sources about once a second until [`end`](Self::end). If several sources report a figure, the first
    /// source counts. `None` if there is no source, or no thread can be started.
    pub fn start(sources: Vec<Source>) -> Option<Self> {
        let first = sources.iter().map(|source| source.first.clone()).reduce(Snapshot::and)?;
        let took = sources.iter().map(|source| source.took).sum();
        let systems = sources.iter().map(Source::system).collect();
        let over = Arc::new(AtomicBool::new(false));
        let own = Arc::clone(&over);
        let began = Instant::now();
        let mut seen = Seen { sources, began, took, count: 1, failed: 0, snapshots: vec![(0.0, first)] };
        let watch = move || {
            let mut next = began + EVERY;
            while !own.load(Ordering::Acquire) {
                if Instant::now() >= next {
                    seen.scrape();
                    next = Instant::now() + EVERY;
                }
                std::thread::sleep(LOOK);
            }
            for _ in 0..LAST {
                let before = seen.snapshots.last().map(|(_, snapshot)| snapshot.clone());
                seen.scrape();
                if seen.snapshots.last().map(|(_, snapshot)| snapshot) == before.as_ref() {
                    break;
                }
                std::thread::sleep(LOOK);
            }
            seen.series(systems)
        };
        let thread = Builder::new().name("bench-metrics".to_owned()).spawn(watch).ok()?;
        Some(Watch { over, thread })
    }

    /// Scrapes for the last time, and returns the metrics; `None` if the thread has failed.
    pub fn end(self) -> Option<Series> {
        self.over.store(true, Ordering::Release);
        self.thread.join().ok()
    }
}

/// The state of the scraping thread, with the values so far.
struct Seen {
    sources: Vec<Source>,
    began: Instant,
    took: Duration,
    count: u32,
    failed: u64,
    snapshots: Vec<(f64, Snapshot)>,
}

impl Seen {
    /// Scrapes all sources. If one does not answer, the scrape fails: a counter that is absent for a moment could not
    /// be distinguished from one that was reset.
    fn scrape(&mut self) {
        let at = Instant::now();
        let all: Option<Vec<Snapshot>> =
            self.sources.iter().map(|source| scrape(&source.client, &source.path)).collect();
        match all.and_then(|all| all.into_iter().reduce(Snapshot::and)) {
            Some(snapshot) => self.snapshots.push((at.duration_since(self.began).as_secs_f64(), snapshot)),
            None => self.failed += 1,
        }
        self.took += at.elapsed();
        self.count += 1;
    }

    fn series(self, systems: Vec<System>) -> Series {
        let cost_s = self.took.as_secs_f64() / f64::from(self.count);
        Series { systems, snapshots: self.snapshots, cost_s, failed: self.failed }
    }
}

fn scrape(client: &Client, path: &str) -> Option<Snapshot> {
    let body = client.get(path).ok()?;
    Snapshot::of(&String::from_utf8_lossy(&body))
}
