//! Dot product of two vectors that fit the second-level cache: bound by the vector units.

use bench_core::prelude::*;

use crate::{random, work};

/// The number of elements of each vector.
pub const ELEMENTS: usize = work(80 << 10) / 8 * 8;

/// Returns the dot product of two slices of the same length, which is a multiple of eight.
#[inline(never)]
pub fn dot_product(a: &[f32], b: &[f32]) -> f32 {
    // Eight independent sums, so that an addition need not wait for the previous one.
    let mut sums = [0.0f32; 8];
    for (a, b) in a.chunks_exact(8).zip(b.chunks_exact(8)) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += a * b;
        }
    }
    sums.iter().sum()
}

/// Returns [`dot_product`] together with its input.
pub fn prepared() -> impl FnMut() -> f32 {
    let a = random::floats(ELEMENTS);
    let b: Vec<f32> = a.iter().rev().copied().collect();
    move || dot_product(black_box(&a), black_box(&b))
}

#[benchmark(category = "unit", name = "kernel_dot_product", tags("kernels", "cpu"))]
fn bench(b: &mut Bencher) {
    b.items(ELEMENTS).iter(prepared());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn product() {
        let ascending: Vec<f32> = (1..=16).map(|i| i as f32).collect();
        assert_eq!(dot_product(&ascending, &[2.0; 16]), 272.0);
    }
}
