//! [`Bencher`], with which a benchmark chooses the part that is timed.

use bench_protocol::{Counter, ProbeReport};
use std::rc::Rc;
use std::time::{Duration, Instant};

use crate::counting;
use crate::device::{Device, Queue};
use crate::error::Error;
use crate::probe::ProbeSet;
use crate::sampling::{Batch, Phase, Schedule};
use bench_protocol::{Assignment, DeviceChoice, Mode};

mod artifact;
mod inputs;
mod iterations;
mod output;
mod serving;

pub use crate::counting::counted;
pub use inputs::inputs_alive;
pub use serving::{Measured, Round, Serve};

/// Times the closure that a benchmark passes to one of its `iter` methods.
///
/// Everything before that call is setup and is not measured. A benchmark measures one closure.
///
/// ```no_run
/// use bench_core::prelude::*;
///
/// #[benchmark(category = "unit", args(len = [1_000, 100_000]))]
/// fn sort(b: &mut Bencher, len: usize) {
///     let values: Vec<u64> = b.load(|| (0..len as u64).rev().collect()); // timed separately
///     b.items(len).iter_batched(
///         || values.clone(), // not timed
///         |mut values| {
///             values.sort_unstable(); // timed
///             values
///         },
///     );
/// }
///
/// bench_core::main!();
/// ```
pub struct Bencher {
    assignment: Assignment,
    schedule: Box<dyn Schedule>,
    probes: ProbeSet,
    queue: Queue,
    leave: Option<Leave>,
    counters: Vec<Counter>,
    reports: Vec<ProbeReport>,
    iterations: u64,
    state: State,
    /// The time at which the runner ends the round; `None` if there is no limit.
    deadline: Option<Instant>,
    /// The number of inputs of `iter_batched` that are alive at once; `None` until it is decided.
    inputs_alive: Option<u64>,
    /// The process id. A benchmark that forks and lets the child return must not measure twice.
    process: u32,
}

#[derive(Debug)]
enum State {
    Fresh,
    /// All samples are taken; a probe may want further iterations.
    Sampled,
    Measured,
    Failed(Error),
}

/// The observations of a bencher at the time the benchmark returns.
pub(crate) struct Observed {
    pub(crate) probes: ProbeSet,
    pub(crate) queue: Queue,
    pub(crate) counters: Vec<Counter>,
    pub(crate) reports: Vec<ProbeReport>,
    pub(crate) iterations: u64,
    pub(crate) inputs_alive: Option<u64>,
}

/// A function that reports to the runner how the round ended, and ends the process, which belongs to this round alone.
/// It returns only if that failed.
pub(crate) type Leave = Box<dyn FnOnce(Result<Observed, Error>) -> Result<(), Error>>;

impl Bencher {
    pub(crate) fn new(
        assignment: Assignment,
        schedule: Box<dyn Schedule>,
        probes: ProbeSet,
        leave: Option<Leave>,
    ) -> Self {
        let deadline =
            assignment.timeout_ns.and_then(|ns| Instant::now().checked_add(Duration::from_nanos(ns)));
        // A single iteration, or a count of instructions, does not depend on other live inputs.
        let inputs_alive = match assignment.mode {
            Mode::Once | Mode::Count => Some(1),
            Mode::Sample | Mode::Step => assignment.inputs_alive,
        };
        Bencher {
            assignment,
            deadline,
            inputs_alive,
            schedule,
            probes,
            queue: Queue::default(),
            leave,
            counters: Vec::new(),
            reports: Vec::new(),
            iterations: 0,
            state: State::Fresh,
            process: std::process::id(),
        }
    }

    /// Prepares what the benchmark needs once per round (weights, a session). The time is reported separately, as
    /// `load`. If it is called more than once, the times add up.
    ///
    /// ```
    /// # use bench_core::prelude::*;
    /// fn look_up(b: &mut Bencher) {
    ///     let squares = b.load(|| (0..1000_u64).map(|n| n * n).collect::<Vec<_>>());
    ///     b.iter(|| squares.binary_search(&black_box(250_000)).is_ok());
    /// }
    /// ```
    pub fn load<T>(&mut self, prepare: impl FnOnce() -> T) -> T {
        let start = Instant::now();
        let loaded = prepare();
        let drained = self.queue.drain();
        let elapsed = start.elapsed();
        if let Err(error) = drained.and_then(|()| self.schedule.loaded(elapsed)) {
            self.fail(error);
        }
        loaded
    }

    /// Declares that the benchmark works on `device`. The clock then waits for the work that a sample has queued
    /// there, and reports the times of launching and of waiting separately (`launch_time`, `synchronisation_time`).
    /// Call it again for each further device. If it is called before [`load`](Self::load), the time of `load` also
    /// includes the wait. The probe `gpu` observes the device.
    ///
    /// ```
    /// # use bench_core::prelude::*;
    /// # use bench_core::device::Device;
    /// fn add<D: Device + Clone + 'static>(b: &mut Bencher, gpu: &D, launch_kernel: impl Fn()) {
    ///     b.device(gpu).iter(|| launch_kernel()); // the clock waits for what was launched
    /// }
    /// ```
    pub fn device<D: Device + Clone + 'static>(&mut self, device: &D) -> &mut Self {
        if let Some(uuid) = device.uuid() {
            self.probes.device(&uuid);
        }
        self.queue.add(Rc::new(device.clone()));
        self
    }

    /// Returns the device on which benchmarks should work, as chosen with `--device`.
    ///
    /// ```
    /// # use bench_core::prelude::*;
    /// # use bench_core::protocol::DeviceChoice;
    /// fn forward(b: &mut Bencher) {
    ///     let on_processor = b.wanted_device() == DeviceChoice::Cpu;
    ///     # b.iter(|| on_processor);
    /// }
    /// ```
    pub fn wanted_device(&self) -> DeviceChoice {
        self.assignment.devices.device.unwrap_or_default()
    }

    /// Declares that one iteration handles `count` items: the report shows items/s.
    ///
    /// ```
    /// # use bench_core::prelude::*;
    /// fn sum(b: &mut Bencher) {
    ///     let numbers = vec![1_u64; 4096];
    ///     b.items(numbers.len()).iter(|| numbers.iter().sum::<u64>());
    /// }
    /// ```
    pub fn items(&mut self, count: usize) -> &mut Self {
        self.count("items", count)
    }

    /// Declares that one iteration handles `count` bytes: the report shows bytes/s.
    ///
    /// ```
    /// # use bench_core::prelude::*;
    /// fn copy(b: &mut Bencher) {
    ///     let page = vec![7_u8; 4096];
    ///     b.bytes(page.len()).iter(|| page.clone());
    /// }
    /// ```
    pub fn bytes(&mut self, count: usize) -> &mut Self {
        self.count("bytes", count)
    }

    /// Declares that one iteration handles `count` of `unit` (in the plural: `images`, `tokens`). The report shows
    /// `unit`/s or, if a `Domain` defines one, the usual metric of the field.
    ///
    /// ```
    /// # use bench_core::prelude::*;
    /// fn classify(b: &mut Bencher, batch: usize) {
    ///     b.count("images", batch).iter(|| black_box(batch)); // IPS
    /// }
    /// ```
    pub fn count(&mut self, unit: &str, count: usize) -> &mut Self {
        self.counters.retain(|counter| counter.unit != unit);
        self.counters.push(Counter { unit: unit.to_owned(), per_iteration: count as u64 });
        self
    }

    /// Adds readings that do not come from a probe.
    #[doc(hidden)]
    pub fn report(&mut self, report: ProbeReport) {
        self.reports.push(report);
    }

    fn next_batch(&mut self) -> Option<Batch> {
        match &self.state {
            State::Failed(_) => return None,
            State::Measured => {
                self.fail(Error::failure(
                    "a benchmark measures one closure, but this one called an `iter` method twice",
                ));
                return None;
            }
            State::Sampled => return self.further_batch(),
            State::Fresh => {}
        }
        match self.schedule.next() {
            Ok(Some(batch)) => {
                if self.assignment.mode == Mode::Count {
                    counting::mark_as(counting::part_of(batch.phase));
                }
                if batch.phase == Phase::Sample && self.iterations == 0 {
                    self.queue.begin();
                    self.probes.begin();
                }
                Some(batch)
            }
            Ok(None) => {
                self.state = State::Sampled;
                self.further_batch()
            }
            Err(error) => {
                self.fail(error);
                None
            }
        }
    }

    /// Returns an iteration that a probe wants after the last sample; `None` if no probe wants one. Like a warm-up, it
    /// is not recorded.
    fn further_batch(&mut self) -> Option<Batch> {
        if self.assignment.mode == Mode::Sample && self.probes.wants_another(self.iterations) {
            return Some(Batch { phase: Phase::WarmUp, iterations: 1 });
        }
        self.probes.end(self.iterations);
        self.state = State::Measured;
        None
    }

    fn note(&mut self, batch: Batch, elapsed: Result<Duration, Error>) {
        if std::process::id() != self.process {
            crate::channel::refuse_fork();
        }
        let outcome = elapsed.and_then(|elapsed| {
            if batch.phase == Phase::Sample {
                self.iterations += batch.iterations;
                self.probes.sample();
            }
            self.schedule.record(batch, elapsed)
        });
        if let Err(error) = outcome {
            self.fail(error);
        }
    }

    fn fail(&mut self, error: Error) {
        if !matches!(self.state, State::Failed(_)) {
            self.state = State::Failed(error);
        }
    }

    fn take_failure(&mut self) -> Result<(), Error> {
        match std::mem::replace(&mut self.state, State::Measured) {
            State::Failed(error) => Err(error),
            state => {
                self.state = state;
                Ok(())
            }
        }
    }

    /// Returns the observations, once the benchmark has returned.
    ///
    /// # Errors
    /// The failure of an iteration, or that nothing was measured.
    pub(crate) fn finish(mut self) -> Result<Observed, Error> {
        self.take_failure()?;
        match self.state {
            State::Measured => Ok(Observed {
                probes: self.probes,
                queue: self.queue,
                counters: self.counters,
                reports: self.reports,
                iterations: self.iterations,
                inputs_alive: self.inputs_alive,
            }),
            State::Fresh | State::Sampled | State::Failed(_) => Err(Error::failure(
                "the benchmark returned without measuring: call one of the `iter` methods of its Bencher",
            )),
        }
    }
}

/// Runs the future of an `async` benchmark on a new runtime with one thread, which is the thread of the measured
/// closure.
#[cfg(feature = "tokio")]
#[doc(hidden)]
pub fn block_on<F: Future<Output = Result<(), Error>>>(future: F) -> Result<(), Error> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(future)
}
