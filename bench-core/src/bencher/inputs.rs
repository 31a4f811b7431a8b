//! The inputs of [`Bencher::iter_batched`](super::Bencher::iter_batched): the same number is alive in every batch.
//!
//! The number of live inputs affects the measurement: whether an input is in a cache, and whether the allocator has
//! free memory or asks the system for it. With a vector of 8 MiB, glibc gives memory back at every drop if several are
//! alive (3 ms), and keeps it if one is (0.15 µs). So the number is decided once, from the size and time of the first
//! input and output, and the runner passes it to all further rounds of the case.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::counting::Stopwatch;
use crate::device::Queue;
use crate::error::Error;
use bench_os as sys;

/// The maximum number of inputs that are alive at once: a function that takes a nanosecond does not need a million
/// of them.
const MOST: u64 = 1024;

/// The most bytes of inputs and outputs that are alive at once, unless a single input needs more: about the size of an
/// L2 cache.
const BYTES: u64 = 1 << 20;

/// The longest time for making the live inputs at the beginning of a round.
const FILLING: Duration = Duration::from_millis(20);

/// Changes of resident memory below this many bytes may have other causes than the benchmark.
const RESTLESS_BYTES: u64 = 1 << 20;

/// The inputs of one benchmark in one round.
pub(super) struct Inputs<I> {
    /// The number of live inputs; `None` before the first call decides it.
    alive: Option<u64>,
    waiting: VecDeque<I>,
    current: Vec<I>,
}

impl<I> Inputs<I> {
    /// Creates the inputs. `None` means that the first call decides how many are alive.
    pub(super) fn new(alive: Option<u64>) -> Self {
        let alive = alive.map(|alive| alive.clamp(1, MOST));
        Inputs { alive, waiting: VecDeque::new(), current: Vec::new() }
    }

    /// Returns the number of inputs that are alive at once; `None` if it is not decided yet.
    pub(super) fn alive(&self) -> Option<u64> {
        self.alive
    }

    /// Times `run` on `iterations` inputs, in portions. Inputs are made, and outputs and the inputs that `run` leaves
    /// are dropped, between the timed portions.
    pub(super) fn time<O>(
        &mut self,
        iterations: u64,
        queue: &Queue,
        setup: &mut impl FnMut() -> I,
        mut run: impl FnMut(&mut Vec<I>, &mut Vec<O>) -> Result<(), Error>,
    ) -> Result<Duration, Error> {
        let mut outputs: Vec<O> = Vec::new();
        let mut total = Duration::ZERO;
        let mut left = iterations;
        if self.alive.is_none() && left > 0 {
            let before = Held::now();
            let began = Instant::now();
            let input = setup();
            let took = began.elapsed();
            let of_input = before.grown();
            self.current.push(input);
            outputs.reserve(1);
            total += self.portion(queue, &mut outputs, &mut run)?;
            let of_types = size_of::<I>().max(size_of::<O>()) as u64;
            self.alive = Some(inputs_alive(of_types.max(of_input).max(before.grown()), took));
            self.drop_used(&mut outputs);
            left -= 1;
        }
        let alive = self.alive.unwrap_or(1);
        outputs.reserve(left.min(alive) as usize);
        while left > 0 {
            let portion = left.min(alive);
            while (self.waiting.len() as u64) < alive {
                self.waiting.push_back(setup());
            }
            self.current.extend(self.waiting.drain(..portion as usize));
            total += self.portion(queue, &mut outputs, &mut run)?;
            self.drop_used(&mut outputs);
            left -= portion;
        }
        Ok(total)
    }

    /// Drops outputs before inputs: they may refer to memory that inputs own.
    fn drop_used<O>(&mut self, outputs: &mut Vec<O>) {
        outputs.clear();
        self.current.clear();
    }

    fn portion<O>(
        &mut self,
        queue: &Queue,
        outputs: &mut Vec<O>,
        run: &mut impl FnMut(&mut Vec<I>, &mut Vec<O>) -> Result<(), Error>,
    ) -> Result<Duration, Error> {
        queue.drain()?;
        let stopwatch = Stopwatch::start();
        run(&mut self.current, outputs)?;
        queue.settle(stopwatch.stop())
    }
}

/// Returns how many inputs are alive at once, if one with its output needs `bytes` and takes `took` to make. The number
/// is a power of 4, so that processes with slightly different measurements agree.
pub fn inputs_alive(bytes: u64, took: Duration) -> u64 {
    let by_bytes = BYTES / bytes.max(1);
    let by_time = FILLING.as_nanos() / took.as_nanos().max(1);
    let most = by_bytes.min(u64::try_from(by_time).unwrap_or(u64::MAX)).clamp(1, MOST);
    1 << (most.ilog2() / 2 * 2)
}

/// The memory that the process uses.
struct Held {
    allocated: Option<u32>,
    resident: Option<u64>,
}

impl Held {
    fn now() -> Self {
        Held { allocated: sys::allocated_bytes(), resident: sys::resident_memory(std::process::id()) }
    }

    /// Returns the growth in bytes: as the allocator reports it, or else as the system does.
    fn grown(&self) -> u64 {
        let now = Held::now();
        let allocated = match (self.allocated, now.allocated) {
            // A negative difference is not growth: memory was freed in between.
            (Some(before), Some(now)) => i32::try_from(now.wrapping_sub(before)).unwrap_or_default(),
            _ => 0,
        };
        let resident = match (self.resident, now.resident) {
            (Some(before), Some(now)) => now.saturating_sub(before),
            _ => 0,
        };
        let resident = if resident < RESTLESS_BYTES { 0 } else { resident };
        u64::try_from(allocated).unwrap_or_default().max(resident)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::rc::Rc;

    use super::*;

    /// An input that counts how many of its kind are alive.
    struct Counted(Rc<Cell<u64>>);

    impl Counted {
        fn new(alive: &Rc<Cell<u64>>) -> Self {
            alive.set(alive.get() + 1);
            Counted(Rc::clone(alive))
        }
    }

    impl Drop for Counted {
        fn drop(&mut self) {
            self.0.set(self.0.get() - 1);
        }
    }

    #[test]
    fn as_many_are_alive_whatever_the_batch() {
        let alive = Rc::new(Cell::new(0));
        let mut inputs = Inputs::new(Some(16));
        let mut first_seen = Vec::new();
        for batch in [1, 2, 3, 15, 16, 17, 100, 1] {
            let mut seen = Vec::new();
            let mut setup = || Counted::new(&alive);
            inputs
                .time(batch, &Queue::default(), &mut setup, |inputs, outputs| {
                    seen.push(alive.get());
                    outputs.append(inputs);
                    Ok(())
                })
                .expect("runs");
            first_seen.push(seen[0]);
            assert!(seen.iter().all(|seen| *seen == 16), "{batch}: {seen:?}");
        }
        assert_eq!(first_seen, [16; 8]);
    }

    /// Runs on Linux only: on other systems, the memory is not known, and only the time to make the inputs limits their
    /// number.
    #[cfg(all(target_os = "linux", not(bench_portable)))]
    #[test]
    fn the_first_call_decides_how_many() {
        let mut inputs = Inputs::new(None);
        let mut lives = Vec::new();
        for batch in [1, 1, 8] {
            let mut setup = || vec![1_u8; 8 << 20];
            inputs
                .time(batch, &Queue::default(), &mut setup, |inputs, outputs| {
                    lives.push(inputs.len());
                    outputs.extend(inputs.drain(..).map(|input| input.len()));
                    Ok(())
                })
                .expect("runs");
        }
        assert_eq!((inputs.alive(), lives), (Some(1), vec![1; 10]));
    }

    #[test]
    fn bytes_are_bounded_and_so_is_the_time_to_make_them() {
        let ns = Duration::from_nanos;
        assert_eq!(inputs_alive(1, ns(10)), 1024);
        assert_eq!(inputs_alive(16 << 10, ns(10)), 64);
        assert_eq!(inputs_alive(15 << 10, ns(10)), 64);
        assert_eq!((inputs_alive(8 << 20, ns(10)), inputs_alive(u64::MAX, ns(0))), (1, 1));
        assert_eq!(
            (inputs_alive(8, Duration::from_millis(1)), inputs_alive(8, Duration::from_secs(9))),
            (16, 1)
        );
    }
}
