#![allow(unused_variables)]

use bench_core::benchmark;

#[benchmark(category = "unit", args(cold = [true, false]), ignore(cold = true))]
fn forward(cold: bool) {}

fn main() {}
