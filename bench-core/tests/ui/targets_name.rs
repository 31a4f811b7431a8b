use bench_core::benchmark;

#[benchmark(category = "unit", targets("TTFA p95 <= 200ms"))]
fn softmax() {}

fn main() {}
