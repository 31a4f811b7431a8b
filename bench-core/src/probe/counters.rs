//! The probe of hardware counters: their values for each iteration.

use std::io;

use crate::probe::perf::{Counter, Event, refusal, threads};
use crate::probe::{Probe, ProbeFactory};
use bench_protocol::{Observation, Reading};

inventory::submit! { ProbeFactory::new("counters", || Box::new(Counters::default())) }

/// The counted events and their names.
const EVENTS: [(&str, Event); 4] = [
    ("hardware_instructions", Event::INSTRUCTIONS),
    ("cycles", Event::CYCLES),
    ("cache_misses", Event::CACHE_MISSES),
    ("branch_misses", Event::BRANCH_MISSES),
];

/// The largest number of threads that are counted: each needs one descriptor per event, and a process may usually have
/// 1024 descriptors.
const MOST_THREADS: usize = 64;

/// Hardware counters of all threads, without the kernel, from the first sample to the last, including setup between
/// samples. They are not read in between.
#[derive(Default)]
struct Counters {
    events: Vec<Counted>,
}

/// An event that the machine counts.
struct Counted {
    metric: &'static str,
    /// The counters of each thread that existed at the beginning; threads that these start are counted with them.
    threads: Vec<Counter>,
    /// The value at the end of the previous level.
    before: f64,
}

impl Counted {
    /// Returns the sum over the threads; NaN if a thread's counter cannot be read, or has never run.
    fn now(&self) -> f64 {
        self.threads.iter().map(|counter| counter.read().unwrap_or(f64::NAN)).sum()
    }
}

impl Probe for Counters {
    fn name(&self) -> &'static str {
        "counters"
    }

    fn begin(&mut self) -> Result<(), String> {
        let threads = threads();
        if threads.len() > MOST_THREADS {
            return Err(format!(
                "there are {} threads, and at most {MOST_THREADS} are counted",
                threads.len()
            ));
        }
        let mut refused = None;
        for (metric, event) in EVENTS {
            match threads.iter().map(|thread| Counter::open(event, *thread)).collect::<io::Result<_>>() {
                Ok(threads) => self.events.push(Counted { metric, threads, before: 0.0 }),
                // Some processors lack one of the events.
                Err(error) => refused = refused.or(Some(error)),
            }
        }
        match refused {
            Some(error) if self.events.is_empty() => Err(refusal(&error)),
            _ => Ok(()),
        }
    }

    fn level(&mut self, requests: u64) -> Vec<Reading> {
        let since = |counted: &mut Counted| {
            let now = counted.now();
            let count = now - std::mem::replace(&mut counted.before, now);
            (counted.metric, count)
        };
        readings(&self.events.iter_mut().map(since).collect::<Vec<_>>(), requests)
    }

    fn end(&mut self, iterations: u64) -> Result<Observation, String> {
        let all: Vec<_> = self.events.iter().map(|counted| (counted.metric, counted.now())).collect();
        self.events.clear();
        Ok(readings(&all, iterations).into())
    }
}

/// Returns the counts per iteration or request, and the instructions per cycle.
fn readings(counts: &[(&str, f64)], done: u64) -> Vec<Reading> {
    if done == 0 {
        return Vec::new();
    }
    let mut readings: Vec<Reading> = counts
        .iter()
        .map(|(metric, count)| Reading::new(metric, "1/iteration", count / done as f64))
        .collect();
    let count = |wanted: &str| counts.iter().find(|(metric, _)| *metric == wanted).map(|(_, count)| *count);
    if let (Some(instructions), Some(cycles)) = (count("hardware_instructions"), count("cycles")) {
        readings.push(Reading::new("instructions_per_cycle", "1", instructions / cycles).higher_is_better());
    }
    readings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_per_iteration_and_a_ratio_follows() {
        let all = readings(&[("hardware_instructions", 600.0), ("cycles", 300.0)], 10);
        let told: Vec<(&str, f64)> =
            all.iter().map(|reading| (reading.metric.as_str(), reading.value)).collect();
        assert_eq!(
            told,
            [("hardware_instructions", 60.0), ("cycles", 30.0), ("instructions_per_cycle", 2.0)]
        );
        assert_eq!(readings(&[("cycles", 300.0)], 10).len(), 1);
        assert!(readings(&[("cycles", 300.0)], 0).is_empty());
    }

    #[cfg(all(target_os = "linux", not(bench_portable)))]
    #[test]
    fn every_thread_is_found() {
        let (stop, stopped) = std::sync::mpsc::channel::<()>();
        let other = std::thread::spawn(move || stopped.recv());
        assert!(threads().len() >= 2);
        drop(stop);
        assert!(other.join().is_ok());
    }

    /// Checks, if the machine has counters, that a million additions take more than a million instructions.
    #[test]
    fn a_loop_is_counted_where_there_are_counters() {
        let mut probe = Counters::default();
        if let Err(reason) = probe.begin() {
            return eprintln!("skipped: {reason}");
        }
        for round in [1, 2] {
            assert!((0..1_000_000_u64).map(std::hint::black_box).sum::<u64>() > round);
        }
        let level = probe.level(2);
        let all = probe.end(2).expect("seen").readings;
        for seen in [&level[0], &all[0]] {
            assert!(seen.metric == "hardware_instructions" && seen.value > 1e6, "{seen:?}");
        }
    }
}
