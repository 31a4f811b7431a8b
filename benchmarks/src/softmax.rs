//! A softmax over the scores of twelve attention heads, as candle computes it.

use bench_core::prelude::*;
use candle_core::{D, Device, Tensor};

/// Heads, queries and keys: the shape of the scores.
const SHAPE: (usize, usize, usize) = (12, 64, 64);
/// Elements of the scores.
const SCORES: usize = SHAPE.0 * SHAPE.1 * SHAPE.2;

/// Scores between -4 and 4 that are the same everywhere.
fn scores() -> candle_core::Result<Tensor> {
    // The golden ratio's multiples modulo 1 are spread evenly.
    let values: Vec<f32> =
        (0..SCORES).map(|i| ((i as f64 * 0.618_033_988_749_895).fract() * 8.0 - 4.0) as f32).collect();
    Tensor::from_vec(values, SHAPE, &Device::Cpu)
}

/// A distribution over the keys for every head and query.
fn softmax(scores: &Tensor) -> candle_core::Result<Tensor> {
    candle_nn::ops::softmax(scores, D::Minus1)
}

#[benchmark(category = "unit", name = "kernel_softmax", tags("kernels"))]
fn bench(b: &mut Bencher) -> Result<()> {
    let scores = scores()?;
    b.items(SCORES).try_iter(|| softmax(black_box(&scores)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_row_sums_to_one() -> candle_core::Result<()> {
        let sums = softmax(&scores()?)?.sum(D::Minus1)?;
        let worst = (sums - 1.0)?.abs()?.max_all()?.to_scalar::<f32>()?;
        assert!(worst < 1e-5, "off by {worst}");
        Ok(())
    }
}
