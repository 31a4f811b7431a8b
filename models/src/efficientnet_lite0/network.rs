//! The network, and what it wants a photograph to look like.

use std::path::PathBuf;

use candle_core::{D, Device, Module, Tensor};
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

/// Of the shorter side of a photograph, the middle 224/256 are looked at: what a border of 32 pixels
/// around the input would leave.
const CROP_PADDING: usize = 32;

/// The name that `models/weights/fetch` knows.
const NAME: &str = "efficientnet_lite0";

/// Channels after the first convolution and before the classifier: the Lite variants never scale these.
const STEM: usize = 32;
const HEAD: usize = 1280;

/// Blocks of one width.
struct Stage {
    blocks: usize,
    kernel: usize,
    /// Of the first block; the others have a stride of 1.
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
    /// Where its weights are looked for.
    pub fn weights_path() -> PathBuf {
        weights::directory().join(format!("{NAME}.safetensors"))
    }

    /// Reads the weights that `models/weights/fetch` wrote, in f32 on `device`.
    ///
    /// # Errors
    /// Everything that can be wrong with the file.
    pub fn load(device: &Device) -> Result<Self, WeightsError> {
        EfficientNetLite0::read(Self::weights_path(), device)
    }

    /// Reads the weights in the safetensors file at `path`.
    ///
    /// # Errors
    /// Everything that can be wrong with the file.
    pub fn read(path: PathBuf, device: &Device) -> Result<Self, WeightsError> {
        Checkpoint::read(NAME, path)?.build(device, |weights| EfficientNetLite0::new(&weights))
    }

    /// With any source of weights, under the names of the published PyTorch port.
    ///
    /// # Errors
    /// When a tensor cannot be had.
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

    /// Logits of shape `(batch, 1000)` from images of shape `(batch, 3, height, width)`, made by
    /// [`prepare`]; the height and width are [`INPUT_SIDE`], or any other multiple of 32.
    ///
    /// # Errors
    /// When the images have another shape, or are not f32 on the device of the weights.
    pub fn forward(&self, images: &Tensor) -> candle_core::Result<Tensor> {
        let mut features = self.stem.forward(images)?;
        for block in &self.blocks {
            features = block.forward(&features)?;
        }
        let features = self.head.forward(&features)?.flatten_from(D::Minus2)?.mean(D::Minus1)?;
        self.classifier.forward(&features)
    }
}

/// As the authors prepare a photograph: the middle 87.5 % of the shorter side, scaled to 224 × 224 by a
/// bicubic, then (byte − 127) / 128. Shape `(1, 3, 224, 224)`.
///
/// # Errors
/// When the photograph is empty, or the device cannot hold the tensor.
pub fn prepare(photograph: &Photograph, device: &Device) -> Result<Tensor, PhotographError> {
    let (width, height) = photograph.size();
    let side = width.min(height) as usize * INPUT_SIDE / (INPUT_SIDE + CROP_PADDING);
    let cut = photograph.centre_crop(side as u32)?.resized(INPUT_SIDE as u32, Interpolation::Bicubic)?;
    Ok(Normalisation::LITE.apply(&cut, device)?)
}
