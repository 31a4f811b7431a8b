//! The triad of STREAM (McCalpin, 1995) over arrays larger than the second-level cache: bound by the
//! bandwidth of memory and of the caches shared with others.

use bench_core::prelude::*;

use crate::{random, work};

/// The number of elements of each of the three arrays, of 4 MiB each.
pub const ELEMENTS: usize = work(512 << 10);

/// Computes `a = b + scalar · c`.
#[inline(never)]
pub fn triad(a: &mut [f64], b: &[f64], c: &[f64], scalar: f64) {
    for ((a, b), c) in a.iter_mut().zip(b).zip(c) {
        *a = b + scalar * c;
    }
}

/// Returns [`triad`] together with its arrays; the closure returns the last sum.
pub fn prepared() -> impl FnMut() -> Option<f64> {
    // The values repeat, because every process prepares the arrays, which should be quick.
    let floats: Vec<f64> = random::floats(1024).into_iter().map(f64::from).collect();
    let b: Vec<f64> = floats.iter().cycle().take(ELEMENTS).copied().collect();
    let c = b.clone();
    let mut a = vec![0.0; ELEMENTS];
    move || {
        triad(black_box(&mut a), black_box(&b), black_box(&c), 3.0);
        black_box(&a).last().copied()
    }
}

#[benchmark(category = "unit", name = "kernel_memory_stream", tags("kernels", "cpu"))]
fn bench(b: &mut Bencher) {
    // Two arrays read, one written.
    b.bytes(3 * ELEMENTS * size_of::<f64>()).iter(prepared());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums() {
        let mut a = [0.0; 3];
        triad(&mut a, &[1.0, 2.0, 3.0], &[10.0, 20.0, 30.0], 2.0);
        assert_eq!(a, [21.0, 42.0, 63.0]);
    }
}
