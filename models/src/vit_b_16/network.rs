//! The network.

use candle_core::{DType, Device, Error, Module, Tensor};
use candle_nn::VarBuilder;

use super::layers::Layers;
use crate::classification::IMAGENET_CLASSES;
use crate::load::{LoadError, generated};
use crate::seeded::Seeded;

/// Width and height of the input, in pixels.
pub const INPUT_SIDE: usize = 224;

/// The width and height of the square that becomes one token, in pixels.
pub const PATCH_SIDE: usize = 16;

/// Blocks of attention and feed-forward.
const BLOCKS: usize = 12;

/// The seed of the weights. Another one would make figures incomparable with earlier ones.
const SEED: u64 = 0x0071_0b16;

/// A vision transformer of 12 blocks, 768 wide, with 12 heads and a thousand classes: 86.6 million parameters,
/// 196 patches and a token for the class.
#[derive(Debug)]
pub struct VitB16 {
    network: Layers,
}

impl VitB16 {
    /// Generates the weights as `dtype` on `device`; the same values everywhere and every time.
    ///
    /// # Errors
    /// When they do not fit into memory, or the device cannot hold them.
    pub fn load(dtype: DType, device: &Device) -> Result<Self, LoadError> {
        VitB16::of(BLOCKS, dtype, device)
    }

    fn of(blocks: usize, dtype: DType, device: &Device) -> Result<Self, LoadError> {
        let build = |weights: VarBuilder<'static>| Layers::new(blocks, IMAGENET_CLASSES, &weights);
        Ok(VitB16 { network: generated("vit_b_16", Seeded::new(SEED), dtype, device, build)? })
    }

    /// Returns logits of shape `(batch, 1000)` from images of shape `(batch, 3, 224, 224)`. No other size works: the
    /// position embeddings are learnt, one for each of the 14 × 14 patches.
    ///
    /// # Errors
    /// When the images have another shape, or are not of the weights' type and device.
    pub fn forward(&self, images: &Tensor) -> candle_core::Result<Tensor> {
        match images.dims() {
            [_, 3, INPUT_SIDE, INPUT_SIDE] => self.network.forward(images),
            other => Err(Error::Msg(format!(
                "ViT-B/16 takes images of shape (batch, 3, {INPUT_SIDE}, {INPUT_SIDE}), not {other:?}"
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classification;

    /// Creates a model with two of the twelve blocks: without optimization, all of them take a minute.
    fn shallow(dtype: DType) -> VitB16 {
        VitB16::of(2, dtype, &Device::Cpu).expect("model")
    }

    #[test]
    fn a_seeded_transformer_is_finite_and_sees_its_input() {
        let images = Seeded::new(1).images(2, INPUT_SIDE, &Device::Cpu).expect("images");
        let both = shallow(DType::F32).forward(&images).expect("logits");
        classification::check_finite(&both).expect("finite");
        let both: Vec<Vec<f32>> = both.to_vec2().expect("logits");
        let largest = both[0].iter().fold(0f32, |largest, logit| largest.max(logit.abs()));
        assert!((0.5..50.0).contains(&largest), "{largest}");
        assert!(both[0].iter().zip(&both[1]).any(|(a, b)| (a - b).abs() > 0.01));
    }

    #[test]
    fn images_of_another_size_are_refused_with_the_right_one() {
        let model = shallow(DType::F32);
        for shape in [[1, 3, 256, 256], [1, 1, 224, 224]] {
            let images = Tensor::zeros(&shape, DType::F32, &Device::Cpu).expect("zeros");
            let said = model.forward(&images).expect_err("another shape").to_string();
            assert!(said.contains("(batch, 3, 224, 224)") && said.contains(&format!("{shape:?}")), "{said}");
        }
    }
}
