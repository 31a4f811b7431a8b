#![allow(unused_variables)]

use bench_core::benchmark;

#[benchmark(category = "unit", args = [1, 8])]
fn forward(batch: usize) {}

fn main() {}
