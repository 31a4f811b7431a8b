#![allow(unused_variables)]

use bench_core::benchmark;

#[benchmark(category = "unit", args(shape = [(1, 2)]))]
fn forward((width, height): (usize, usize)) {}

fn main() {}
