use bench_core::benchmark;

#[benchmark(category = "unit", repeats = 0)]
fn softmax() {}

fn main() {}
