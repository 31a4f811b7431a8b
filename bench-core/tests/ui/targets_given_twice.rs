use bench_core::benchmark;

#[benchmark(category = "unit", targets("median <= 5s", "p95 <= 1s", "median <= 5000ms"))]
fn softmax() {}

fn main() {}
