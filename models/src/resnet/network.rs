//! The network.

use std::fmt;

use candle_core::{DType, Device, Module, Tensor};
use candle_nn::VarBuilder;

use super::layers::Layers;
use crate::classification::IMAGENET_CLASSES;
use crate::load::{LoadError, generated};
use crate::seeded::Seeded;

/// Width and height of the input, in pixels.
pub const INPUT_SIDE: usize = 224;

/// The seed of the weights. Another one would make figures incomparable with earlier ones.
pub(super) const SEED: u64 = 0x05e5_0e75;

/// The number of layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// 18: two convolutions of 3 × 3 in each block; 11.7 million parameters.
    Eighteen,
    /// 50: bottlenecks of 1 × 1, 3 × 3 and 1 × 1; 25.6 million parameters.
    Fifty,
}

impl Depth {
    fn name(self) -> &'static str {
        match self {
            Depth::Eighteen => "ResNet-18",
            Depth::Fifty => "ResNet-50",
        }
    }
}

/// A depth that is not offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no ResNet-{0} here: the depths are 18 and 50")]
pub struct UnknownDepth(
    /// The requested depth.
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
    network: Layers,
    depth: Depth,
}

impl ResNet {
    /// Generates the weights as `dtype` on `device`; the same values everywhere and every time.
    ///
    /// # Errors
    /// When they do not fit into memory, or the device cannot hold them.
    pub fn load(depth: Depth, dtype: DType, device: &Device) -> Result<Self, LoadError> {
        let seed = Seeded::new(SEED);
        let network = generated(depth.name(), seed, dtype, device, |weights| build(depth, weights))?;
        Ok(ResNet { network, depth })
    }

    /// Returns logits of shape `(batch, 1000)` from images of shape `(batch, 3, height, width)`; the height and width
    /// are [`INPUT_SIDE`], or any other multiple of 32.
    ///
    /// # Errors
    /// When the images have another shape, or are not of the weights' type and device.
    pub fn forward(&self, images: &Tensor) -> candle_core::Result<Tensor> {
        self.network.forward(images)
    }
}

/// Creates the layers from these weights, under torchvision's names.
pub(super) fn build(depth: Depth, weights: VarBuilder<'static>) -> candle_core::Result<Layers> {
    Layers::new(depth, IMAGENET_CLASSES, &weights)
}

impl fmt::Debug for ResNet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResNet").field("depth", &self.depth).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classification;

    /// A seventh of [`INPUT_SIDE`]: the same layers on a fiftieth of the pixels.
    const SMALL_SIDE: usize = 32;

    fn logits(model: &ResNet, images: &Tensor) -> Vec<f32> {
        model.forward(images).and_then(|logits| logits.flatten_all()?.to_vec1()).expect("logits")
    }

    #[test]
    fn a_seeded_network_is_finite_and_sees_its_input() {
        let model = ResNet::load(Depth::Eighteen, DType::F32, &Device::Cpu).expect("model");
        let images = Seeded::new(1).images(2, SMALL_SIDE, &Device::Cpu).expect("images");
        let both = model.forward(&images).expect("logits");
        classification::check_finite(&both).expect("finite");
        let first = logits(&model, &images.narrow(0, 0, 1).expect("the first image"));
        let second = logits(&model, &images.narrow(0, 1, 1).expect("the second image"));
        let largest = first.iter().fold(0f32, |largest, logit| largest.max(logit.abs()));
        // Neither dead nor exploding: with a careless gain, many residual blocks in a row would be either.
        assert!((0.5..50.0).contains(&largest), "{largest}");
        assert!(first.iter().zip(&second).any(|(a, b)| (a - b).abs() > 0.01));
    }

    #[test]
    fn depths_that_are_not_offered_are_named() {
        assert_eq!(Depth::try_from(50), Ok(Depth::Fifty));
        let error = Depth::try_from(34).expect_err("34 is not offered");
        assert_eq!(error.to_string(), "there is no ResNet-34 here: the depths are 18 and 50");
    }
}
