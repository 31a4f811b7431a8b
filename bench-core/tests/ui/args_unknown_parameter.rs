#![allow(unused_variables)]

use bench_core::benchmark;

#[benchmark(category = "unit", args(bacth = [1, 8], dtype = [1]))]
fn forward(batch: usize, dtype: u8) {}

fn main() {}
