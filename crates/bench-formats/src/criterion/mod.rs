//! Criterion's folder of estimates, which critcmp compares: `BENCHMARK/BASELINE/{benchmark,estimates,sample}.json`.
//!
//! All in it is of samples: their mean, median, deviation and so on, in nanoseconds an iteration.

mod estimates;
mod export;
mod import;

pub(crate) struct Criterion;

/// What a benchmark is called.
const BENCHMARK: &str = "benchmark.json";
/// What its samples say.
const ESTIMATES: &str = "estimates.json";
/// The samples.
const SAMPLE: &str = "sample.json";
