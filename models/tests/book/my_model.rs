// models/src/my_model/benchmarks/performance.rs
use bench_core::prelude::*;

use crate::my_model::MyModel;

#[benchmark(args(batch = [1, 8]))]
fn forward(b: &mut Bencher, batch: usize) -> Result<()> {
    let model = b.load(MyModel::load)?;
    let inputs = model.inputs(batch)?;
    b.items(batch).try_iter(|| model.forward(&inputs))
}
