//! Thousands of trivial cases, which show the cost of discovery and isolation.

use bench_core::prelude::*;

/// Returns the numbers `0..N`.
const fn numbers<const N: usize>() -> [usize; N] {
    let mut numbers = [0; N];
    let mut i = 0;
    while i < N {
        numbers[i] = i;
        i += 1;
    }
    numbers
}

const HUNDRED: [usize; 100] = numbers();
const TWO_HUNDRED: [usize; 200] = numbers();

#[benchmark(category = "unit", args(n = TWO_HUNDRED))]
fn trivial(n: usize) -> usize {
    n + 1
}

#[benchmark(category = "integration", args(a = HUNDRED, b = HUNDRED))]
fn listed(a: usize, b: usize) -> usize {
    a + b
}

bench_core::main!();
