//! Product of two square matrices that fit the caches: bound by the core.

use bench_core::prelude::*;

use crate::{random, work};

/// The number of rows and columns of each matrix.
pub const ROWS: usize = 96;

/// Returns the product of two matrices, stored row by row; the second one is square and has `rows` rows.
#[inline(never)]
pub fn matrix_product(a: &[f32], b: &[f32], rows: usize) -> Vec<f32> {
    let mut product = vec![0.0; a.len()];
    for (row, out) in a.chunks_exact(rows).zip(product.chunks_exact_mut(rows)) {
        for (factor, b_row) in row.iter().zip(b.chunks_exact(rows)) {
            for (out, b) in out.iter_mut().zip(b_row) {
                *out += factor * b;
            }
        }
    }
    product
}

/// Returns [`matrix_product`] together with its input.
pub fn prepared() -> impl FnMut() -> Vec<f32> {
    let a = random::floats(work(ROWS) * ROWS);
    let b: Vec<f32> = a.iter().rev().take(ROWS * ROWS).copied().collect();
    move || matrix_product(black_box(&a), black_box(&b), ROWS)
}

#[benchmark(category = "unit", name = "kernel_matrix_product", tags("kernels", "cpu"))]
fn bench(b: &mut Bencher) {
    b.iter(prepared());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn product() {
        assert_eq!(matrix_product(&[1.0, 2.0, 3.0, 4.0], &[5.0, 6.0, 7.0, 8.0], 2), [19.0, 22.0, 43.0, 50.0]);
    }
}
