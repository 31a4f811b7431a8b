use bench_core::benchmark;

#[benchmark(category = "unit", max_time = "-3s")]
fn softmax() {}

fn main() {}
