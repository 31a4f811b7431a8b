use bench_core::benchmark;

#[benchmark(category = "unit", types(f32, T = [f64]))]
fn softmax<T>() {}

fn main() {}
