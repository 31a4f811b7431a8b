//! Writes ResNet with its generated weights, for other programs: `resnet50.safetensors` and `resnet50.onnx`, with the
//! same values.
//!
//! ```text
//! cargo run --release -p models --example write_resnet -- 50 FOLDER
//! ```

use std::error::Error;
use std::path::PathBuf;

use models::resnet::{self, Depth};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(layers), Some(folder)) = (arguments.next(), arguments.next()) else {
        return Err("expected a depth (18 or 50) and a folder".into());
    };
    let depth = Depth::try_from(layers.parse::<usize>()?)?;
    let name = |extension: &str| PathBuf::from(&folder).join(format!("resnet{layers}.{extension}"));
    let weights = resnet::weights(depth)?.into_iter().collect();
    candle_core::safetensors::save(&weights, name("safetensors"))?;
    std::fs::write(name("onnx"), resnet::onnx(depth, 1)?)?;
    for file in [name("safetensors"), name("onnx")] {
        println!("{} ({} bytes)", file.display(), file.metadata()?.len());
    }
    Ok(())
}
