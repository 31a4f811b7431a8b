//! The request log: what clients write while they serve, and what becomes of it.
//!
//! Each client writes rows into its own chunk, without a lock, and passes full chunks to one thread that adds them
//! up and writes them to disk. If that thread cannot keep up, clients wait for it: memory stays bounded, nothing is
//! lost, and a schedule shows the wait as send lag.

mod blocks;
mod distribution;
mod memory;
mod row;
mod rows_csv;
mod sample;
mod tally;

use std::io;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use bench_core::probe::Growth;

pub(crate) use distribution::Distribution;
pub(crate) use row::{Ended, Outcome, Row};
pub(crate) use rows_csv::{Header, RowsCsv};
pub(crate) use tally::{Tally, percentile_name};

use crate::domain::{Domain, Facts};
use crate::phase::Phase;
use memory::Memory;
use sample::{Dots, Thinned};

/// Rows that a client collects before it hands them over.
const CHUNK: usize = 256;

/// Chunks on their way; clients wait when there are more.
const CHUNKS: usize = 16;

/// How long rows gather that are handed over one by one.
const GATHERED: Duration = Duration::from_millis(1);

/// A client does not keep rows longer than this, if it has anything to do.
const KEEP_NS: u64 = 200_000_000;

/// Latencies that stand for the time of an iteration.
const LATENCIES: usize = 5000;

/// Messages of errors that are told apart.
const MOST_ERRORS: usize = 1000;

/// The clients' end of the log.
#[derive(Clone, Debug)]
pub(crate) struct Inlet {
    sender: SyncSender<Vec<Row>>,
    capacity: usize,
}

/// What one client writes.
#[derive(Debug)]
pub(crate) struct Recorder {
    inlet: Inlet,
    chunk: Vec<Row>,
    handed_over_ns: u64,
}

/// The end from which rows are read.
pub(crate) struct Outlet {
    receiver: Receiver<Vec<Row>>,
    at_once: bool,
}

impl Outlet {
    /// The next rows; `None` when the log is closed.
    fn next(&self) -> Option<Vec<Row>> {
        let chunk = match self.receiver.try_recv() {
            Ok(chunk) => Some(chunk),
            Err(_) => {
                // Rows that are handed over one by one gather while this thread sleeps. To be woken for each of them would
                // take a processor from what is measured, between every two requests.
                if self.at_once {
                    std::thread::sleep(GATHERED);
                }
                self.receiver.recv().ok()
            }
        };
        chunk.filter(|chunk| !chunk.is_empty())
    }
}

/// A log. With `at_once` every row is handed over when it is written: a client that may be given up must
/// not keep any.
pub(crate) fn log(at_once: bool) -> (Inlet, Outlet) {
    let capacity = if at_once { 1 } else { CHUNK };
    let (sender, receiver) = sync_channel(CHUNKS * CHUNK / capacity);
    (Inlet { sender, capacity }, Outlet { receiver, at_once })
}

impl Inlet {
    pub(crate) fn recorder(&self) -> Recorder {
        Recorder { inlet: self.clone(), chunk: Vec::with_capacity(self.capacity), handed_over_ns: 0 }
    }

    /// Says that no row will follow, even if another end is still open.
    pub(crate) fn close(&self) {
        // Where nobody listens, nobody needs to know.
        let _ = self.sender.send(Vec::new());
    }
}

impl Recorder {
    pub(crate) fn push(&mut self, row: Row) {
        let end_ns = row.end_ns;
        self.chunk.push(row);
        if self.chunk.len() >= self.inlet.capacity || end_ns.saturating_sub(self.handed_over_ns) >= KEEP_NS {
            self.flush();
            self.handed_over_ns = end_ns;
        }
    }

    pub(crate) fn flush(&mut self) {
        if !self.chunk.is_empty() {
            let full = std::mem::replace(&mut self.chunk, Vec::with_capacity(self.inlet.capacity));
            // Where nobody listens any more, the level is over, and the row came too late to count.
            let _ = self.inlet.sender.send(full);
        }
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.flush();
    }
}

/// What a level's rows have come to.
pub(crate) struct Logged {
    /// All of them.
    pub(crate) whole: Tally,
    /// Those of the steady part.
    pub(crate) steady: Tally,
    /// Headline latencies of some, in nanoseconds, in order of time.
    pub(crate) latency_ns: Vec<u64>,
    /// Requests over time.
    pub(crate) dots: Dots,
    /// Resident memory against requests.
    pub(crate) growth: Growth,
    /// What failed requests said, and how often.
    pub(crate) errors: Vec<(String, u64)>,
    /// What was odd about requests, and how often.
    pub(crate) oddities: Vec<(String, u64)>,
    /// Processor time of the thread that added them up, in nanoseconds.
    pub(crate) cpu_ns: u64,
    /// Why rows could not be written, if they could not.
    pub(crate) trouble: Option<io::Error>,
}

/// How rows are to be understood.
pub(crate) struct Meaning<'a> {
    pub(crate) domain: &'static Domain,
    pub(crate) facts: &'a [Facts],
    /// Whether requests have a schedule, and so a scheduled latency.
    pub(crate) scheduled: bool,
    /// Conditions that a request must meet to count as good.
    pub(crate) slo: &'a crate::slo::Slo,
    pub(crate) phase: &'a Phase,
}

/// Reads rows until the log is closed.
pub(crate) fn add_up(outlet: &Outlet, meaning: &Meaning<'_>, csv: Option<&mut RowsCsv>) -> Logged {
    let mut csv = csv;
    let began = crate::clock::thread_cpu_ns();
    let mut logged = Logged {
        whole: Tally::new(meaning.domain),
        steady: Tally::new(meaning.domain),
        latency_ns: Vec::new(),
        dots: Dots::default(),
        growth: Growth::default(),
        errors: Vec::new(),
        oddities: Vec::new(),
        cpu_ns: 0,
        trouble: None,
    };
    let mut latencies = Thinned::new(LATENCIES);
    let mut memory = Memory::default();
    while let Some(chunk) = outlet.next() {
        for row in chunk {
            let facts = &meaning.facts[row.input as usize % meaning.facts.len().max(1)];
            let seen = row.seen(facts);
            if logged.growth.wants(row.end_ns) {
                memory = Memory::now();
                // What the log itself keeps of each request is not the model's, nor are the stacks of clients that
                // are still being started.
                let held = logged.whole.held_bytes() + logged.steady.held_bytes();
                let now = memory.resident.filter(|_| meaning.phase.has_begun(row.end_ns));
                let now = now.map(|bytes| bytes.saturating_sub(held));
                logged.growth.note(logged.whole.requests(), now);
            }
            let latency_s = if meaning.scheduled {
                seen.times.scheduled_latency_s()
            } else {
                seen.times.service_latency_s()
            };
            let good = row.outcome == Outcome::Served && meaning.slo.meets(meaning.domain, &seen, latency_s);
            logged.whole.add(&row, &seen, latency_s, good);
            match meaning.phase.holds(row.sent_ns, row.end_ns) {
                (true, true) => logged.steady.add(&row, &seen, latency_s, good),
                // What ends in it was done in it, even if it was begun before.
                (false, true) => logged.steady.add_rates(&row, &seen, good),
                _ => {}
            }
            logged.dots.add(&row, latency_s);
            if row.outcome == Outcome::Served {
                latencies.add(row.number, (latency_s * 1e9) as u64);
            }
            let odd = row.oddity();
            if let Some(odd) = odd {
                count(&mut logged.oddities, odd);
            } else if let (Outcome::Served, Some(note)) = (row.outcome, &row.note) {
                count(&mut logged.oddities, note);
            }
            if let (Outcome::Served, Some(missing)) = (row.outcome, (meaning.domain.missing)(&seen)) {
                count(&mut logged.oddities, missing);
            }
            if row.outcome != Outcome::Served {
                count(&mut logged.errors, row.note.as_deref().unwrap_or("no message"));
            }
            if let (Some(csv), None) = (csv.as_deref_mut(), &logged.trouble)
                && let Err(error) = csv.write(meaning, &row, &seen, odd, memory, good)
            {
                logged.trouble = Some(error);
            }
        }
    }
    if let (Some(csv), None) = (csv, &logged.trouble)
        && let Err(error) = csv.flush()
    {
        logged.trouble = Some(error);
    }
    logged.latency_ns = latencies.in_order();
    logged.cpu_ns = crate::clock::thread_cpu_ns().saturating_sub(began);
    logged
}

fn count(told: &mut Vec<(String, u64)>, message: &str) {
    const OTHERS: &str = "other messages";
    let full = told.len() >= MOST_ERRORS;
    let known = |told: &[(String, u64)], message: &str| told.iter().position(|(known, _)| known == message);
    let place = known(told, message).or_else(|| if full { known(told, OTHERS) } else { None });
    match place {
        Some(place) => told[place].1 += 1,
        None => told.push((if full { OTHERS } else { message }.to_owned(), 1)),
    }
}

#[cfg(test)]
mod tests;
