#![allow(unused_variables)]

use bench_core::benchmark;

const SIZES: &[usize] = &[];

#[benchmark(category = "unit", args(batch = SIZES))]
fn forward(batch: usize) {}

fn main() {}
