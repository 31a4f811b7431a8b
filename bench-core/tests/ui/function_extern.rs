use bench_core::benchmark;

#[benchmark(category = "unit")]
extern "C" fn softmax() {}

fn main() {}
