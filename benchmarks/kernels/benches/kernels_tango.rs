//! The kernels under tango, with its own settings, for the comparison by `benchmarks/measure`.

use kernels::{
    allocation, dot_product, formatting, hash, hash_map, matrix_product, memory_stream, pointer_chase, sort,
};
use tango_bench::{IntoBenchmarks, benchmark_fn, tango_benchmarks};

fn kernels() -> impl IntoBenchmarks {
    [
        benchmark_fn("kernel_hash", |b| b.iter(hash::prepared())),
        benchmark_fn("kernel_dot_product", |b| b.iter(dot_product::prepared())),
        benchmark_fn("kernel_matrix_product", |b| b.iter(matrix_product::prepared())),
        benchmark_fn("kernel_memory_stream", |b| b.iter(memory_stream::prepared())),
        benchmark_fn("kernel_hash_map", |b| b.iter(hash_map::prepared())),
        benchmark_fn("kernel_sort", |b| b.iter(sort::prepared())),
        benchmark_fn("kernel_formatting", |b| b.iter(formatting::prepared())),
        benchmark_fn("kernel_pointer_chase", |b| b.iter(pointer_chase::prepared())),
        benchmark_fn("kernel_allocation", |b| b.iter(allocation::prepared())),
    ]
}

tango_benchmarks!(kernels());
