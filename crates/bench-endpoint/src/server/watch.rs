//! Scrapes a server while it is loaded.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use super::figures::{Figure, Snapshot, System};
use crate::client::Client;

/// The interval between scrapes, each of which costs the server a request of the kind that it is made for.
const EVERY: Duration = Duration::from_secs(1);

/// How often it is looked whether the run has ended.
const LOOK: Duration = Duration::from_millis(50);

/// How often the last scrape is repeated while the server's counters still grow: some count an answer after it was sent.
const LAST: usize = 5;

/// The metrics of a server over a run: at least before and after it.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// The seconds since the first scrape, and the metrics at that time.
    pub snapshots: Vec<(f64, Snapshot)>,
    /// The average duration of a scrape, in seconds.
    pub cost_s: f64,
    /// Scrapes that failed.
    pub failed: u64,
}

impl Series {
    /// Returns the server software.
    pub fn system(&self) -> Option<System> {
        self.snapshots.first().map(|(_, snapshot)| snapshot.system)
    }

    /// Returns the growth of a counter; `None` if it is missing at either end, or has begun again in between.
    pub fn growth(&self, figure: Figure) -> Option<f64> {
        let values: Option<Vec<f64>> = self.snapshots.iter().map(|(_, one)| one.get(figure)).collect();
        let values = values.filter(|values| values.len() > 1)?;
        let is_reset = values.windows(2).any(|pair| pair[1] < pair[0]);
        (!is_reset).then(|| values[values.len() - 1] - values[0])
    }

    /// The highest value of a gauge after the first scrape, which is before the load.
    pub fn most(&self, figure: Figure) -> Option<f64> {
        self.snapshots.iter().skip(1).filter_map(|(_, one)| one.get(figure)).reduce(f64::max)
    }

    /// Returns the value of a figure before the load.
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

/// A thread that scrapes.
pub struct Watch {
    over: Arc<AtomicBool>,
    thread: JoinHandle<Series>,
}

impl Watch {
    /// Scrapes once, and then about once a second until [`end`](Self::end). `None` if the address does not have the
    /// metrics of a known server.
    pub fn start(client: Client, path: &str) -> Option<Self> {
        let path = path.to_owned();
        let began = Instant::now();
        let first = scrape(&client, &path)?;
        let over = Arc::new(AtomicBool::new(false));
        let own = Arc::clone(&over);
        let mut seen =
            Seen { began, took: began.elapsed(), count: 1, failed: 0, snapshots: vec![(0.0, first)] };
        let watch = move || {
            let mut next = began + EVERY;
            while !own.load(Ordering::Acquire) {
                if Instant::now() >= next {
                    seen.scrape(&client, &path);
                    next = Instant::now() + EVERY;
                }
                std::thread::sleep(LOOK);
            }
            for _ in 0..LAST {
                let before = seen.snapshots.last().map(|(_, snapshot)| snapshot.clone());
                seen.scrape(&client, &path);
                if seen.snapshots.last().map(|(_, snapshot)| snapshot) == before.as_ref() {
                    break;
                }
                std::thread::sleep(LOOK);
            }
            seen.series()
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

/// The values so far.
struct Seen {
    began: Instant,
    took: Duration,
    count: u32,
    failed: u64,
    snapshots: Vec<(f64, Snapshot)>,
}

impl Seen {
    fn scrape(&mut self, client: &Client, path: &str) {
        let at = Instant::now();
        match scrape(client, path) {
            Some(snapshot) => self.snapshots.push((at.duration_since(self.began).as_secs_f64(), snapshot)),
            None => self.failed += 1,
        }
        self.took += at.elapsed();
        self.count += 1;
    }

    fn series(self) -> Series {
        let cost_s = self.took.as_secs_f64() / f64::from(self.count);
        Series { snapshots: self.snapshots, cost_s, failed: self.failed }
    }
}

fn scrape(client: &Client, path: &str) -> Option<Snapshot> {
    let body = client.get(path).ok()?;
    Snapshot::of(&String::from_utf8_lossy(&body))
}
