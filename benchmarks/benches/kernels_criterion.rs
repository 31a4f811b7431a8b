//! The kernels under criterion, with its own settings: what `benchmarks/measure agreement` compares with.

use std::hint::black_box;

use benchmarks::kernels::{
    LINKS, ROWS, STEPS, VALUES, chase, count_words, cycle, dot, floats, format, hash, matrix_product, mix,
    numbers, sort,
};
use criterion::Criterion;

fn main() {
    let mut c = Criterion::default().configure_from_args();
    c.bench_function("kernel_mix", |b| b.iter(|| mix(black_box(7))));
    c.bench_function("kernel_hash", |b| b.iter(|| hash(black_box(&[7; 64]))));
    c.bench_function("kernel_format", |b| b.iter(|| format(black_box(1234.5))));
    let (x, y) = (floats(8192), floats(8192));
    c.bench_function("kernel_dot", |b| b.iter(|| dot(black_box(&x), black_box(&y))));
    let words: Vec<u32> = numbers(2000).into_iter().map(|number| (number % 500) as u32).collect();
    c.bench_function("kernel_count_words", |b| b.iter(|| count_words(black_box(&words))));
    let (x, y) = (floats(ROWS * ROWS), floats(ROWS * ROWS));
    c.bench_function("kernel_matrix_product", |b| {
        b.iter(|| matrix_product(black_box(&x), black_box(&y), ROWS))
    });
    let values = numbers(VALUES);
    c.bench_function("kernel_sort", |b| b.iter(|| sort(black_box(&values))));
    let next = cycle(LINKS);
    c.bench_function("kernel_chase", |b| b.iter(|| chase(black_box(&next), STEPS)));
    c.final_summary();
}
