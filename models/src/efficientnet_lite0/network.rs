//! The network, and the preparation of a photograph for it.

use std::path::PathBuf;

use candle_core::{D, DType, Device, Module, Tensor};
use candle_nn::{Linear, VarBuilder};

use super::block::InvertedBottleneck;
use super::convolution::{Activation, Convolution, Shape};
use crate::checkpoint::Checkpoint;
use crate::classification::IMAGENET_CLASSES;
use crate::normalisation::Normalisation;
use crate::photograph::{Interpolation, Photograph, PhotographError};
use crate::weights::{self, WeightsError};

/// Width and height of the input, in pixels.
pub const INPUT_SIDE: usize = 224;

/// The number of pixels that are cut off along each side: of the shorter side of a photograph, the middle 224/256 is
/// used.
const CROP_PADDING: usize = 32;

/// The name of the model in `models/weights/fetch`.
const NAME: &str = "efficientnet_lite0";

/// Channels after the first convolution and before the classifier: the Lite variants never scale these.
const STEM: usize = 32;
const HEAD: usize = 1280;

/// Blocks of one width.
struct Stage {
    blocks: usize,
    kernel: usize,
    /// The stride of the first block; the others have a stride of 1.
    stride: usize,
    expansion: usize,
    outputs: usize,
}

const fn stage(blocks: usize, kernel: usize, stride: usize, expansion: usize, outputs: usize) -> Stage {
    Stage { blocks, kernel, stride, expansion, outputs }
}

/// The stages of EfficientNet-B0 (Tan and Le, 2019, arXiv:1905.11946, table 1).
const STAGES: [Stage; 7] = [
    stage(1, 3, 1, 1, 16),
    stage(2, 3, 2, 6, 24),
    stage(2, 5, 2, 6, 40),
    stage(3, 3, 2, 6, 80),
    stage(3, 5, 1, 6, 112),
    stage(4, 5, 2, 6, 192),
    stage(1, 3, 1, 6, 320),
];

/// EfficientNet-Lite0: B0 without squeeze-and-excitation and with ReLU6; 4.7 million parameters.
#[derive(Debug)]
pub struct EfficientNetLite0 {
    stem: Convolution,
    blocks: Vec<InvertedBottleneck>,
    head: Convolution,
    classifier: Linear,
}

impl EfficientNetLite0 {
    /// Returns the path of its weights.
    pub fn weights_path() -> PathBuf {
        weights::directory().join(format!("{NAME}.safetensors"))
    }

    /// Reads the weights that `models/weights/fetch` wrote, as `dtype` on `device`.
    ///
    /// # Errors
    /// If the file cannot be read or is not valid.
    pub fn load(dtype: DType, device: &Device) -> Result<Self, WeightsError> {
        EfficientNetLite0::read(Self::weights_path(), dtype, device)
    }

    /// Reads the weights in the safetensors file at `path`.
    ///
    /// # Errors
    /// If the file cannot be read or is not valid.
    pub fn read(path: PathBuf, dtype: DType, device: &Device) -> Result<Self, WeightsError> {
        Checkpoint::read(NAME, path)?.build(dtype, device, |weights| EfficientNetLite0::new(&weights))
    }

    /// Creates the network from any source of weights, under the names of the published PyTorch port.
    ///
    /// # Errors
    /// When a tensor cannot be obtained.
    pub fn new(weights: &VarBuilder<'_>) -> candle_core::Result<Self> {
        let relu6 = Activation::Relu6;
        let stem = Shape { inputs: 3, outputs: STEM, kernel: 3, stride: 2, depthwise: false };
        let stem = Convolution::new(stem, relu6, weights.pp("_conv_stem"), weights.pp("_bn0"))?;
        let (mut blocks, mut inputs) = (Vec::new(), STEM);
        for stage in STAGES {
            for number in 0..stage.blocks {
                let stride = if number == 0 { stage.stride } else { 1 };
                let weights = weights.pp("_blocks").pp(blocks.len());
                blocks.push(InvertedBottleneck::new(
                    inputs,
                    stage.outputs,
                    stage.expansion,
                    stage.kernel,
                    stride,
                    &weights,
                )?);
                inputs = stage.outputs;
            }
        }
        let head = Convolution::new(
            Shape::pointwise(inputs, HEAD),
            relu6,
            weights.pp("_conv_head"),
            weights.pp("_bn1"),
        )?;
        let classifier = candle_nn::linear(HEAD, IMAGENET_CLASSES, weights.pp("_fc"))?;
        Ok(EfficientNetLite0 { stem, blocks, head, classifier })
    }

    /// Returns logits of shape `(batch, 1000)` from images of shape `(batch, 3, height, width)`, made by [`prepare`];
    /// the height and width are [`INPUT_SIDE`], or any other multiple of 32.
    ///
    /// # Errors
    /// When the images have another shape, or are not of the weights' type and device.
    pub fn forward(&self, images: &Tensor) -> candle_core::Result<Tensor> {
        let mut features = self.stem.forward(images)?;
        for block in &self.blocks {
            features = block.forward(&features)?;
        }
        let features = self.head.forward(&features)?.flatten_from(D::Minus2)?.mean(D::Minus1)?;
        self.classifier.forward(&features)
    }
}

/// Prepares a photograph as the authors do: the middle 87.5 % of the shorter side, scaled to 224 × 224 by a bicubic
/// filter, then (byte − 127) / 128. Shape `(1, 3, 224, 224)`.
///
/// # Errors
/// When the photograph is empty, or the device cannot hold the tensor.
pub fn prepare(photograph: &Photograph, device: &Device) -> Result<Tensor, PhotographError> {
    let (width, height) = photograph.size();
    let side = width.min(height) as usize * INPUT_SIDE / (INPUT_SIDE + CROP_PADDING);
    let cut = photograph.centre_crop(side as u32)?.resized(INPUT_SIDE as u32, Interpolation::Bicubic)?;
    Ok(Normalisation::LITE.apply(&cut, device)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classification::{self, ImageNetClass};
    use crate::seeded::Seeded;
    use crate::weights::images_directory;

    /// Returns the model with its weights; `None`, after printing the reason, if they are missing.
    fn fetched() -> Option<EfficientNetLite0> {
        crate::weights::fetched(EfficientNetLite0::load(DType::F32, &Device::Cpu))
    }

    #[test]
    fn the_same_seed_gives_the_same_finite_logits() {
        let model = EfficientNetLite0::new(&Seeded::new(1).weights(&Device::Cpu)).expect("model");
        let images = Seeded::new(2).images(1, 32, &Device::Cpu).expect("images");
        let first = model.forward(&images).expect("logits");
        classification::check_finite(&first).expect("finite");
        let second = model.forward(&images).expect("logits");
        let difference =
            (first - second).and_then(|d| d.abs()?.max_all()?.to_scalar::<f32>()).expect("difference");
        assert_eq!(difference, 0.0);
    }

    #[test]
    fn trained_weights_give_the_logits_of_the_published_port() {
        let Some(model) = fetched() else { return };
        // The port's forward pass in NumPy, in 64-bit floats, on the same input.
        let (first, largest, sum) =
            ([-0.130_343_6, -1.292_946_5, -1.893_577_2, -0.840_286_4], (646, 7.027_531), -103.269_83);
        let pixel = |channel: usize, row: usize, column: usize| {
            ((row * column + 7 * channel * row + 3 * column) % 256) as f32 / 128.0 - 127.0 / 128.0
        };
        let side = 0..INPUT_SIDE;
        let pixels: Vec<f32> = (0..3)
            .flat_map(|c| {
                side.clone().flat_map(move |row| (0..INPUT_SIDE).map(move |column| pixel(c, row, column)))
            })
            .collect();
        let images = Tensor::from_vec(pixels, (1, 3, INPUT_SIDE, INPUT_SIDE), &Device::Cpu).expect("images");
        let logits: Vec<f32> =
            model.forward(&images).and_then(|logits| logits.flatten_all()?.to_vec1()).expect("logits");
        for (logit, wanted) in logits.iter().zip(first) {
            assert!((logit - wanted).abs() < 1e-4, "{logit} is not {wanted}");
        }
        assert!((logits[largest.0] - largest.1).abs() < 1e-4, "{}", logits[largest.0]);
        assert!((logits.iter().sum::<f32>() - sum).abs() < 1e-2, "{}", logits.iter().sum::<f32>());
    }

    #[test]
    fn photographs_are_what_they_show() {
        let Some(model) = fetched() else { return };
        for (name, class) in [("china.jpg", ImageNetClass::PALACE), ("flower.jpg", ImageNetClass::DAISY)] {
            let photograph = match Photograph::read(&images_directory().join(name)) {
                Ok(photograph) => photograph,
                Err(missing @ PhotographError::Missing { .. }) => {
                    println!("not tested: {missing}");
                    continue;
                }
                Err(error) => panic!("{error}"),
            };
            let image = prepare(&photograph, &Device::Cpu).expect("prepared");
            let logits = model.forward(&image).expect("logits");
            let answers = classification::top_k(&logits, 1).expect("predictions");
            classification::expect_class(&answers[0], class).expect(name);
        }
    }

    #[test]
    fn weights_of_another_network_are_refused_by_name() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let path = folder.path().join("resnet.safetensors");
        let weight = Tensor::zeros((64, 3, 7, 7), DType::F32, &Device::Cpu).expect("zeros");
        candle_core::safetensors::save(&[("conv1.weight", weight)].into(), &path).expect("saved");
        let error = EfficientNetLite0::read(path, DType::F32, &Device::Cpu).expect_err("another network");
        let text = error.to_string();
        assert!(
            text.contains("`_conv_stem.weight`") && text.contains("not the weights of efficientnet_lite0"),
            "{text}"
        );
    }
}
