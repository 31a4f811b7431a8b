use bench_core::benchmark;

#[benchmark(category = "unit", warmup = -10)]
fn softmax() {}

fn main() {}
