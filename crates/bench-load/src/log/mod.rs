//! The request log: clients write it while they serve, and it is evaluated afterwards.
//!
//! Each client writes rows into its own chunk, without a lock, and passes full chunks to one thread that adds them
//! up and writes them to disk. If that thread cannot keep up, clients wait for it: memory stays bounded, nothing is
//! lost, and a schedule shows the wait as send lag.

mod adder;
mod blocks;
mod coded;
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

pub(crate) use adder::Adder;
pub(crate) use coded::{Coded, Cut};
pub(crate) use distribution::Distribution;
pub(crate) use row::{Ended, Outcome, Row};
pub(crate) use rows_csv::{Header, RowsCsv};
pub(crate) use tally::{RATE, Tally, percentile_name};

use crate::domain::{Domain, Facts};
use crate::phase::Phase;
use memory::Memory;
use sample::Dots;

/// The number of rows that a client collects before it hands them over.
const CHUNK: usize = 256;

/// The maximum number of chunks that wait to be added up; clients wait when there are more.
const CHUNKS: usize = 16;

/// The time for which rows are collected that would otherwise be handed over one by one.
const GATHERED: Duration = Duration::from_millis(1);

/// The time after which a client hands over its rows together with the next one, in nanoseconds.
const KEEP_NS: u64 = 200_000_000;

/// The time for which a reading of this process's memory is reused while rows wait, in nanoseconds.
const LOOK_NS: u64 = 10_000_000;

/// The maximum number of different error messages.
const MOST_ERRORS: usize = 1000;

/// The clients' end of the log.
#[derive(Clone, Debug)]
pub(crate) struct Inlet {
    sender: SyncSender<Vec<Row>>,
    capacity: usize,
}

/// The recorder of one client.
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

/// Creates a log. With `at_once`, every row is handed over when it is written: a client that may be given up must not
/// keep any.
pub(crate) fn log(at_once: bool) -> (Inlet, Outlet) {
    let capacity = if at_once { 1 } else { CHUNK };
    let (sender, receiver) = sync_channel(CHUNKS * CHUNK / capacity);
    (Inlet { sender, capacity }, Outlet { receiver, at_once })
}

impl Inlet {
    pub(crate) fn recorder(&self) -> Recorder {
        Recorder { inlet: self.clone(), chunk: Vec::with_capacity(self.capacity), handed_over_ns: 0 }
    }

    /// Closes the log, even if another recorder is still open.
    pub(crate) fn close(&self) {
        // If the outlet is gone, there is nothing to close.
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
            // If the outlet is gone, the level is over, and the rows came too late to count.
            let _ = self.inlet.sender.send(full);
        }
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.flush();
    }
}

/// The result of a level's rows.
pub(crate) struct Logged {
    /// The tally of all requests.
    pub(crate) whole: Tally,
    /// The requests of the steady part.
    pub(crate) steady: Tally,
    /// The headline latencies of some requests, in nanoseconds, in order of time.
    pub(crate) latency_ns: Vec<u64>,
    /// Requests over time.
    pub(crate) dots: Dots,
    /// Resident memory against requests.
    pub(crate) growth: Growth,
    /// The messages of failed requests, and their frequency.
    pub(crate) errors: Vec<(String, u64)>,
    /// The irregularities of requests, and their frequency.
    pub(crate) oddities: Vec<(String, u64)>,
    /// Processor time of the thread that added them up, in nanoseconds.
    pub(crate) cpu_ns: u64,
    /// The reason why rows could not be written, if so.
    pub(crate) trouble: Option<io::Error>,
    /// The encoded rows for another worker; empty if they are not needed.
    pub(crate) coded: Vec<u8>,
}

/// The facts that are needed to interpret rows.
pub(crate) struct Meaning<'a> {
    pub(crate) domain: &'static Domain,
    pub(crate) facts: &'a [Facts],
    /// Whether requests have a schedule, and so a scheduled latency.
    pub(crate) scheduled: bool,
    /// Conditions that a request must meet to count as good.
    pub(crate) slo: &'a crate::slo::Slo,
    pub(crate) phase: &'a Phase,
    /// Whether rows are kept for another worker.
    pub(crate) keeps_rows: bool,
}

/// Reads rows until the log is closed. The rows for another worker are in [`Logged::coded`].
pub(crate) fn add_up(outlet: &Outlet, meaning: &Meaning<'_>, csv: Option<&mut RowsCsv>) -> Logged {
    let began = crate::clock::thread_cpu_ns();
    let mut coded = meaning.keeps_rows.then(Vec::new);
    let mut adder = Adder::new(meaning, csv);
    let mut add = |row: &Row, memory: &dyn Fn() -> Memory| {
        coded.iter_mut().for_each(|coded| coded::write(row, coded));
        adder.add(row, memory);
    };
    // Rows keep their order: those that come after an incomplete one wait with it.
    let mut waiting: Vec<(Row, Memory)> = Vec::new();
    let mut looked: Option<(u64, Memory)> = None;
    while let Some(chunk) = outlet.next() {
        for row in chunk {
            if waiting.is_empty() && row.later.is_none() {
                add(&row, &Memory::now);
                continue;
            }
            let recent = looked.filter(|(at_ns, _)| row.end_ns.saturating_sub(*at_ns) < LOOK_NS);
            let (at_ns, memory) = recent.unwrap_or_else(|| (row.end_ns, Memory::now()));
            looked = Some((at_ns, memory));
            waiting.push((row, memory));
        }
    }
    // From here on, processor time is not taken from the level.
    let cpu_ns = crate::clock::thread_cpu_ns().saturating_sub(began);
    for (mut row, memory) in waiting {
        row.complete();
        add(&row, &|| memory);
    }
    let mut logged = adder.finish();
    logged.coded = coded.unwrap_or_default();
    logged.cpu_ns = cpu_ns;
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
