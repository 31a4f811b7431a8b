//! [`Layers`]: residual blocks, with the names that torchvision gives to their weights.
//!
//! The computation is that of `candle_transformers::models::resnet` (candle-transformers 0.11, MIT or Apache-2.0): a
//! test expects the same logits to the last bit.

use candle_core::{D, Module, ModuleT, Tensor};
use candle_nn::{BatchNorm, Conv2d, Conv2dConfig, Linear, VarBuilder};

use super::Depth;

/// The constant that batch normalization adds to variances.
const EPSILON: f64 = 1e-5;

/// Channels inside the blocks of each of the four stages.
const WIDTHS: [usize; 4] = [64, 128, 256, 512];

/// The whole network.
pub(super) struct Layers {
    stem: Convolution,
    blocks: Vec<Block>,
    classifier: Linear,
}

impl Layers {
    pub(super) fn new(depth: Depth, classes: usize, weights: &VarBuilder<'_>) -> candle_core::Result<Self> {
        let (blocks_of_stage, expansion) = match depth {
            Depth::Eighteen => ([2, 2, 2, 2], 1),
            Depth::Fifty => ([3, 4, 6, 3], 4),
        };
        let stem =
            Convolution::new(Sizes { kernel: 7, stride: 2, from: 3, to: 64 }, "conv1", "bn1", weights)?;
        let mut blocks = Vec::new();
        let mut from = 64;
        for (stage, (width, count)) in WIDTHS.into_iter().zip(blocks_of_stage).enumerate() {
            let weights = weights.pp(format!("layer{}", stage + 1));
            for number in 0..count {
                let stride = if stage > 0 && number == 0 { 2 } else { 1 };
                blocks.push(Block::new(from, width, expansion, stride, &weights.pp(number))?);
                from = expansion * width;
            }
        }
        Ok(Layers { stem, blocks, classifier: candle_nn::linear(from, classes, weights.pp("fc"))? })
    }
}

impl Module for Layers {
    fn forward(&self, images: &Tensor) -> candle_core::Result<Tensor> {
        let stem = self.stem.forward(images)?.relu()?;
        let padded = stem.pad_with_same(D::Minus1, 1, 1)?.pad_with_same(D::Minus2, 1, 1)?;
        let mut features = padded.max_pool2d_with_stride(3, 2)?;
        for block in &self.blocks {
            features = block.forward(&features)?;
        }
        features.mean(D::Minus1)?.mean(D::Minus1)?.apply(&self.classifier)
    }
}

/// Two convolutions of 3 × 3, or three of 1 × 1, 3 × 3 and 1 × 1, whose result is added to their input.
struct Block {
    convolutions: Vec<Convolution>,
    /// Converts the input to the shape of the result; `None` if it has it already.
    shortcut: Option<Convolution>,
}

impl Block {
    fn new(
        from: usize,
        width: usize,
        expansion: usize,
        stride: usize,
        weights: &VarBuilder<'_>,
    ) -> candle_core::Result<Self> {
        let to = expansion * width;
        let sizes = if expansion == 1 {
            vec![
                Sizes { kernel: 3, stride, from, to: width },
                Sizes { kernel: 3, stride: 1, from: width, to: width },
            ]
        } else {
            vec![
                Sizes { kernel: 1, stride: 1, from, to: width },
                Sizes { kernel: 3, stride, from: width, to: width },
                Sizes { kernel: 1, stride: 1, from: width, to },
            ]
        };
        let convolutions = sizes.into_iter().zip(1..).map(|(sizes, number)| {
            Convolution::new(sizes, &format!("conv{number}"), &format!("bn{number}"), weights)
        });
        let convolutions = convolutions.collect::<candle_core::Result<_>>()?;
        let shortcut = if stride != 1 || from != to {
            let sizes = Sizes { kernel: 1, stride, from, to };
            Some(Convolution::new(sizes, "0", "1", &weights.pp("downsample"))?)
        } else {
            None
        };
        Ok(Block { convolutions, shortcut })
    }
}

impl Module for Block {
    fn forward(&self, input: &Tensor) -> candle_core::Result<Tensor> {
        let mut features = input.clone();
        for (number, convolution) in self.convolutions.iter().enumerate() {
            if number > 0 {
                features = features.relu()?;
            }
            features = convolution.forward(&features)?;
        }
        let shortcut = match &self.shortcut {
            Some(shortcut) => shortcut.forward(input)?,
            None => input.clone(),
        };
        (shortcut + features)?.relu()
    }
}

/// Side of a kernel, its stride, and channels before and after it.
#[derive(Clone, Copy)]
struct Sizes {
    kernel: usize,
    stride: usize,
    from: usize,
    to: usize,
}

/// A convolution that changes the size of its input only by its stride, and batch normalization.
struct Convolution {
    convolution: Conv2d,
    normalisation: BatchNorm,
}

impl Convolution {
    fn new(
        Sizes { kernel, stride, from, to }: Sizes,
        convolution: &str,
        normalisation: &str,
        weights: &VarBuilder<'_>,
    ) -> candle_core::Result<Self> {
        let config = Conv2dConfig { stride, padding: kernel / 2, ..Default::default() };
        Ok(Convolution {
            convolution: candle_nn::conv2d_no_bias(from, to, kernel, config, weights.pp(convolution))?,
            normalisation: candle_nn::batch_norm(to, EPSILON, weights.pp(normalisation))?,
        })
    }
}

impl Module for Convolution {
    fn forward(&self, input: &Tensor) -> candle_core::Result<Tensor> {
        self.normalisation.forward_t(&self.convolution.forward(input)?, false)
    }
}

#[cfg(test)]
mod tests {
    use candle_core::Device;
    use candle_transformers::models::resnet;

    use super::*;
    use crate::seeded::Seeded;

    #[test]
    fn the_logits_are_those_of_candle_transformers() {
        let images = Seeded::new(1).images(1, 32, &Device::Cpu).expect("images");
        for depth in [Depth::Eighteen, Depth::Fifty] {
            let weights = || Seeded::new(2).weights(&Device::Cpu);
            let theirs = match depth {
                Depth::Eighteen => resnet::resnet18(10, weights()),
                Depth::Fifty => resnet::resnet50(10, weights()),
            };
            let theirs =
                theirs.and_then(|network| network.forward(&images)?.to_vec2::<f32>()).expect("theirs");
            let ours = Layers::new(depth, 10, &weights())
                .and_then(|network| network.forward(&images)?.to_vec2::<f32>());
            assert_eq!(ours.expect("ours"), theirs, "{depth:?}");
        }
    }
}
