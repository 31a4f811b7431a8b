use bench_core::prelude::*;

#[benchmark(category = "unit")]
fn sum() -> u64 {
    (0..black_box(1000)).sum()
}
