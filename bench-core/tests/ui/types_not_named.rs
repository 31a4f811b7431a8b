use bench_core::benchmark;

#[benchmark(category = "unit", types(f32, f64))]
fn softmax<T, U>() {}

fn main() {}
