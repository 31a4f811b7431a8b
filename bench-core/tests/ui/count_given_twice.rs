use bench_core::benchmark;

#[benchmark(category = "unit", items = 1, count(items = 2, images = 3, images = 4))]
fn softmax() {}

fn main() {}
