//! Sorts random numbers: bound by branches that cannot be predicted.

use bench_core::prelude::*;

use crate::{random, work};

/// Numbers sorted in an iteration.
pub const NUMBERS: usize = work(10_000);

/// Sorts a copy of `numbers`, made in `copy` of the same length.
#[inline(never)]
pub fn sort(numbers: &[u64], copy: &mut [u64]) {
    copy.copy_from_slice(numbers);
    copy.sort_unstable();
}

/// [`sort`] with its input; yields the least number.
pub fn prepared() -> impl FnMut() -> Option<u64> {
    let numbers = random::numbers(NUMBERS);
    // Kept from one iteration to the next: the allocator has a kernel of its own.
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
