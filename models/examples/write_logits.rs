//! Writes the logits that candle computes with the generated weights of ResNet-50 and ViT-B/16 for two images of noise,
//! as little-endian f32: the engines in `python/benchmarks` must agree with them.
//!
//! ```text
//! cargo run --release -p models --example write_logits -- python/benchmarks/logits
//! ```

use std::error::Error;
use std::path::PathBuf;

use candle_core::{DType, Device, Tensor};
use models::resnet::{Depth, ResNet};
use models::seeded::Seeded;
use models::vit_b_16::VitB16;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1).ok_or("expected a folder")?;
    std::fs::create_dir_all(&folder)?;
    let images = Seeded::new(1).images(2, models::resnet::INPUT_SIDE, &Device::Cpu)?;
    let resnet = ResNet::load(Depth::Fifty, DType::F32, &Device::Cpu)?.forward(&images)?;
    let vit = VitB16::load(DType::F32, &Device::Cpu)?.forward(&images)?;
    for (name, logits) in [("resnet50", resnet), ("vit_b_16", vit)] {
        let file = PathBuf::from(&folder).join(format!("{name}.f32"));
        std::fs::write(&file, bytes(&logits)?)?;
        println!("{}", file.display());
    }
    Ok(())
}

fn bytes(logits: &Tensor) -> candle_core::Result<Vec<u8>> {
    let values = logits.flatten_all()?.to_vec1::<f32>()?;
    Ok(values.into_iter().flat_map(f32::to_le_bytes).collect())
}
