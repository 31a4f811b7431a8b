//! The first benchmark of the README.

// The book begins here.
use bench_core::prelude::*;

// The whole body is measured.
#[benchmark(category = "unit")]
fn sum() -> u64 {
    (0..black_box(1000)).sum()
}

// The setup is not measured. Each value of `len` is a separate case; `items` gives the throughput.
#[benchmark(category = "performance", model = "sorter", args(len = [1_000, 100_000]))]
fn sort(b: &mut Bencher, len: usize) {
    let values: Vec<u64> = (0..len as u64).map(|i| i.wrapping_mul(0x9e37_79b9_7f4a_7c15)).collect();
    b.items(len).iter_batched(
        || values.clone(),
        |mut values| {
            values.sort_unstable();
            values
        },
    );
}

bench_core::main!();
// The book ends here.
