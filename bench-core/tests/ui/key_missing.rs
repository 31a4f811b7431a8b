use bench_core::benchmark;

#[benchmark("unit")]
fn softmax() {}

fn main() {}
