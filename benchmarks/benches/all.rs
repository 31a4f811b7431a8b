//! The one bench target that links every crate with benchmarks.

bench_core::main!(benchmarks, kernels, models);
