use bench_core::benchmark;

#[benchmark(category = "unit", name, items = )]
fn softmax() {}

fn main() {}
