use bench_core::benchmark;

struct Model;

impl Model {
    #[benchmark(category = "unit")]
    fn softmax(&self) {}
}

fn main() {}
