use bench_core::benchmark;

#[benchmark(category = "unit", targets("median = 5s", "median <= 5s", "ips > 10 images/s"))]
fn softmax() {}

fn main() {}
