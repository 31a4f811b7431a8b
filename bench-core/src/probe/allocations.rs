//! The probe of allocations: how many and how large they are in each iteration.

use std::time::{Duration, Instant};

use crate::allocation;
use crate::allocation::{NotCounted, Session, Tally};
use crate::probe::{Probe, ProbeFactory};
use bench_protocol::{Observation, Reading};

inventory::submit! { ProbeFactory::new("allocations", || Box::new(Allocations::default())) }

/// No further iteration is counted once this time has passed, but at least one iteration is.
const LONG_ENOUGH: Duration = Duration::from_millis(1);
/// The largest number of iterations that are counted.
const MOST: u64 = 100;

/// Counts the allocations of iterations after the last sample, on all threads, between the start and the stop of the
/// clock. Counting takes about a nanosecond per call, which must not be part of the time.
#[derive(Default)]
struct Allocations {
    /// The count of the iteration that is running.
    session: Option<Session>,
    /// The reason why the last session could not be opened.
    refused: Option<NotCounted>,
    began: Option<Instant>,
    iterations: u64,
    /// The sums of the allocations of all iterations, and the highest of their peaks.
    seen: Tally,
}

impl Probe for Allocations {
    fn name(&self) -> &'static str {
        "allocations"
    }

    fn begin(&mut self) -> Result<(), String> {
        allocation::check().map_err(|reason| reason.to_string())
    }

    fn wants_another(&mut self) -> bool {
        let began = *self.began.get_or_insert_with(Instant::now);
        if let Some(session) = self.session.take() {
            let tally = session.finish();
            self.iterations += 1;
            self.seen.allocations += tally.allocations;
            self.seen.bytes += tally.bytes;
            self.seen.peak_live_bytes = self.seen.peak_live_bytes.max(tally.peak_live_bytes);
            if self.iterations == MOST || began.elapsed() >= LONG_ENOUGH {
                return false;
            }
        }
        match Session::open() {
            Ok(session) => self.session = Some(session),
            Err(reason) => self.refused = Some(reason),
        }
        self.session.is_some()
    }

    fn end(&mut self, _iterations: u64) -> Result<Observation, String> {
        if self.iterations == 0 {
            return Err(match self.refused {
                Some(reason) => reason.to_string(),
                None => {
                    "no iteration was counted: it failed, or none could be run after the samples".to_owned()
                }
            });
        }
        let per_iteration = |sum: u64| sum as f64 / self.iterations as f64;
        Ok(vec![
            Reading::new("allocations", "1/iteration", per_iteration(self.seen.allocations)),
            Reading::new("allocated", "bytes/iteration", per_iteration(self.seen.bytes)),
            Reading::new("peak_live", "bytes", self.seen.peak_live_bytes as f64).max(),
        ]
        .into())
    }
}
