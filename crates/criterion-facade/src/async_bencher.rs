//! [`AsyncBencher`]: the methods of [`Bencher`] for futures.

use std::future::Future;
use std::hint::black_box;

use bench_core::__private::Stopwatch;

use crate::async_executor::AsyncExecutor;
use crate::measurement::{Measurement, WallTime};
use crate::{BatchSize, Bencher};

/// Times futures from their first poll until they are ready. The executor runs a whole batch at once, so that entering
/// it is not timed.
pub struct AsyncBencher<'a, 'b, A: AsyncExecutor, M: Measurement = WallTime> {
    pub(crate) bencher: &'b mut Bencher<'a, M>,
    pub(crate) runner: A,
}

impl<A: AsyncExecutor, M: Measurement> AsyncBencher<'_, '_, A, M> {
    /// Same as [`Bencher::iter`].
    #[inline(never)]
    pub fn iter<O, R, F>(&mut self, mut routine: R)
    where
        R: FnMut() -> F,
        F: Future<Output = O>,
    {
        let AsyncBencher { bencher, runner } = self;
        runner.block_on(async {
            bencher.begin();
            let timer = bencher.start();
            for _ in 0..bencher.iterations {
                black_box(routine().await);
            }
            bencher.stop(timer);
        });
    }

    /// Same as [`Bencher::iter_custom`].
    #[inline(never)]
    pub fn iter_custom<R, F>(&mut self, mut routine: R)
    where
        R: FnMut(u64) -> F,
        F: Future<Output = M::Value>,
    {
        let AsyncBencher { bencher, runner } = self;
        runner.block_on(async {
            bencher.begin();
            let stopwatch = Stopwatch::start();
            let value = routine(bencher.iterations).await;
            let elapsed = stopwatch.stop();
            bencher.take(value, elapsed);
        });
    }

    /// Same as [`Bencher::iter_with_setup`].
    #[doc(hidden)]
    pub fn iter_with_setup<I, O, S, R, F>(&mut self, setup: S, routine: R)
    where
        S: FnMut() -> I,
        R: FnMut(I) -> F,
        F: Future<Output = O>,
    {
        self.iter_batched(setup, routine, BatchSize::PerIteration);
    }

    /// Same as [`Bencher::iter_with_large_drop`].
    pub fn iter_with_large_drop<O, R, F>(&mut self, mut routine: R)
    where
        R: FnMut() -> F,
        F: Future<Output = O>,
    {
        self.iter_batched(|| (), |()| routine(), BatchSize::SmallInput);
    }

    /// Same as [`Bencher::iter_with_large_setup`].
    #[doc(hidden)]
    pub fn iter_with_large_setup<I, O, S, R, F>(&mut self, setup: S, routine: R)
    where
        S: FnMut() -> I,
        R: FnMut(I) -> F,
        F: Future<Output = O>,
    {
        self.iter_batched(setup, routine, BatchSize::NumBatches(1));
    }

    /// Same as [`Bencher::iter_batched`].
    #[inline(never)]
    pub fn iter_batched<I, O, S, R, F>(&mut self, mut setup: S, mut routine: R, size: BatchSize)
    where
        S: FnMut() -> I,
        R: FnMut(I) -> F,
        F: Future<Output = O>,
    {
        let AsyncBencher { bencher, runner } = self;
        runner.block_on(async {
            bencher.begin();
            let most = size.inputs(bencher.iterations);
            let mut left = bencher.iterations;
            while left > 0 {
                let count = most.min(left) as usize;
                let inputs: Vec<I> = black_box((0..count).map(|_| setup()).collect());
                let mut outputs = Vec::with_capacity(count);
                let timer = bencher.start();
                for input in inputs {
                    outputs.push(routine(input).await);
                }
                bencher.stop(timer);
                drop(black_box(outputs));
                left -= count as u64;
            }
        });
    }

    /// Same as [`Bencher::iter_batched_ref`].
    #[inline(never)]
    pub fn iter_batched_ref<I, O, S, R, F>(&mut self, mut setup: S, mut routine: R, size: BatchSize)
    where
        S: FnMut() -> I,
        R: FnMut(&mut I) -> F,
        F: Future<Output = O>,
    {
        let AsyncBencher { bencher, runner } = self;
        runner.block_on(async {
            bencher.begin();
            let most = size.inputs(bencher.iterations);
            let mut left = bencher.iterations;
            while left > 0 {
                let count = most.min(left) as usize;
                let mut inputs: Vec<I> = black_box((0..count).map(|_| setup()).collect());
                let mut outputs = Vec::with_capacity(count);
                let timer = bencher.start();
                for input in &mut inputs {
                    outputs.push(routine(input).await);
                }
                bencher.stop(timer);
                drop(black_box(outputs));
                drop(black_box(inputs));
                left -= count as u64;
            }
        });
    }
}
