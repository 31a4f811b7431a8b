#![allow(unused_variables)]

use bench_core::benchmark;

#[benchmark(category = "unit", args(text = ["a"]))]
fn tokenize(text: impl AsRef<str>) {}

fn main() {}
