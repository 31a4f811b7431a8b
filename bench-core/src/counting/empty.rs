//! Measures the instructions that counting itself adds.

use std::hint::black_box;

use super::{Part, Stopwatch, mark_as};

/// Counts an empty iteration of [`Bencher::iter`](crate::Bencher::iter), which the runner subtracts. It is counted
/// twice, and the second count is used: the first loads the code into the simulated caches, as for any counted
/// iteration.
pub(crate) fn count_nothing() {
    mark_as(Part::Empty);
    for _ in 0..2 {
        around(black_box(1), || ());
    }
}

#[inline(never)]
fn around<O>(iterations: u64, mut routine: impl FnMut() -> O) {
    let stopwatch = Stopwatch::start();
    for _ in 0..iterations {
        black_box(routine());
    }
    stopwatch.stop();
}
