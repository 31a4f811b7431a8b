use bench_core::benchmark;

#[benchmark(category = "unit", targets("median <= -5s"))]
fn softmax() {}

fn main() {}
