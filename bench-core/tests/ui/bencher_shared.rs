#![allow(unused_variables)]

use bench_core::{Bencher, benchmark};

#[benchmark(category = "unit")]
fn softmax(b: &Bencher) {}

fn main() {}
