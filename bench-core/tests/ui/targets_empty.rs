use bench_core::benchmark;

#[benchmark(category = "unit", targets())]
fn softmax() {}

fn main() {}
