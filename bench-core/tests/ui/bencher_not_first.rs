#![allow(unused_variables)]

use bench_core::{Bencher, benchmark};

#[benchmark(category = "unit", args(batch = [1, 8]))]
fn forward(batch: usize, b: &mut Bencher) {}

fn main() {}
