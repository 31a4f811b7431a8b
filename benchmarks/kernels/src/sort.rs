//! Sorts random numbers: bound by branches that cannot be predicted.

use bench_core::prelude::*;

use crate::{random, work};

/// The number of numbers that an iteration sorts.
pub const NUMBERS: usize = work(10_000);

/// Copies `numbers` to `copy`, which has the same length, and sorts the copy.
#[inline(never)]
pub fn sort(numbers: &[u64], copy: &mut [u64]) {
    copy.copy_from_slice(numbers);
    copy.sort_unstable();
}

/// Returns [`sort`] together with its input; the closure returns the least number.
pub fn prepared() -> impl FnMut() -> Option<u64> {
    let numbers = random::numbers(NUMBERS);
    // Kept from one iteration to the next, because the allocator has a separate kernel.
    let mut copy = vec![0; NUMBERS];
    move || {
        sort(black_box(&numbers), black_box(&mut copy));
        copy.first().copied()
    }
}

#[benchmark(category = "unit", name = "kernel_sort", tags("kernels", "cpu"))]
fn bench(b: &mut Bencher) {
    b.items(NUMBERS).iter(prepared());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_copy_is_sorted() {
        let numbers = random::numbers(NUMBERS);
        let mut copy = vec![0; NUMBERS];
        sort(&numbers, &mut copy);
        assert!(copy.is_sorted() && numbers.iter().all(|number| copy.binary_search(number).is_ok()));
    }
}
