#![allow(unused_variables)]

use bench_core::benchmark;

const SIZES: [u8; 2] = [1, 8];

#[benchmark(category = "unit", args(batch = [1, "8"], length = SIZES))]
fn forward(batch: usize, length: usize) {}

fn main() {}
