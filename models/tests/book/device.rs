//! A model on the device that `--device` names.

use bench_core::device::CandleDevice;
use bench_core::prelude::*;
use candle_core::{Device, Tensor};

struct ResNet50(Tensor);

impl ResNet50 {
    fn load(device: &Device) -> Result<Self> {
        Ok(ResNet50(Tensor::ones((3 * 32 * 32, 10), candle_core::DType::F32, device)?))
    }

    fn forward(&self, images: &Tensor) -> Result<Tensor> {
        Ok(images.matmul(&self.0)?)
    }
}

fn synthetic_images(batch: usize, device: &Device) -> Result<Tensor> {
    Ok(Tensor::zeros((batch, 3 * 32 * 32), candle_core::DType::F32, device)?)
}

// The book begins here.
#[benchmark(category = "performance", model = "resnet50", args(batch = [1, 8]))]
fn forward(b: &mut Bencher, batch: usize) -> Result<()> {
    let device = b.wanted_device().candle()?; // what `--device` says; `use bench_core::device::CandleDevice`
    b.device(&device);
    let model = b.load(|| ResNet50::load(&device))?;
    let images = synthetic_images(batch, &device)?;
    b.items(batch).try_iter(|| model.forward(&images))
}
// The book ends here.
