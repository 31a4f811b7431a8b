//! From frames to a round.

use std::time::Duration;

use crate::protocol::{FailureKind, Frame, PROTOCOL};
use crate::quantity::Seconds;
use crate::record::{Cause, Failure, RoundCounts, RoundRecord};

/// Gathers what a worker says.
#[derive(Debug, Default)]
pub(super) struct Collector {
    round: RoundRecord,
    closed: bool,
}

impl Collector {
    /// Takes a frame.
    ///
    /// # Errors
    /// What is wrong with it, when it breaks the protocol.
    pub(super) fn take(&mut self, frame: Frame) -> Result<(), String> {
        if self.closed {
            return Err("a frame after the last one".to_owned());
        }
        match frame {
            Frame::Ready { protocol: PROTOCOL } => {}
            Frame::Ready { protocol } => {
                return Err(format!(
                    "it speaks version {protocol} of the worker protocol, this runner version {PROTOCOL}"
                ));
            }
            Frame::Loaded { ns } => *self.round.load_ns.get_or_insert(0) += ns,
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
                self.round.iterations_per_sample = iterations;
                self.round.sample_ns.extend(ns);
            }
            Frame::Served(served) => self.round.served = Some(*served),
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
                self.round.failure = Some(Failure { cause, message, output_tail: String::new() });
            }
            Frame::Skipped { reason } => {
                self.closed = true;
                self.round.skipped = Some(reason);
            }
        }
        Ok(())
    }

    /// What the worker said that it needs beyond the time that it was given.
    pub(super) fn expected(&self) -> Duration {
        Duration::try_from_secs_f64(self.round.expected_s.unwrap_or_default()).unwrap_or(Duration::MAX)
    }

    /// Whether the worker has said its last.
    pub(super) fn is_closed(&self) -> bool {
        self.closed
    }

    /// Records a failure that the worker could not tell itself; the first one stands.
    pub(super) fn fail(&mut self, cause: Cause, message: impl Into<String>) {
        self.closed = true;
        self.round.failure.get_or_insert(Failure {
            cause,
            message: message.into(),
            output_tail: String::new(),
        });
    }

    /// What valgrind has counted, where it could be read; nothing for a round that has no figures.
    pub(super) fn count(&mut self, counts: Result<RoundCounts, String>) {
        match counts {
            Ok(counts) if self.round.is_ok() => self.round.counts = Some(counts),
            Err(message) if self.round.is_ok() => self.fail(Cause::Protocol, message),
            Ok(_) | Err(_) => {}
        }
    }

    /// The round, with the end of the worker's output where it failed.
    pub(super) fn finish(mut self, output_tail: String) -> RoundRecord {
        if let Some(failure) = &mut self.round.failure {
            failure.output_tail = output_tail;
        }
        self.round
    }
}
