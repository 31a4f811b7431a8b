//! Adds up rows, one after another.

use bench_core::probe::Growth;

use super::memory::Memory;
use super::sample::{Dots, Thinned};
use super::{Logged, Meaning, Outcome, Row, RowsCsv, Tally, count};

/// The number of latencies that are kept as times of iterations.
pub(super) const LATENCIES: usize = 5000;

/// Adds up rows in any order, and writes them to a file if there is one.
pub(crate) struct Adder<'a> {
    meaning: &'a Meaning<'a>,
    csv: Option<&'a mut RowsCsv>,
    logged: Logged,
    latencies: Thinned<u64>,
    memory: Memory,
}

impl<'a> Adder<'a> {
    pub(crate) fn new(meaning: &'a Meaning<'a>, csv: Option<&'a mut RowsCsv>) -> Self {
        let logged = Logged {
            whole: Tally::new(meaning.domain),
            steady: Tally::new(meaning.domain),
            latency_ns: Vec::new(),
            dots: Dots::default(),
            growth: Growth::default(),
            errors: Vec::new(),
            oddities: Vec::new(),
            cpu_ns: 0,
            trouble: None,
            coded: Vec::new(),
        };
        Adder { meaning, csv, logged, latencies: Thinned::new(LATENCIES), memory: Memory::default() }
    }

    /// Adds a row of another worker, without readings of memory: those of this process would be wrong.
    pub(crate) fn add_kept(&mut self, row: &Row) {
        self.add(row, Memory::default);
    }

    /// Adds a row; `memory` reads the memory of this process when a reading is due.
    pub(super) fn add(&mut self, row: &Row, memory: impl FnOnce() -> Memory) {
        let (meaning, logged) = (self.meaning, &mut self.logged);
        let facts = &meaning.facts[row.input as usize % meaning.facts.len().max(1)];
        let seen = row.seen(facts);
        if logged.growth.wants(row.end_ns) {
            self.memory = memory();
            // The memory that the log keeps for each request is not the model's, nor are the stacks of clients that are
            // still being started.
            let held = logged.whole.held_bytes() + logged.steady.held_bytes();
            let now = self.memory.resident.filter(|_| meaning.phase.has_begun(row.end_ns));
            let now = now.map(|bytes| bytes.saturating_sub(held));
            logged.growth.note(logged.whole.requests(), now);
        }
        let latency_s =
            if meaning.scheduled { seen.times.scheduled_latency_s() } else { seen.times.service_latency_s() };
        let good = row.outcome == Outcome::Served && meaning.slo.meets(meaning.domain, &seen, latency_s);
        logged.whole.add(row, &seen, latency_s, good);
        match meaning.phase.holds(row.sent_ns, row.end_ns) {
            (true, true) => logged.steady.add(row, &seen, latency_s, good),
            // A request that ends in the steady part counts for its rates, even if it was sent before.
            (false, true) => logged.steady.add_rates(row, &seen, good),
            _ => {}
        }
        logged.dots.add(row, latency_s);
        if row.outcome == Outcome::Served {
            self.latencies.add(row.number, (latency_s * 1e9) as u64);
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
        if let (Some(csv), None) = (self.csv.as_deref_mut(), &logged.trouble)
            && let Err(error) = csv.write(meaning, row, &seen, odd, self.memory, good)
        {
            logged.trouble = Some(error);
        }
    }

    /// Returns the totals.
    pub(crate) fn finish(mut self) -> Logged {
        if let (Some(csv), None) = (self.csv, &self.logged.trouble)
            && let Err(error) = csv.flush()
        {
            self.logged.trouble = Some(error);
        }
        self.logged.latency_ns = self.latencies.in_order();
        self.logged
    }
}
