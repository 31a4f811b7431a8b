//! The kernels and nothing else.

bench_core::main!(kernels);
