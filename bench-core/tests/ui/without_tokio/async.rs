use bench_core::benchmark;

#[benchmark(category = "unit", types(u8, u16))]
async fn request<T>() {}

fn main() {}
