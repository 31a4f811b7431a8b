//! The argument of a benchmark's closure.

use std::hint::black_box;
use std::time::Duration;

use bench_core::__private::Stopwatch;
use bench_core::Error;

use crate::BatchSize;
use crate::measurement::{Measurement, WallTime};

/// Times the routine given to one of its `iter` methods: one batch of iterations each time the closure of the
/// benchmark is called. Other code of the closure is not timed.
pub struct Bencher<'a, M: Measurement = WallTime> {
    pub(crate) iterations: u64,
    pub(crate) measurement: &'a M,
    /// The time of the batch; `None` until an `iter` method has been called.
    elapsed: Option<Duration>,
    /// The measured value of the batch, if it is not wall time.
    value: Option<M::Value>,
}

impl<'a, M: Measurement> Bencher<'a, M> {
    pub(crate) fn new(iterations: u64, measurement: &'a M) -> Self {
        Bencher { iterations, measurement, elapsed: None, value: None }
    }

    /// Returns the time of one iteration, and its measured value if that is not wall time.
    ///
    /// # Errors
    /// When the closure has called no `iter` method.
    pub(crate) fn finish(self) -> Result<(Duration, Option<f64>), Error> {
        let elapsed = self.elapsed.ok_or_else(|| {
            Error::failure(
                "the benchmark returned without measuring: call one of the `iter` methods of its Bencher",
            )
        })?;
        let value = self.value.map(|value| self.measurement.to_f64(&value) / self.iterations as f64);
        Ok((elapsed, value))
    }

    /// Marks the start of an `iter` method. If a closure calls several, the last one counts.
    pub(crate) fn begin(&mut self) {
        self.elapsed = Some(Duration::ZERO);
        self.value = None;
    }

    /// Times a part of the batch.
    #[inline(always)]
    pub(crate) fn time<T>(&mut self, run: impl FnOnce() -> T) -> T {
        let timer = self.start();
        let output = run();
        self.stop(timer);
        output
    }

    /// Starts to time a part of the batch.
    #[inline(always)]
    pub(crate) fn start(&self) -> Timer<M> {
        let own = if self.measurement.is_wall_time() { None } else { Some(self.measurement.start()) };
        Timer { own, stopwatch: Stopwatch::start() }
    }

    /// Ends a timed part of the batch, and adds it to the total.
    #[inline(always)]
    pub(crate) fn stop(&mut self, timer: Timer<M>) {
        let elapsed = timer.stopwatch.stop();
        if let Some(own) = timer.own {
            let value = self.measurement.end(own);
            self.value = Some(match &self.value {
                Some(before) => self.measurement.add(before, &value),
                None => value,
            });
        }
        self.elapsed = Some(self.elapsed.unwrap_or_default() + elapsed);
    }

    /// Records the `value` that the benchmark has measured itself; the batch took `elapsed` in all.
    pub(crate) fn take(&mut self, value: M::Value, elapsed: Duration) {
        if self.measurement.is_wall_time() {
            self.elapsed = Some(Duration::from_nanos(self.measurement.to_f64(&value) as u64));
        } else {
            self.elapsed = Some(elapsed);
            self.value = Some(value);
        }
    }

    /// Times `routine`, and the drop of its output.
    #[inline(never)]
    pub fn iter<O, R>(&mut self, mut routine: R)
    where
        R: FnMut() -> O,
    {
        self.begin();
        let iterations = self.iterations;
        self.time(|| {
            for _ in 0..iterations {
                black_box(routine());
            }
        });
    }

    /// Lets the benchmark do its own timing: `routine` runs the given number of iterations and returns their total
    /// time. If instructions or allocations are counted, everything that it does counts.
    #[inline(never)]
    pub fn iter_custom<R>(&mut self, mut routine: R)
    where
        R: FnMut(u64) -> M::Value,
    {
        self.begin();
        let stopwatch = Stopwatch::start();
        let value = routine(self.iterations);
        let elapsed = stopwatch.stop();
        self.take(value, elapsed);
    }

    /// Same as [`iter_batched`](Self::iter_batched) with one input at a time.
    #[doc(hidden)]
    pub fn iter_with_setup<I, O, S, R>(&mut self, setup: S, routine: R)
    where
        S: FnMut() -> I,
        R: FnMut(I) -> O,
    {
        self.iter_batched(setup, routine, BatchSize::PerIteration);
    }

    /// Same as [`iter_batched`](Self::iter_batched) with all inputs of a sample at once, as in criterion before 0.4.
    #[doc(hidden)]
    pub fn iter_with_large_setup<I, O, S, R>(&mut self, setup: S, routine: R)
    where
        S: FnMut() -> I,
        R: FnMut(I) -> O,
    {
        self.iter_batched(setup, routine, BatchSize::NumBatches(1));
    }

    /// Times `routine` without the drop of its output.
    pub fn iter_with_large_drop<O, R>(&mut self, mut routine: R)
    where
        R: FnMut() -> O,
    {
        self.iter_batched(|| (), |()| routine(), BatchSize::SmallInput);
    }

    /// Times `routine` on a new input for every iteration. Neither `setup` nor the drop of the output is timed.
    #[inline(never)]
    pub fn iter_batched<I, O, S, R>(&mut self, mut setup: S, mut routine: R, size: BatchSize)
    where
        S: FnMut() -> I,
        R: FnMut(I) -> O,
    {
        self.begin();
        let most = size.inputs(self.iterations);
        let mut left = self.iterations;
        if most == 1 {
            for _ in 0..left {
                let input = black_box(setup());
                let output = self.time(|| routine(input));
                drop(black_box(output));
            }
            return;
        }
        while left > 0 {
            let count = most.min(left) as usize;
            let inputs: Vec<I> = black_box((0..count).map(|_| setup()).collect());
            let mut outputs = Vec::with_capacity(count);
            self.time(|| outputs.extend(inputs.into_iter().map(&mut routine)));
            drop(black_box(outputs));
            left -= count as u64;
        }
    }

    /// Same as [`iter_batched`](Self::iter_batched), for a routine that borrows its input, whose drop is not timed.
    #[inline(never)]
    pub fn iter_batched_ref<I, O, S, R>(&mut self, mut setup: S, mut routine: R, size: BatchSize)
    where
        S: FnMut() -> I,
        R: FnMut(&mut I) -> O,
    {
        self.begin();
        let most = size.inputs(self.iterations);
        let mut left = self.iterations;
        if most == 1 {
            for _ in 0..left {
                let mut input = black_box(setup());
                let output = self.time(|| routine(&mut input));
                drop(black_box(output));
                drop(black_box(input));
            }
            return;
        }
        while left > 0 {
            let count = most.min(left) as usize;
            let mut inputs: Vec<I> = black_box((0..count).map(|_| setup()).collect());
            let mut outputs = Vec::with_capacity(count);
            self.time(|| outputs.extend(inputs.iter_mut().map(&mut routine)));
            drop(black_box(outputs));
            drop(black_box(inputs));
            left -= count as u64;
        }
    }

    /// Returns the same methods for asynchronous routines, whose futures `runner` runs.
    #[cfg(feature = "async")]
    pub fn to_async<'b, A: crate::async_executor::AsyncExecutor>(
        &'b mut self,
        runner: A,
    ) -> crate::AsyncBencher<'a, 'b, A, M> {
        crate::AsyncBencher { bencher: self, runner }
    }
}

/// A part of a batch that is being timed.
pub(crate) struct Timer<M: Measurement> {
    /// The state of a measurement of something other than wall time.
    own: Option<M::Intermediate>,
    stopwatch: Stopwatch,
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::measurement::ValueFormatter;

    thread_local! {
        static NOW: Cell<u64> = const { Cell::new(0) };
    }

    /// Advances the clock of [`Ticks`].
    fn pass(ticks: u64) {
        NOW.set(NOW.get() + ticks);
    }

    /// A clock that stands still unless it is advanced.
    struct Ticks;

    impl Measurement for Ticks {
        type Intermediate = u64;
        type Value = u64;

        fn start(&self) -> u64 {
            NOW.get()
        }

        fn end(&self, start: u64) -> u64 {
            NOW.get() - start
        }

        fn add(&self, one: &u64, other: &u64) -> u64 {
            one + other
        }

        fn zero(&self) -> u64 {
            0
        }

        fn to_f64(&self, value: &u64) -> f64 {
            *value as f64
        }

        fn formatter(&self) -> &dyn ValueFormatter {
            WallTime.formatter()
        }
    }

    /// Takes 10 ticks to drop.
    struct Slow;

    impl Drop for Slow {
        fn drop(&mut self) {
            pass(10);
        }
    }

    /// Takes 100 ticks to make.
    fn setup() -> Slow {
        pass(100);
        Slow
    }

    /// Takes a tick.
    fn routine() -> Slow {
        pass(1);
        Slow
    }

    /// Returns the mean ticks per iteration, in a batch of 8.
    fn ticks(closure: impl Fn(&mut Bencher<'_, Ticks>)) -> f64 {
        let mut bencher = Bencher::new(8, &Ticks);
        closure(&mut bencher);
        bencher.finish().expect("measured").1.expect("ticks")
    }

    const SIZES: [BatchSize; 5] = [
        BatchSize::SmallInput,
        BatchSize::LargeInput,
        BatchSize::PerIteration,
        BatchSize::NumBatches(3),
        BatchSize::NumIterations(5),
    ];

    #[test]
    fn only_what_belongs_to_the_routine_is_timed() {
        let set_up_within = ticks(|b| {
            let _held = setup();
            b.iter(routine);
            pass(1000);
        });
        assert_eq!(set_up_within, 11.0, "the routine, and the drop of what it returns");
        assert_eq!(ticks(|b| b.iter_with_large_drop(routine)), 1.0);
        assert_eq!(ticks(|b| b.iter_with_setup(setup, |input| (routine(), input))), 1.0);
        assert_eq!(ticks(|b| b.iter_with_large_setup(setup, |input| (routine(), input))), 1.0);
        assert_eq!(ticks(|b| b.iter_custom(|iterations| 7 * iterations)), 7.0);
        for size in SIZES {
            assert_eq!(ticks(|b| b.iter_batched(setup, |_consumed| routine(), size)), 11.0, "{size:?}");
            assert_eq!(ticks(|b| b.iter_batched(setup, |input| (input, routine()), size)), 1.0, "{size:?}");
            assert_eq!(ticks(|b| b.iter_batched_ref(setup, |_| routine(), size)), 1.0, "{size:?}");
        }
    }

    #[cfg(feature = "async_futures")]
    #[test]
    fn futures_are_timed_alike() {
        use crate::async_executor::FuturesExecutor;

        assert_eq!(ticks(|b| b.to_async(FuturesExecutor).iter(|| async { routine() })), 11.0);
        assert_eq!(ticks(|b| b.to_async(FuturesExecutor).iter_with_large_drop(|| async { routine() })), 1.0);
        let custom = ticks(|b| b.to_async(FuturesExecutor).iter_custom(|count| async move { 7 * count }));
        assert_eq!(custom, 7.0);
        for size in SIZES {
            let batched = |b: &mut Bencher<'_, Ticks>| {
                b.to_async(FuturesExecutor).iter_batched(setup, |input| async { (input, routine()) }, size);
            };
            assert_eq!(ticks(batched), 1.0, "{size:?}");
            let by_reference = |b: &mut Bencher<'_, Ticks>| {
                b.to_async(FuturesExecutor).iter_batched_ref(setup, |_| async { routine() }, size);
            };
            assert_eq!(ticks(by_reference), 1.0, "{size:?}");
        }
    }

    #[test]
    fn of_several_measurements_the_last_counts_and_none_is_an_error() {
        let twice = |b: &mut Bencher<'_, Ticks>| {
            b.iter(|| pass(50));
            b.iter(|| pass(3));
        };
        assert_eq!(ticks(twice), 3.0);
        let error = Bencher::new(8, &Ticks).finish().expect_err("nothing was measured");
        assert!(error.to_string().contains("without measuring"), "{error}");
    }

    #[test]
    fn a_time_that_the_benchmark_takes_is_the_time_of_the_batch() {
        let mut bencher = Bencher::new(8, &WallTime);
        bencher.iter_custom(|iterations| Duration::from_nanos(5 * iterations));
        assert_eq!(bencher.finish().expect("measured"), (Duration::from_nanos(40), None));
    }
}
