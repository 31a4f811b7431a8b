#![allow(unused_variables)]

use bench_core::benchmark;

#[benchmark(category = "unit", args(batch = [1, 8]))]
fn forward(batch: usize, dtype: u8) {}

fn main() {}
