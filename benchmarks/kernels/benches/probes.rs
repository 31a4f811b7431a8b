//! The cost of probes for an iteration of a millisecond, and of counting an allocation.

use std::alloc::{GlobalAlloc, Layout, System};
use std::time::{Duration, Instant};

use bench_core::prelude::*;
use bench_core::{CountingAllocator, allocation};
use kernels::hash;

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator::system();

/// Repeats the hash kernel, of 11 µs, for a millisecond.
#[benchmark(category = "performance")]
fn millisecond(b: &mut Bencher) {
    let mut kernel = hash::prepared();
    b.iter(|| (0..94).map(|_| kernel()).fold(0, u64::wrapping_add));
}

/// Calls per iteration; half of them allocate, half free.
const CALLS: u64 = 20_000;

/// Makes the calls of an iteration, in pairs, by the same code for every allocator.
#[inline(never)]
fn calls(allocator: &impl GlobalAlloc) {
    let layout = Layout::new::<[u64; 8]>();
    for _ in 0..CALLS / 2 {
        // SAFETY: the layout has a size, and the allocator that returned the pointer frees it; freeing null does
        // nothing.
        #[allow(unsafe_code)]
        unsafe {
            let pointer = black_box(allocator.alloc(black_box(layout)));
            allocator.dealloc(pointer, layout);
        }
    }
}

/// Measures the system allocator alone. The throughput, in calls/s, shows the time per call.
#[benchmark(category = "performance")]
fn plain_allocator(b: &mut Bencher) {
    b.count("calls", CALLS as usize).iter(|| calls(&System));
}

#[benchmark(category = "performance")]
fn counting_allocator_while_nobody_counts(b: &mut Bencher) {
    b.count("calls", CALLS as usize).iter(|| calls(&ALLOCATOR));
}

/// Measures the counting allocator while it counts. The calls that begin and end a count are not timed.
#[benchmark(category = "performance")]
fn counting_allocator_while_it_counts(b: &mut Bencher) {
    b.count("calls", CALLS as usize).iter_custom(|iterations| {
        let timed = || {
            let start = Instant::now();
            (0..iterations).for_each(|_| calls(&ALLOCATOR));
            start.elapsed()
        };
        let (elapsed, _) = allocation::count(timed);
        elapsed.max(Duration::from_nanos(1))
    });
}

bench_core::main!();
