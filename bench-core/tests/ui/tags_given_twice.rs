use bench_core::benchmark;

#[benchmark(category = "unit", tags = ["gpu", "gpu", ""])]
fn softmax() {}

fn main() {}
