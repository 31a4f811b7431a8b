use bench_core::benchmark;

#[benchmark(category = "unit", targets("median <= 5 sec"))]
fn softmax() {}

fn main() {}
