//! Throughput of the whole network.

use bench_core::prelude::*;
use candle_core::Device;

use crate::classification;
use crate::resnet::{Depth, INPUT_SIDE, ResNet};
use crate::seeded::Seeded;

/// Images to logits. The logits have to be finite for their time to count.
// ResNet-50 at batch 8 takes seconds: several rounds of it need more than the usual budget.
#[benchmark(args(depth = [18, 50], batch = [1, 8, 32]), ignore(batch = [32]), max_time = "20s")]
fn forward(b: &mut Bencher, depth: usize, batch: usize) -> Result<()> {
    let depth = Depth::try_from(depth)?;
    let model = b.load(|| ResNet::load(depth, &Device::Cpu))?;
    let images = Seeded::new(1).images(batch, INPUT_SIDE, &Device::Cpu)?;
    b.count("images", batch).try_iter(|| model.forward(&images))?;
    // After measuring, so that the first call is a first call; an error fails the case, figures and all.
    Ok(classification::check_finite(&model.forward(&images)?)?)
}
