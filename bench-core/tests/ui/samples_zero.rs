use bench_core::benchmark;

#[benchmark(category = "unit", samples = 0)]
fn softmax() {}

fn main() {}
