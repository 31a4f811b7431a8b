//! A walk through memory: its time is that of a load that no cache and no prefetcher serves.

use std::time::Instant;

use bench_stats as stats;

/// The number of cache lines: 16 MiB of them, more than any L2. Each walk continues where the last one ended, so that a
/// line comes again only after forty readings and all work in between.
const LINES: u32 = 1 << 18;

/// The number of steps of a walk: about 0.2 ms at 90 ns per load, 0.5 ms at the 240 ns of a virtual machine, in which a
/// load that misses the translation buffer walks two page tables.
const STEPS: u32 = 2048;

/// The number of walks: an interruption spoils one of them, but not their median.
const REPEATS: usize = 3;

/// One cache line; the first number is the next line's.
#[repr(align(64))]
#[derive(Clone, Copy)]
struct Line([u32; 16]);

/// The memory, and how far it has been walked.
pub(super) struct Walk {
    lines: Vec<Line>,
    place: u32,
}

impl Walk {
    /// Links all lines into one cycle in an order that no prefetcher foresees: a linear congruential
    /// generator whose increment is odd and whose multiplier is 1 modulo 4 visits every residue of a power
    /// of two once (Hull and Dobell, *Random Number Generators*, 1962). Unlike a shuffle it fills memory in
    /// order, in a tenth of the time.
    pub(super) fn new() -> Self {
        const MULTIPLIER: u32 = 1_664_525;
        const INCREMENT: u32 = 1_013_904_223;
        let line = |place: u32| {
            let mut numbers = [0; 16];
            numbers[0] = place.wrapping_mul(MULTIPLIER).wrapping_add(INCREMENT) % LINES;
            Line(numbers)
        };
        Walk { lines: (0..LINES).map(line).collect(), place: 0 }
    }

    /// Measures how long one step takes now, in nanoseconds.
    pub(super) fn step_ns(&mut self) -> Option<f64> {
        let timed: Vec<f64> = (0..REPEATS)
            .map(|_| {
                let start = Instant::now();
                for _ in 0..STEPS {
                    self.step();
                }
                start.elapsed().as_secs_f64() * 1e9 / f64::from(STEPS)
            })
            .collect();
        stats::median(&stats::sorted(&timed))
    }

    fn step(&mut self) {
        self.place = self.lines[self.place as usize].0[0];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_visited_once() {
        let mut walk = Walk::new();
        let mut visited = vec![false; LINES as usize];
        for _ in 0..LINES {
            walk.step();
            assert!(!std::mem::replace(&mut visited[walk.place as usize], true), "{}", walk.place);
        }
        assert_eq!(walk.place, 0, "the cycle is closed");
    }
}
