//! Turns frames into a round.

use std::time::{Duration, Instant};

use bench_protocol::{FailureKind, Frame, Mode, PROTOCOL};
use bench_record::{Cause, Failure, RoundCounts, RoundRecord, Served};
use bench_syntax::quantity::{Seconds, nanoseconds};

/// The maximum number of samples in a round, more than any needs: a worker that sends them without end must not fill
/// the memory of the runner.
const MOST_SAMPLES: usize = 1 << 25;

/// Collects the frames of a worker.
#[derive(Debug, Default)]
pub struct Collector {
    round: RoundRecord,
    closed: bool,
    shared: bool,
    ready: Option<Instant>,
    start_up_ns: u64,
}

impl Collector {
    /// Takes a frame.
    ///
    /// # Errors
    /// The fault, if it breaks the protocol.
    pub fn take(&mut self, frame: Frame) -> Result<(), String> {
        if self.closed {
            return Err("a frame after the last one".to_owned());
        }
        match frame {
            Frame::Ready { .. } if self.ready.is_some() => return Err("`ready` twice".to_owned()),
            Frame::Ready { protocol: PROTOCOL, shared, .. } => {
                self.ready = Some(Instant::now());
                self.shared = shared;
            }
            Frame::Ready { protocol, .. } => {
                return Err(format!(
                    "it speaks version {protocol} of the worker protocol, this runner version {PROTOCOL}"
                ));
            }
            frame if self.ready.is_none() => {
                return Err(format!("`{}` before `ready`", frame.name()));
            }
            Frame::StartUp { ns } => {
                // Reported start-up time does not count against the timeout, so it is limited to the time that has
                // passed.
                let passed = self.ready.map_or(0, |ready| nanoseconds(ready.elapsed()));
                self.start_up_ns = self.start_up_ns.saturating_add(ns).min(passed);
            }
            Frame::Loaded { ns } => {
                let before = self.round.load_ns.unwrap_or_default();
                self.round.load_ns = Some(before.saturating_add(ns));
            }
            Frame::FirstCall { ns } => self.round.first_call_ns = Some(ns),
            Frame::Expects { ns } => {
                *self.round.expected_s.get_or_insert(0.0) += Seconds::from_ns(ns).0;
            }
            Frame::WarmedUp(warm_up) => self.round.warm_up = Some(warm_up),
            Frame::Samples { iterations, ns } => {
                if iterations == 0
                    || !self.round.sample_ns.is_empty() && iterations != self.round.iterations_per_sample
                {
                    return Err(format!(
                        "samples of {iterations} iterations after samples of {}",
                        self.round.iterations_per_sample
                    ));
                }
                if self.round.sample_ns.len() + ns.len() > MOST_SAMPLES {
                    return Err(format!("expected at most {MOST_SAMPLES} samples in a round, found more"));
                }
                self.round.iterations_per_sample = iterations;
                self.round.sample_ns.extend(ns);
            }
            Frame::Served(served) => {
                let served = Served::from_json(served.as_json())
                    .map_err(|error| format!("`served` does not follow its schema ({error})"))?;
                self.round.served = Some(served);
            }
            Frame::Finished(finish) => {
                self.closed = true;
                self.round.inputs_alive = finish.inputs_alive;
                self.round.counters = finish.counters;
                self.round.probes = finish.probes;
                self.round.clock_resolution_ns = finish.clock_resolution_ns;
                self.round.empty_iteration_ns = finish.empty_iteration_ns;
            }
            Frame::Failed { kind, message } => {
                self.closed = true;
                let cause = match kind {
                    FailureKind::Panic => Cause::Panic,
                    FailureKind::Error => Cause::Error,
                };
                self.round.failure = Some(Failure::new(cause, message));
            }
            Frame::Skipped { reason } => {
                self.closed = true;
                self.round.skipped = Some(reason);
            }
        }
        Ok(())
    }

    /// Begins a round in a worker that has measured others before.
    pub fn goes_on(&mut self) {
        self.ready = Some(Instant::now());
        self.shared = true;
    }

    /// Whether the worker has offered to measure further cases.
    pub fn is_shared(&self) -> bool {
        self.shared
    }

    /// Whether the case has neither failed nor been skipped so far.
    pub fn is_well(&self) -> bool {
        self.round.is_ok()
    }

    /// Returns the start-up time that the worker has reported.
    pub fn start_up(&self) -> Duration {
        Duration::from_nanos(self.start_up_ns)
    }

    /// Returns the time at which the worker was ready.
    pub fn ready_at(&self) -> Option<Instant> {
        self.ready
    }

    /// Records how long the process took until it was ready. The start-up time that it has reported is added.
    pub fn started_in(&mut self, ns: u64) {
        self.start_up_ns = self.start_up_ns.saturating_add(ns);
    }

    /// Fails a round that should have been measured and ended normally, but has no figures.
    pub fn check_figures(&mut self, mode: Mode) {
        let has_figures = !self.round.sample_ns.is_empty() || self.round.served.is_some();
        if mode == Mode::Sample && self.round.is_ok() && !has_figures {
            self.fail(Cause::Protocol, "expected `samples` before `finished`, found none");
        }
    }

    /// Returns the time that the worker needs beyond the time that it was given, as it has reported.
    pub fn expected(&self) -> Duration {
        Duration::try_from_secs_f64(self.round.expected_s.unwrap_or_default()).unwrap_or(Duration::MAX)
    }

    /// Whether the worker has sent its last frame.
    pub fn is_closed(&self) -> bool {
        self.closed
    }

    /// Records a failure that the worker could not report itself; the first one is kept.
    pub fn fail(&mut self, cause: Cause, message: impl Into<String>) {
        self.closed = true;
        self.round.failure.get_or_insert_with(|| Failure::new(cause, message));
    }

    /// Adds the counts of valgrind if they could be read; adds nothing to a round without figures.
    pub fn count(&mut self, counts: Result<RoundCounts, String>) {
        match counts {
            Ok(counts) if self.round.is_ok() => self.round.counts = Some(counts),
            Err(message) if self.round.is_ok() => self.fail(Cause::Protocol, message),
            Ok(_) | Err(_) => {}
        }
    }

    /// Returns the round, with the end of the worker's output if it failed.
    pub fn finish(mut self, output_tail: String) -> RoundRecord {
        self.round.start_up_ns = Some(self.start_up_ns).filter(|_| self.ready.is_some());
        if let Some(failure) = &mut self.round.failure {
            failure.output_tail = output_tail;
        }
        self.round
    }
}
