//! Stands in for criterion by renaming one dependency:
//!
//! ```toml
//! criterion = { package = "criterion-facade", path = "../bench/crates/criterion-facade" }
//! ```
//!
//! Benchmarks, macros and types stay as they are. Each benchmark is measured in fresh processes of the same
//! executable, which the runner of `bench-core` starts: a process calls the one function that registers its benchmark,
//! measures that benchmark, and ends. The closure of a benchmark is called once per sample, as in criterion, and only
//! the routine given to one of the `iter` methods is timed.
//!
//! ```no_run
//! # use criterion_facade as criterion;
//! use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
//!
//! fn sums(c: &mut Criterion) {
//!     let mut group = c.benchmark_group("sums");
//!     for n in [1_000, 10_000] {
//!         let numbers: Vec<u64> = (0..n).collect();
//!         group.throughput(Throughput::Elements(n));
//!         group.bench_with_input(BenchmarkId::from_parameter(n), &numbers, |b, numbers| {
//!             b.iter(|| numbers.iter().sum::<u64>())
//!         });
//!     }
//!     group.finish();
//! }
//!
//! criterion_group!(benches, sums);
//! criterion_main!(benches);
//! ```
#![forbid(unsafe_code)]

#[cfg(feature = "async")]
mod async_bencher;
pub mod async_executor;
mod batch_size;
mod bencher;
mod benchmark_group;
mod benchmark_id;
mod criterion;
mod knobs;
mod macros;
pub mod measurement;
pub mod profiler;
mod settings;

#[cfg(feature = "async")]
pub use async_bencher::AsyncBencher;
pub use batch_size::BatchSize;
pub use bencher::Bencher;
pub use benchmark_group::BenchmarkGroup;
pub use benchmark_id::{BenchmarkId, IntoBenchmarkId};
pub use criterion::Criterion;
pub use knobs::{AxisScale, Baseline, PlotConfiguration, PlottingBackend, SamplingMode, Throughput};
pub use std::hint::black_box;

/// Items that the expansions of the macros use.
#[doc(hidden)]
pub mod __private {
    pub use bench_core::dynamic::{begin, end, target};
}
