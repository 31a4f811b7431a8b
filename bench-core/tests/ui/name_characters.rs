use bench_core::benchmark;

#[benchmark(category = "unit", name = "soft max/2", model = "")]
fn softmax() {}

fn main() {}
