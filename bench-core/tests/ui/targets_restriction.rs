use bench_core::benchmark;

#[benchmark(category = "unit", targets = ["median <= 5s @ batch"])]
fn softmax() {}

fn main() {}
