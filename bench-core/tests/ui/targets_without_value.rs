use bench_core::benchmark;

#[benchmark(category = "unit", targets("median <="))]
fn softmax() {}

fn main() {}
