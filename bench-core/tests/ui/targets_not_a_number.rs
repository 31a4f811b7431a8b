use bench_core::benchmark;

#[benchmark(category = "unit", targets("median <= NaN"))]
fn softmax() {}

fn main() {}
