//! The network, and what it wants a photograph to look like.

use std::fmt;

use candle_core::{Device, Module, Tensor};
use candle_nn::Func;
use candle_transformers::models::resnet;

use crate::classification::IMAGENET_CLASSES;
use crate::normalisation::Normalisation;
use crate::photograph::{Interpolation, Photograph, PhotographError};
use crate::seeded::Seeded;

/// Width and height of the input, in pixels.
pub const INPUT_SIDE: usize = 224;

/// The shorter side of a photograph before its middle is cut out, in pixels.
const SHORT_SIDE: u32 = 256;

/// The seed of the weights. Another one would make figures incomparable with earlier ones.
const SEED: u64 = 0x05e5_0e75;

/// How many layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// 18: two convolutions of 3 × 3 a block; 11.7 million parameters.
    Eighteen,
    /// 50: bottlenecks of 1 × 1, 3 × 3 and 1 × 1; 25.6 million parameters.
    Fifty,
}

/// A depth that is not offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no ResNet-{0} here: the depths are 18 and 50")]
pub struct UnknownDepth(
    /// What was asked for.
    pub usize,
);

impl TryFrom<usize> for Depth {
    type Error = UnknownDepth;

    fn try_from(layers: usize) -> Result<Self, UnknownDepth> {
        match layers {
            18 => Ok(Depth::Eighteen),
            50 => Ok(Depth::Fifty),
            other => Err(UnknownDepth(other)),
        }
    }
}

/// A residual network with a thousand classes (He et al., 2015, arXiv:1512.03385).
pub struct ResNet {
    network: Func<'static>,
    depth: Depth,
}

impl ResNet {
    /// Generates the weights, in f32 on `device`; the same values everywhere and every time.
    ///
    /// # Errors
    /// When the device cannot hold them.
    pub fn load(depth: Depth, device: &Device) -> candle_core::Result<Self> {
        let weights = Seeded::new(SEED).weights(device);
        let network = match depth {
            Depth::Eighteen => resnet::resnet18(IMAGENET_CLASSES, weights)?,
            Depth::Fifty => resnet::resnet50(IMAGENET_CLASSES, weights)?,
        };
        Ok(ResNet { network, depth })
    }

    /// Logits of shape `(batch, 1000)` from images of shape `(batch, 3, height, width)`; the height
    /// and width are [`INPUT_SIDE`], or any other multiple of 32.
    ///
    /// # Errors
    /// When the images have another shape, or are not f32 on the device of the weights.
    pub fn forward(&self, images: &Tensor) -> candle_core::Result<Tensor> {
        self.network.forward(images)
    }
}

impl fmt::Debug for ResNet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResNet").field("depth", &self.depth).finish_non_exhaustive()
    }
}

/// As torchvision prepares a photograph for its classifiers: shorter side to 256 pixels, the middle
/// 224 × 224, ImageNet's means and deviations. Shape `(1, 3, 224, 224)`.
///
/// # Errors
/// When the photograph is empty, or the device cannot hold the tensor.
pub fn prepare(photograph: &Photograph, device: &Device) -> Result<Tensor, PhotographError> {
    let cut =
        photograph.with_short_side(SHORT_SIDE, Interpolation::Bilinear)?.centre_crop(INPUT_SIDE as u32)?;
    Ok(Normalisation::IMAGENET.apply(&cut, device)?)
}
