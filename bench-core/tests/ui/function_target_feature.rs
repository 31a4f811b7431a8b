use bench_core::benchmark;

#[benchmark(category = "unit")]
#[target_feature(enable = "avx2")]
fn dot() -> u64 {
    1
}

#[benchmark(category = "unit")]
#[test]
fn sum() {}

fn main() {}
