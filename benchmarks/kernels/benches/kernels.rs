//! The kernels alone, without other benchmarks.

bench_core::main!(kernels);
