#![allow(unused_variables)]

use bench_core::benchmark;

#[benchmark(category = "unit", args(batch = 8, length = 1..5))]
fn forward(batch: usize, length: usize) {}

fn main() {}
