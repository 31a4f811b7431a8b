use bench_core::benchmark;

trait Model {
    #[benchmark(category = "unit")]
    fn softmax();
}

fn main() {}
