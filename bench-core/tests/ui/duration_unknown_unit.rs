use bench_core::benchmark;

#[benchmark(category = "unit", timeout = "3 fortnights")]
fn softmax() {}

fn main() {}
