#![allow(unused_variables)]

use bench_core::benchmark;

#[benchmark(category = "unit", types(f32, f64), args(scale = [1.0]))]
fn forward<T>(scale: Option<T>) {}

fn main() {}
