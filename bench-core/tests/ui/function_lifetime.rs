use bench_core::benchmark;

#[benchmark(category = "unit", args(text = ["a"]))]
fn tokenize<'a>(text: &'a str) -> &'a str {
    text
}

fn main() {}
