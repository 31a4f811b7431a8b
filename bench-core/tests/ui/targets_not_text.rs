use bench_core::benchmark;

#[benchmark(category = "unit", targets(5))]
fn softmax() {}

fn main() {}
