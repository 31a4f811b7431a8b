//! A benchmark on several threads at once.
//!
//! Each thread makes its own inputs; when all are ready, they begin together, and each reads the clock around its own
//! iterations. The time of a batch is the mean over the threads. Instructions and allocations are those of all threads
//! together.

use std::any::Any;
use std::mem::needs_drop;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Barrier, Mutex, OnceLock, PoisonError};
use std::thread::{self, Builder};
use std::time::{Duration, Instant};

use bench_core::__private::{Stopwatch, inputs_alive};
use bench_core::{Bencher as Engine, Error};

/// The state that the threads share.
struct Gate {
    /// Whether all threads could be started. Each thread waits for this value.
    begun: OnceLock<bool>,
    /// The barrier at which the threads wait for each other.
    barrier: Barrier,
    /// The number of iterations of each thread in the current portion of the batch; 0 ends the threads.
    portion: AtomicU64,
    /// The sum of the times that the threads spent in the batch that is running.
    spent_ns: AtomicU64,
    /// The first panic of a thread.
    panic: Mutex<Option<Box<dyn Any + Send>>>,
}

/// Measures `run`, which consumes inputs and pushes outputs, on `threads` threads at once.
///
/// # Panics
/// When a thread has panicked, with the same message.
pub(crate) fn measure<I, O>(
    engine: &mut Engine,
    threads: NonZeroUsize,
    generate: &(impl Fn() -> I + Sync),
    run: &(impl Fn(&mut Vec<I>, &mut Vec<O>) + Sync),
) {
    let gate = Gate {
        begun: OnceLock::new(),
        barrier: Barrier::new(threads.get()),
        portion: AtomicU64::new(0),
        spent_ns: AtomicU64::new(0),
        panic: Mutex::new(None),
    };
    thread::scope(|scope| {
        for number in 1..threads.get() {
            let work = || {
                if *gate.begun.wait() {
                    while let Some(iterations) = gate.next() {
                        gate.take_part(iterations, generate, run, None);
                    }
                }
            };
            if let Err(error) = Builder::new().name(format!("bench {number}")).spawn_scoped(scope, work) {
                let _ = gate.begun.set(false);
                let message = format!("cannot start {threads} threads: {error}");
                return engine.each_batch(|_, _| Err(Error::failure(message.clone())));
            }
        }
        let _ = gate.begun.set(true);
        let _closing = Closing(&gate);
        let mut alive = (size_of::<I>() == 0 && !needs_drop::<O>()).then_some(u64::MAX);
        engine.each_batch(|iterations, _| {
            gate.spent_ns.store(0, Ordering::Relaxed);
            let mut left = iterations;
            while left > 0 && !gate.has_panicked() {
                let portion = left.min(alive.unwrap_or(1));
                let mut making = Duration::ZERO;
                gate.open(portion);
                gate.take_part(portion, generate, run, Some(&mut making));
                let bytes = size_of::<I>().max(size_of::<O>()) as u64;
                alive = alive.or_else(|| Some(inputs_alive(bytes, making)));
                left -= portion;
            }
            if gate.has_panicked() {
                return Err(Error::failure("a thread has panicked"));
            }
            Ok(Duration::from_nanos(gate.spent_ns.load(Ordering::Relaxed) / threads.get() as u64))
        });
    });
    if let Some(panic) = gate.panic.into_inner().unwrap_or_else(PoisonError::into_inner) {
        resume_unwind(panic);
    }
}

/// Ends the other threads when it is dropped.
struct Closing<'a>(&'a Gate);

impl Drop for Closing<'_> {
    fn drop(&mut self) {
        self.0.open(0);
    }
}

impl Gate {
    /// Lets the other threads begin a portion.
    fn open(&self, iterations: u64) {
        self.portion.store(iterations, Ordering::Relaxed);
        self.barrier.wait();
    }

    /// Waits for the next portion, and returns its number of iterations; `None` when there is none.
    fn next(&self) -> Option<u64> {
        self.barrier.wait();
        Some(self.portion.load(Ordering::Relaxed)).filter(|iterations| *iterations > 0)
    }

    /// Does one thread's part of a portion. The leading thread passes `making`, which is set to the time that it took
    /// to make one input; it also starts and stops the stopwatch. Panics are kept, so that no thread waits for one that
    /// has ended.
    fn take_part<I, O>(
        &self,
        iterations: u64,
        generate: &impl Fn() -> I,
        run: &impl Fn(&mut Vec<I>, &mut Vec<O>),
        making: Option<&mut Duration>,
    ) {
        let began = Instant::now();
        let made = self.kept(|| (0..iterations).map(|_| generate()).collect::<Vec<I>>());
        let leads = making.is_some();
        if let Some(making) = making {
            *making = began.elapsed() / u32::try_from(iterations).unwrap_or(u32::MAX).max(1);
        }
        let room = if needs_drop::<O>() { usize::try_from(iterations).unwrap_or_default() } else { 0 };
        let mut outputs = Vec::with_capacity(room);
        self.barrier.wait();
        // Starts before the other threads begin, and stops after they have ended: both act on all threads.
        let stopwatch = leads.then(Stopwatch::start);
        self.barrier.wait();
        let left = made.and_then(|mut inputs| {
            self.kept(|| {
                let began = Instant::now();
                run(&mut inputs, &mut outputs);
                let elapsed = began.elapsed();
                let ns = u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX);
                self.spent_ns.fetch_add(ns, Ordering::Relaxed);
                inputs
            })
        });
        self.barrier.wait();
        if let Some(stopwatch) = stopwatch {
            stopwatch.stop();
        }
        self.barrier.wait();
        self.kept(|| {
            drop(outputs);
            drop(left);
        });
    }

    /// Calls `act`. Returns `None` if it panics, and keeps the panic.
    fn kept<T>(&self, act: impl FnOnce() -> T) -> Option<T> {
        match catch_unwind(AssertUnwindSafe(act)) {
            Ok(returned) => Some(returned),
            Err(panic) => {
                self.panic.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(panic);
                None
            }
        }
    }

    fn has_panicked(&self) -> bool {
        self.panic.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }
}
