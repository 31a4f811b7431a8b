use bench_core::benchmark;

#[benchmark(category = "unit", max_time = "3")]
fn softmax() {}

fn main() {}
