use bench_core::benchmark;

#[benchmark(category = "performence")]
fn softmax() {}

fn main() {}
