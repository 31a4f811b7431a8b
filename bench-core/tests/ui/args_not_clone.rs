#![allow(unused_variables)]

use bench_core::benchmark;

struct Weights;

#[benchmark(category = "unit", args(weights = [Weights]))]
fn forward(weights: Weights) {}

fn main() {}
