//! The kernels under zenbench, with its own settings, for the comparison by `benchmarks/measure`.

use kernels::{
    allocation, dot_product, formatting, hash, hash_map, matrix_product, memory_stream, pointer_chase, sort,
};
use zenbench::prelude::*;

fn kernels(suite: &mut Suite) {
    suite.bench_fn("kernel_hash", hash::prepared());
    suite.bench_fn("kernel_dot_product", dot_product::prepared());
    suite.bench_fn("kernel_matrix_product", matrix_product::prepared());
    suite.bench_fn("kernel_memory_stream", memory_stream::prepared());
    suite.bench_fn("kernel_hash_map", hash_map::prepared());
    suite.bench_fn("kernel_sort", sort::prepared());
    suite.bench_fn("kernel_formatting", formatting::prepared());
    suite.bench_fn("kernel_pointer_chase", pointer_chase::prepared());
    suite.bench_fn("kernel_allocation", allocation::prepared());
}

zenbench::main!(kernels);
