//! Eight kernels from a nanosecond to ten milliseconds, on which the harness itself is measured:
//! bound by the core, by memory, by allocation. Plain functions, so that other harnesses can time
//! the very same code.

use std::collections::HashMap;
use std::fmt::Write;
use std::hash::{DefaultHasher, Hash, Hasher};

use bench_core::prelude::*;

/// A multiplication and a shift: about a nanosecond.
#[inline(never)]
pub fn mix(value: u64) -> u64 {
    let value = value.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    value ^ (value >> 32)
}

/// SipHash over 64 bytes: tens of nanoseconds.
#[inline(never)]
pub fn hash(bytes: &[u8; 64]) -> u64 {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    hasher.finish()
}

/// A number with its unit as text: about a hundred nanoseconds, one allocation.
#[inline(never)]
pub fn format(value: f64) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = write!(text, "{value:.3} ms");
    text
}

/// Dot product of two slices of the same length: microseconds for a few thousand.
#[inline(never)]
pub fn dot(a: &[f32], b: &[f32]) -> f32 {
    // Eight sums at once, so that one addition need not wait for the last.
    let mut sums = [0.0f32; 8];
    for (a, b) in a.chunks_exact(8).zip(b.chunks_exact(8)) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += a * b;
        }
    }
    sums.iter().sum()
}

/// Counts words in a hash map: tens of microseconds for a thousand words.
#[inline(never)]
pub fn count_words(words: &[u32]) -> HashMap<u32, u32> {
    let mut counts = HashMap::new();
    for word in words {
        *counts.entry(*word).or_insert(0) += 1;
    }
    counts
}

/// Product of two square matrices of `n` rows, row by row: hundreds of microseconds for n = 96.
#[inline(never)]
pub fn matrix_product(a: &[f32], b: &[f32], n: usize) -> Vec<f32> {
    let mut product = vec![0.0; n * n];
    for (row, out) in a.chunks_exact(n).zip(product.chunks_exact_mut(n)) {
        for (factor, b_row) in row.iter().zip(b.chunks_exact(n)) {
            for (out, b) in out.iter_mut().zip(b_row) {
                *out += factor * b;
            }
        }
    }
    product
}

/// Sorts a copy: a millisecond for some ten thousand values.
#[inline(never)]
pub fn sort(values: &[u64]) -> Vec<u64> {
    let mut values = values.to_vec();
    values.sort_unstable();
    values
}

/// Follows a chain of indices through memory, `steps` times: ten milliseconds for a hundred thousand
/// steps through 32 MiB. What it takes depends on where the memory landed.
#[inline(never)]
pub fn chase(next: &[u32], steps: usize) -> u32 {
    (0..steps).fold(0, |at, _| next[at as usize])
}

/// Pseudo-random numbers that are the same everywhere (SplitMix64).
pub fn numbers(count: usize) -> Vec<u64> {
    (1..=count as u64)
        .map(|i| {
            let mut z = i.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            z ^ (z >> 31)
        })
        .collect()
}

/// Pseudo-random floats in [0, 1).
pub fn floats(count: usize) -> Vec<f32> {
    numbers(count).into_iter().map(|number| (number >> 40) as f32 / (1u64 << 24) as f32).collect()
}

/// A random cycle through `len` indices (Sattolo's shuffle), for [`chase`].
pub fn cycle(len: usize) -> Vec<u32> {
    let mut next: Vec<u32> = (0..len as u32).collect();
    for (i, random) in (1..len).rev().zip(numbers(len)) {
        next.swap(i, (random % i as u64) as usize);
    }
    next
}

/// Rows of the matrices in [`matrix_product`]'s benchmark.
pub const ROWS: usize = 96;
/// Values sorted.
pub const VALUES: usize = 30_000;
/// Links of the chain, 4 bytes each.
pub const LINKS: usize = 8 << 20;
/// Links followed.
pub const STEPS: usize = 100_000;

#[benchmark(category = "unit", name = "kernel_mix", tags("kernels"))]
fn bench_mix(b: &mut Bencher) {
    b.iter(|| mix(black_box(7)));
}

#[benchmark(category = "unit", name = "kernel_hash", tags("kernels"))]
fn bench_hash(b: &mut Bencher) {
    b.bytes(64).iter(|| hash(black_box(&[7; 64])));
}

#[benchmark(category = "unit", name = "kernel_format", tags("kernels"))]
fn bench_format(b: &mut Bencher) {
    b.iter(|| format(black_box(1234.5)));
}

#[benchmark(category = "unit", name = "kernel_dot", tags("kernels"))]
fn bench_dot(b: &mut Bencher) {
    let (x, y) = (floats(8192), floats(8192));
    b.items(8192).iter(|| dot(black_box(&x), black_box(&y)));
}

#[benchmark(category = "unit", name = "kernel_count_words", tags("kernels"))]
fn bench_count_words(b: &mut Bencher) {
    let words: Vec<u32> = numbers(2000).into_iter().map(|number| (number % 500) as u32).collect();
    b.items(2000).iter(|| count_words(black_box(&words)));
}

#[benchmark(category = "unit", name = "kernel_matrix_product", tags("kernels"))]
fn bench_matrix_product(b: &mut Bencher) {
    let (x, y) = (floats(ROWS * ROWS), floats(ROWS * ROWS));
    b.iter(|| matrix_product(black_box(&x), black_box(&y), ROWS));
}

#[benchmark(category = "unit", name = "kernel_sort", tags("kernels"))]
fn bench_sort(b: &mut Bencher) {
    let values = numbers(VALUES);
    b.items(VALUES).iter(|| sort(black_box(&values)));
}

#[benchmark(category = "unit", name = "kernel_chase", tags("kernels"))]
fn bench_chase(b: &mut Bencher) {
    let next = cycle(LINKS);
    b.items(STEPS).iter(|| chase(black_box(&next), STEPS));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cycle_visits_every_link() {
        let next = cycle(1000);
        assert_eq!(chase(&next, 1000), 0);
        assert!((1..1000).all(|steps| chase(&next, steps) != 0));
    }

    #[test]
    fn products() {
        assert_eq!(matrix_product(&[1.0, 2.0, 3.0, 4.0], &[5.0, 6.0, 7.0, 8.0], 2), [19.0, 22.0, 43.0, 50.0]);
        assert_eq!(dot(&[1.0; 16], &[2.0; 16]), 32.0);
        assert_eq!(count_words(&[1, 1, 2])[&1], 2);
    }
}
