use bench_core::benchmark;

#[benchmark(category = "unit", crate = 3)]
fn softmax() {}

fn main() {}
