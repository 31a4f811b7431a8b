use bench_core::benchmark;

#[benchmark(category = "unit", x)]
fn softmax() {}

fn main() {}
