use bench_core::benchmark;

#[benchmark(category = "unit")]
fn softmax<const LEN: usize>() {}

fn main() {}
