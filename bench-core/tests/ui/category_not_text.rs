use bench_core::benchmark;

#[benchmark(category = performance)]
fn softmax() {}

fn main() {}
