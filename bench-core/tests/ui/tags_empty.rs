use bench_core::benchmark;

#[benchmark(category = "unit", tags())]
fn softmax() {}

fn main() {}
