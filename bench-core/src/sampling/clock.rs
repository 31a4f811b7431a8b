//! Measures the resolution of the monotonic clock.

use std::hint::black_box;
use std::time::{Duration, Instant};

/// Returns the resolution of the clock: the smallest non-zero difference over 2000 pairs of consecutive readings, which
/// is the larger of its step and the cost of a reading. About 20 ns on Linux with a TSC; 1 µs or more if the clock is a
/// system call.
pub(crate) fn resolution() -> Duration {
    (0..2000)
        .filter_map(|_| {
            let start = Instant::now();
            let elapsed = black_box(start).elapsed();
            (elapsed > Duration::ZERO).then_some(elapsed)
        })
        .min()
        .unwrap_or(Duration::from_micros(1))
}

/// Measures an iteration of the timing loop itself, with nothing to call. A benchmark that takes no longer than this
/// has probably been optimized away.
pub(crate) fn empty_iteration_ns() -> f64 {
    const ITERATIONS: u32 = 20_000;
    (0..7)
        .map(|_| {
            let start = Instant::now();
            for _ in 0..ITERATIONS {
                black_box(());
            }
            start.elapsed().as_secs_f64() * 1e9 / f64::from(ITERATIONS)
        })
        .fold(f64::INFINITY, f64::min)
}
