#![allow(unused_variables)]

use bench_core::benchmark;

#[benchmark(category = "unit", args(values = [&mut [1.0]]))]
fn normalize(values: &mut [f32]) {}

fn main() {}
