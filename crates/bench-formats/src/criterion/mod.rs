//! Criterion's folder of estimates, which critcmp compares: `BENCHMARK/BASELINE/{benchmark,estimates,sample}.json`.
//!
//! All of its figures describe samples: their mean, median, deviation and others, in nanoseconds per iteration.

mod estimates;
mod export;
mod import;

pub(crate) struct Criterion;

/// The file with the names of a benchmark.
const BENCHMARK: &str = "benchmark.json";
/// The file with the estimates of its samples.
const ESTIMATES: &str = "estimates.json";
/// The file with the samples.
const SAMPLE: &str = "sample.json";
