//! Measures the instructions that counting itself adds.

use std::hint::black_box;

use super::{Part, Stopwatch, mark_as};

/// Counts an iteration of nothing, in the way of [`Bencher::iter`](crate::Bencher::iter): the runner subtracts it. Twice,
/// and the second counts: the first fetches the code into the simulated caches, where it is when an iteration is
/// counted.
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
