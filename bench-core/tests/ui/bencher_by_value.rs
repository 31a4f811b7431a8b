#![allow(unused_variables)]

use bench_core::benchmark;

#[benchmark(category = "unit")]
fn softmax(b: bench_core::Bencher) {}

fn main() {}
