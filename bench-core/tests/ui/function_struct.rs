use bench_core::benchmark;

#[benchmark(category = "unit")]
struct Softmax;

fn main() {}
