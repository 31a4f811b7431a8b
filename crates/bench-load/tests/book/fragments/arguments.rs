//! Arguments of all kinds.

use bench_core::prelude::*;

#[derive(Clone, Copy, Debug)]
enum DType {
    F32,
    F16,
}

struct Model(DType);

impl Model {
    fn load(dtype: DType) -> Self {
        Model(dtype)
    }

    fn forward(&self, batch: usize) -> Result<usize> {
        Ok(batch * if matches!(self.0, DType::F32) { 4 } else { 2 })
    }
}

// The book begins here.
#[benchmark(category = "performance", args(batch = [1, 8, 32], dtype = [DType::F32, DType::F16]), ignore(batch = [32]))]
fn forward(b: &mut Bencher, batch: usize, dtype: DType) -> Result<()> {
    let model = b.load(|| Model::load(dtype));
    b.items(batch).try_iter(|| model.forward(batch))
}

const SIZES: [usize; 3] = [64, 256, 1024];

#[benchmark(category = "unit", args(len = SIZES), items = len)]
fn dot(len: usize) -> usize {
    (0..black_box(len)).map(|i| i * i).sum()
}

#[benchmark(category = "unit", types(f32, f64))]
fn convert<T: From<u16>>() -> T {
    T::from(black_box(7))
}
// The book ends here.
