use bench_core::benchmark;

#[benchmark(category = "unit", targets("speedup >= 50"))]
fn softmax() {}

fn main() {}
