//! A dependent chain of integer additions: its time shows the clock of the core.

use std::hint::black_box;
use std::time::Instant;

use bench_stats as stats;

/// The number of steps: of two cycles each, so 0.07 ms at 3 GHz. Unoptimized, a step takes some ten times as long.
const STEPS: u32 = if cfg!(debug_assertions) { 10_000 } else { 100_000 };

/// The number of measurements: an interruption spoils one or two of them, but not their median.
const REPEATS: usize = 5;

/// Measures the current time of a step, in nanoseconds.
pub(super) fn step_ns() -> Option<f64> {
    let timed: Vec<f64> = (0..REPEATS)
        .map(|_| {
            let start = Instant::now();
            black_box(add(black_box(1), black_box(STEPS)));
            start.elapsed().as_secs_f64() * 1e9 / f64::from(STEPS)
        })
        .collect();
    stats::median(&stats::sorted(&timed))
}

/// Runs the chain: each addition waits for the one before, and the shift leaves the compiler no closed form.
#[inline(never)]
fn add(start: u64, steps: u32) -> u64 {
    let mut sum = start;
    for _ in 0..steps {
        sum = sum.wrapping_add((sum >> 1) | 1);
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_is_taken() {
        assert_eq!(add(1, 0), 1);
        // 1 + 1, 2 + 1, 3 + 1.
        assert_eq!(add(1, 3), 4);
        assert_eq!(add(8, 1), 8 + 5);
    }
}
