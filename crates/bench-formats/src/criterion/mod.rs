//! Criterion's folder of estimates, which critcmp compares: `BENCHMARK/BASELINE/{benchmark,estimates,sample}.json`.
//!
//! All of its figures are those of samples: their mean, median, deviation and so on, in nanoseconds an iteration.

mod estimates;
mod export;
mod import;

pub(crate) struct Criterion;

/// The file with the names of a benchmark.
const BENCHMARK: &str = "benchmark.json";
/// The file with the estimates of its samples.
const ESTIMATES: &str = "estimates.json";
/// The samples.
const SAMPLE: &str = "sample.json";
