use bench_core::benchmark;

#[benchmark(category = "unit", warmup = 1, warmup = 2)]
fn softmax() {}

fn main() {}
