//! Throughput of the whole network.

use bench_core::prelude::*;
use candle_core::Device;

use crate::classification;
use crate::seeded::Seeded;
use crate::vit_b_16::{INPUT_SIDE, VitB16};

/// Images to logits; the time against the batch is how it scales. The logits have to be finite for their time to
/// count.
#[benchmark(args(batch = [1, 2, 4, 8, 32]), ignore(batch = [8, 32]), max_time = "5s")]
fn forward(b: &mut Bencher, batch: usize) -> Result<()> {
    let model = b.load(|| VitB16::load(&Device::Cpu))?;
    let images = Seeded::new(1).images(batch, INPUT_SIDE, &Device::Cpu)?;
    b.count("images", batch).try_iter(|| model.forward(&images))?;
    // After measuring, so that the first call is a first call; an error fails the case, figures and all.
    Ok(classification::check_finite(&model.forward(&images)?)?)
}
