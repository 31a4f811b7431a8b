use bench_core::benchmark;

#[benchmark]
fn softmax() {}

fn main() {}
