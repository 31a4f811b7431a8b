use bench_core::benchmark;

#[benchmark(category = "unit", warm_up = 10)]
fn softmax() {}

fn main() {}
