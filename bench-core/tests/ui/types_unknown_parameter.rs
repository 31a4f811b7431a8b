use bench_core::benchmark;

#[benchmark(category = "unit", types(Elem = [f32, f64]))]
fn softmax<Element>() {}

fn main() {}
