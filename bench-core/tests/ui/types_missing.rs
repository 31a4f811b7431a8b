use bench_core::benchmark;

#[benchmark(category = "unit")]
fn softmax<T>() {}

fn main() {}
