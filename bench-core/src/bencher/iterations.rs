//! Times the iterations of a benchmark.

use std::hint::black_box;
use std::time::Duration;

use super::inputs::Inputs;
use super::{Bencher, output};
use crate::counting::{Stopwatch, counted};
use crate::error::Error;
use crate::sampling::Phase;

impl Bencher {
    /// Times `routine`. Its output is kept from the optimizer and dropped inside the timed part.
    ///
    /// A routine that returns `Result` belongs in [`try_iter`](Self::try_iter): a failing iteration must not be
    /// timed as if it had succeeded, so `iter` rejects it. It also rejects a future, which would be created but
    /// never run.
    ///
    /// ```
    /// # use bench_core::prelude::*;
    /// fn parse(b: &mut Bencher) {
    ///     b.iter(|| black_box("0.25").parse::<f64>().is_ok());
    /// }
    /// ```
    pub fn iter<O>(&mut self, mut routine: impl FnMut() -> O) {
        if let Some(error) = output::refusal::<O>("iter") {
            return self.fail(error);
        }
        let queue = self.queue.clone();
        self.drive(&mut |iterations| {
            queue.drain()?;
            let stopwatch = Stopwatch::start();
            for _ in 0..iterations {
                black_box(routine());
            }
            queue.settle(stopwatch.stop())
        });
    }

    /// Times `routine`, and ends the case at its first `Err`.
    ///
    /// ```
    /// # use bench_core::prelude::*;
    /// fn parse(b: &mut Bencher) -> Result<()> {
    ///     b.try_iter(|| black_box("0.25").parse::<f64>())
    /// }
    /// ```
    ///
    /// # Errors
    /// The routine's own error.
    pub fn try_iter<O, E: Into<Error>>(
        &mut self,
        mut routine: impl FnMut() -> Result<O, E>,
    ) -> Result<(), Error> {
        let queue = self.queue.clone();
        self.drive(&mut |iterations| {
            queue.drain()?;
            let stopwatch = Stopwatch::start();
            for _ in 0..iterations {
                match routine() {
                    Ok(output) => drop(black_box(output)),
                    Err(error) => return Err(error.into()),
                }
            }
            queue.settle(stopwatch.stop())
        });
        self.take_failure()
    }

    /// Times `routine` on a new input for each iteration, which `setup` creates. Neither `setup` nor dropping the
    /// output is timed.
    ///
    /// A number of inputs is created in advance. It is the same for every batch and in all rounds of a case: as
    /// many inputs as fit into 1 MiB together with their outputs, but at least one and at most 1024.
    ///
    /// ```
    /// # use bench_core::prelude::*;
    /// fn sort(b: &mut Bencher) {
    ///     let values: Vec<u64> = (0..1000).rev().collect();
    ///     b.iter_batched(
    ///         || values.clone(),
    ///         |mut values| {
    ///             values.sort_unstable();
    ///             values
    ///         },
    ///     );
    /// }
    /// ```
    pub fn iter_batched<I, O>(&mut self, mut setup: impl FnMut() -> I, mut routine: impl FnMut(I) -> O) {
        if let Some(error) = output::refusal::<O>("iter_batched") {
            return self.fail(error);
        }
        let queue = self.queue.clone();
        let mut all = Inputs::new(self.inputs_alive);
        self.drive(&mut |iterations| {
            all.time(iterations, &queue, &mut setup, |inputs, outputs| {
                for input in inputs.drain(..) {
                    outputs.push(black_box(routine(black_box(input))));
                }
                Ok(())
            })
        });
        self.inputs_alive = all.alive();
    }

    /// Same as [`iter_batched`](Self::iter_batched), for a routine that can fail; ends the case at its first `Err`.
    ///
    /// ```
    /// # use bench_core::prelude::*;
    /// fn decode(b: &mut Bencher) -> Result<()> {
    ///     b.try_iter_batched(|| vec![b'a'; 1000], String::from_utf8)
    /// }
    /// ```
    ///
    /// # Errors
    /// The routine's own error.
    pub fn try_iter_batched<I, O, E: Into<Error>>(
        &mut self,
        mut setup: impl FnMut() -> I,
        mut routine: impl FnMut(I) -> Result<O, E>,
    ) -> Result<(), Error> {
        let queue = self.queue.clone();
        let mut all = Inputs::new(self.inputs_alive);
        self.drive(&mut |iterations| {
            all.time(iterations, &queue, &mut setup, |inputs, outputs| {
                for input in inputs.drain(..) {
                    outputs.push(black_box(routine(black_box(input)).map_err(Into::into)?));
                }
                Ok(())
            })
        });
        self.inputs_alive = all.alive();
        self.take_failure()
    }

    /// Lets the benchmark do its own timing: `routine` runs the given number of iterations and returns their total
    /// time. If instructions or allocations are counted, everything that `routine` does counts.
    ///
    /// ```
    /// # use bench_core::prelude::*;
    /// # use std::time::Instant;
    /// fn sum(b: &mut Bencher) {
    ///     b.iter_custom(|iterations| {
    ///         let began = Instant::now();
    ///         for _ in 0..iterations {
    ///             black_box((0..black_box(100_u64)).sum::<u64>());
    ///         }
    ///         began.elapsed()
    ///     });
    /// }
    /// ```
    pub fn iter_custom(&mut self, mut routine: impl FnMut(u64) -> Duration) {
        let queue = self.queue.clone();
        self.drive(&mut |iterations| {
            queue.drain()?;
            queue.settle(counted(|| routine(iterations)))
        });
    }

    /// Times `run`, which receives inputs and a place for outputs. It is like [`iter_batched`](Self::iter_batched), but
    /// the caller writes the loop. Inputs that `run` does not consume are dropped after the outputs; neither is timed.
    #[doc(hidden)]
    pub fn iter_inputs<I, O>(
        &mut self,
        mut setup: impl FnMut() -> I,
        mut run: impl FnMut(&mut Vec<I>, &mut Vec<O>),
    ) {
        let queue = self.queue.clone();
        let mut all = Inputs::new(self.inputs_alive);
        self.drive(&mut |iterations| {
            all.time(iterations, &queue, &mut setup, |inputs, outputs| {
                run(inputs, outputs);
                Ok(())
            })
        });
        self.inputs_alive = all.alive();
    }

    /// Calls `time` for each batch, with the number of its iterations and whether it is a sample. `time` returns the
    /// duration of the batch. It marks the measured part itself, with a [`Stopwatch`].
    #[doc(hidden)]
    pub fn each_batch(&mut self, mut time: impl FnMut(u64, bool) -> Result<Duration, Error>) {
        while let Some(batch) = self.next_batch() {
            let elapsed = time(batch.iterations, batch.phase == Phase::Sample);
            self.note(batch, elapsed);
        }
    }

    /// Times a future per iteration, from its first poll until it is ready, on the runtime of an
    /// `async` benchmark.
    #[cfg(feature = "tokio")]
    pub async fn iter_async<O, F: Future<Output = O>>(&mut self, mut routine: impl FnMut() -> F) {
        if let Some(error) = output::refusal::<O>("iter_async") {
            return self.fail(error);
        }
        // The error type is never constructed; any will do.
        let _ = self
            .try_iter_async(|| {
                let future = routine();
                async { Ok::<O, Error>(future.await) }
            })
            .await
            .map_err(|error| self.state = super::State::Failed(error));
    }

    /// Same as [`iter_async`](Self::iter_async), for futures that can fail; ends the case at the first `Err`.
    ///
    /// # Errors
    /// The future's own error.
    #[cfg(feature = "tokio")]
    pub async fn try_iter_async<O, E: Into<Error>, F: Future<Output = Result<O, E>>>(
        &mut self,
        mut routine: impl FnMut() -> F,
    ) -> Result<(), Error> {
        while let Some(batch) = self.next_batch() {
            if let Err(error) = self.queue.drain() {
                self.fail(error);
                break;
            }
            let stopwatch = Stopwatch::start();
            let mut outcome = Ok(());
            for _ in 0..batch.iterations {
                match routine().await {
                    Ok(output) => drop(black_box(output)),
                    Err(error) => {
                        outcome = Err(error.into());
                        break;
                    }
                }
            }
            let elapsed = stopwatch.stop();
            self.note(batch, outcome.and_then(|()| self.queue.settle(elapsed)));
        }
        self.take_failure()
    }

    /// Runs the loop that all `iter` methods share. It is not generic, so that it is compiled once.
    fn drive(&mut self, time: &mut dyn FnMut(u64) -> Result<Duration, Error>) {
        while let Some(batch) = self.next_batch() {
            let elapsed = time(batch.iterations);
            self.note(batch, elapsed);
        }
    }
}
