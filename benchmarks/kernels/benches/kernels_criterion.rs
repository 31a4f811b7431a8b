//! The kernels under criterion, with its own settings, for the comparison by `benchmarks/measure`.

use criterion::Criterion;
use kernels::{
    allocation, dot_product, formatting, hash, hash_map, matrix_product, memory_stream, pointer_chase, sort,
};

fn main() {
    let mut c = Criterion::default().configure_from_args();
    c.bench_function("kernel_hash", |b| b.iter(hash::prepared()));
    c.bench_function("kernel_dot_product", |b| b.iter(dot_product::prepared()));
    c.bench_function("kernel_matrix_product", |b| b.iter(matrix_product::prepared()));
    c.bench_function("kernel_memory_stream", |b| b.iter(memory_stream::prepared()));
    c.bench_function("kernel_hash_map", |b| b.iter(hash_map::prepared()));
    c.bench_function("kernel_sort", |b| b.iter(sort::prepared()));
    c.bench_function("kernel_formatting", |b| b.iter(formatting::prepared()));
    c.bench_function("kernel_pointer_chase", |b| b.iter(pointer_chase::prepared()));
    c.bench_function("kernel_allocation", |b| b.iter(allocation::prepared()));
    c.final_summary();
}
