#![allow(unused_variables)]

use bench_core::benchmark;

#[benchmark(category = "unit", args(batch = [1, 8], batch = [32]))]
fn forward(batch: usize) {}

fn main() {}
