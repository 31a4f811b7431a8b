use bench_core::benchmark;

#[benchmark(category = "unit", targets("speedup(step) >= 50x"))]
fn softmax() {}

fn main() {}
