#![allow(unused_variables)]

use bench_core::benchmark;

#[benchmark(category = "unit", args(batch = []))]
fn forward(batch: usize) {}

fn main() {}
