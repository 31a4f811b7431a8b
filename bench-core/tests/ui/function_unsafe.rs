use bench_core::benchmark;

#[benchmark(category = "unit")]
unsafe fn softmax() {}

fn main() {}
