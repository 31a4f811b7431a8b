//! The interface for crates that measure requests instead of iterations, such as `bench-load`.

use std::time::{Duration, Instant};

use super::{Bencher, Observed, State};
use crate::error::Error;
use crate::sampling::Phase;
use bench_protocol::{Assignment, Mode, Reading, RequestLevels, WarmUp};

/// Measures requests. Each round of a case calls it once, through [`Bencher::serve`].
pub trait Serve {
    /// Serves exactly `requests` requests without recording them, and returns the sum of their latencies, as their
    /// clients see them.
    ///
    /// # Errors
    /// The error of the first request that failed.
    fn batch(&mut self, requests: u64) -> Result<Duration, Error>;

    /// Serves and records all requests of the round.
    ///
    /// # Errors
    /// If there is no figure to show, because nothing could be run, or because all requests of a level failed.
    fn measure(&mut self, round: &mut Round<'_>) -> Result<Measured, Error>;
}

/// The result of [`Serve::measure`].
#[derive(Debug, Default)]
pub struct Measured {
    /// The levels, as the record keeps them: `bench_record::Served` as JSON; empty if there is nothing to keep.
    pub served: String,
    /// Number of requests of all levels together.
    pub requests: u64,
    /// The course of the warm-up.
    pub warm_up: WarmUp,
    /// Latencies of single requests, in nanoseconds, in order of time. Summaries and comparisons use them as the
    /// times of iterations.
    pub latency_ns: Vec<u64>,
    /// The reason why the round has failed although something was measured; `None` if it has not failed.
    pub failure: Option<String>,
}

/// The round that a [`Serve`] measures.
pub struct Round<'a> {
    bencher: &'a mut Bencher,
}

impl Round<'_> {
    /// Returns the runner's settings for this round.
    pub fn assignment(&self) -> &Assignment {
        &self.bencher.assignment
    }

    /// Returns the time at which the runner ends the round, like [`Bencher::deadline`].
    pub fn deadline(&self) -> Option<Instant> {
        self.bencher.deadline
    }

    /// Same as [`Bencher::expects`].
    ///
    /// # Errors
    /// Same as [`Bencher::expects`].
    pub fn expects(&mut self, time: Duration) -> Result<(), Error> {
        self.bencher.expects(time)
    }

    /// Returns the readings of the probes for the level that has just ended, in which `requests` were served. They
    /// cover the time since the previous call, or since the round began.
    pub fn level(&mut self, requests: u64) -> Vec<Reading> {
        self.bencher.probes.level(requests)
    }
}

impl Bencher {
    /// Returns the time at which the runner ends the round (`timeout`), including the additional time that the round
    /// has announced. `None` if there is no limit.
    pub fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// Whether the user set the [`deadline`](Self::deadline), so that nothing extends it.
    pub fn deadline_is_hard(&self) -> bool {
        self.assignment.timeout_is_hard
    }

    /// Returns the runner's settings for this round.
    pub fn assignment(&self) -> &Assignment {
        &self.assignment
    }

    /// Announces that the following work takes `time` because of its own settings. The runner waits that much longer,
    /// unless the user has set the timeout.
    ///
    /// # Errors
    /// When the runner cannot be reached.
    pub fn expects(&mut self, time: Duration) -> Result<(), Error> {
        if self.assignment.mode != Mode::Sample || self.assignment.timeout_is_hard {
            return Ok(());
        }
        self.schedule.expects(time)?;
        self.deadline = self.deadline.and_then(|deadline| deadline.checked_add(time));
        Ok(())
    }

    /// Whether [`leave`](Self::leave) can be called: this process was started only for this round.
    pub fn can_leave(&self) -> bool {
        self.leave.is_some()
    }

    /// Reports the error, or the measurements so far, and ends the process. Use it for a round whose threads will never
    /// return.
    ///
    /// # Errors
    /// If the process does not belong to this round alone, or the runner cannot be reached.
    pub fn leave(&mut self, outcome: Result<(), Error>) -> Result<(), Error> {
        let wanted = "threads can be left behind only in a process that ends with the round";
        let leave = self.leave.take().ok_or_else(|| Error::failure(wanted))?;
        let outcome = outcome.map(|()| self.observed());
        leave(outcome)
    }

    /// Hands the round over to `serve`, which measures requests instead of iterations. Before that, one request is
    /// served and timed as the first call. If the runner gives single batches, for a paired comparison, `serve` gets
    /// them one by one. If instructions are counted, it gets batches of one request, and the part marked with
    /// [`counted`](crate::bencher::counted) is the count of the case.
    ///
    /// # Errors
    /// The errors of `serve`.
    pub fn serve(&mut self, serve: &mut dyn Serve) -> Result<(), Error> {
        while let Some(batch) = self.next_batch() {
            let elapsed = serve.batch(batch.iterations);
            self.note(batch, elapsed);
            if batch.phase == Phase::FirstCall && self.assignment.mode == Mode::Sample {
                break;
            }
        }
        if self.assignment.mode == Mode::Sample && matches!(self.state, State::Fresh) {
            self.probes.begin();
            let measured = serve.measure(&mut Round { bencher: self });
            // The round does not fail if such a request fails: it is served only for a probe.
            let mut another = || serve.batch(1).is_ok();
            let handed_in = measured.and_then(|measured| self.hand_in(measured, &mut another));
            match handed_in {
                Ok(()) => self.state = State::Measured,
                Err(error) => self.fail(error),
            }
        }
        self.take_failure()
    }

    /// Reports the result to the runner. `another` serves a further request for a probe, and returns whether it
    /// succeeded.
    fn hand_in(&mut self, measured: Measured, another: &mut dyn FnMut() -> bool) -> Result<(), Error> {
        let Measured { served, requests, warm_up, latency_ns, failure } = measured;
        self.iterations = requests;
        while self.probes.wants_another(self.iterations) && another() {}
        self.probes.end(self.iterations);
        let served = Some(served.as_str()).filter(|served| !served.is_empty());
        let served = served
            .map(RequestLevels::from_json)
            .transpose()
            .map_err(|error| Error::failure(format!("what was served is not a JSON object: {error}")))?;
        self.schedule.bring(warm_up, latency_ns, served)?;
        failure.map_or(Ok(()), |message| Err(Error::failure(message)))
    }

    /// Takes out the observations so far.
    fn observed(&mut self) -> Observed {
        Observed {
            probes: std::mem::take(&mut self.probes),
            queue: self.queue.clone(),
            counters: std::mem::take(&mut self.counters),
            reports: std::mem::take(&mut self.reports),
            iterations: self.iterations,
            inputs_alive: None,
        }
    }
}
