use bench_core::benchmark;

#[benchmark(category = "unit", types(f32, f64), ignore(T = TYPES))]
fn softmax<T>() {}

fn main() {}
