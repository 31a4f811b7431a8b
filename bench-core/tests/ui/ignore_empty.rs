#![allow(unused_variables)]

use bench_core::benchmark;

#[benchmark(category = "unit", args(batch = [1, 8]), ignore(batch = []))]
fn forward(batch: usize) {}

fn main() {}
