use bench_core::benchmark;

#[benchmark(category = "unit", types(f32, f64, f32))]
fn softmax<T>() {}

fn main() {}
