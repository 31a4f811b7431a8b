//! Throughput of the whole network, with its trained weights.

use bench_core::prelude::*;
use candle_core::Device;

use crate::classification;
use crate::efficientnet_lite0::{EfficientNetLite0, INPUT_SIDE};
use crate::seeded::Seeded;
use crate::weights::WeightsError;

/// Images to logits. The logits have to be finite for their time to count.
#[benchmark(args(batch = [1, 8, 32]), ignore(batch = [32]))]
fn forward(b: &mut Bencher, batch: usize) -> Result<()> {
    let model = b.load(|| EfficientNetLite0::load(&Device::Cpu)).map_err(WeightsError::or_skip)?;
    let images = Seeded::new(1).images(batch, INPUT_SIDE, &Device::Cpu)?;
    b.count("images", batch).try_iter(|| model.forward(&images))?;
    // After measuring, so that the first call is a first call; an error fails the case, figures and all.
    Ok(classification::check_finite(&model.forward(&images)?)?)
}
