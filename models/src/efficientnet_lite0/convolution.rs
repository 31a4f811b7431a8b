//! A convolution with batch normalisation and, mostly, ReLU6: all that this network is made of.

use candle_core::{D, Module, ModuleT, Tensor};
use candle_nn::{BatchNorm, Conv2d, Conv2dConfig, VarBuilder};

/// Added to variances, as TensorFlow's `batch_norm_epsilon` of this network.
const EPSILON: f64 = 1e-3;

/// What a convolution does to its input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Channels of the input.
    pub inputs: usize,
    /// Channels of the output.
    pub outputs: usize,
    /// Height and width of the kernel, an odd number.
    pub kernel: usize,
    /// Pixels from one output to the next, 1 or 2.
    pub stride: usize,
    /// Whether every channel is convolved on its own; then `inputs` equals `outputs`.
    pub depthwise: bool,
}

impl Shape {
    /// One output for every pixel, from all channels of that pixel.
    pub const fn pointwise(inputs: usize, outputs: usize) -> Self {
        Shape { inputs, outputs, kernel: 1, stride: 1, depthwise: false }
    }

    /// Every channel on its own.
    pub const fn depthwise(channels: usize, kernel: usize, stride: usize) -> Self {
        Shape { inputs: channels, outputs: channels, kernel, stride, depthwise: true }
    }
}

/// What comes after the normalisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    /// min(max(x, 0), 6): the upper bound keeps quantised activations precise.
    Relu6,
    /// Nothing: the narrow end of a bottleneck, where a ReLU would lose information.
    Linear,
}

/// Convolution, batch normalisation and activation. The output has ⌈side / stride⌉ pixels a side.
#[derive(Debug)]
pub struct Convolution {
    convolution: Conv2d,
    normalisation: BatchNorm,
    activation: Activation,
    shape: Shape,
}

impl Convolution {
    /// Takes the kernel at `kernel` and the normalisation at `normalisation`.
    ///
    /// # Errors
    /// When a tensor cannot be had.
    pub fn new(
        shape: Shape,
        activation: Activation,
        kernel: VarBuilder<'_>,
        normalisation: VarBuilder<'_>,
    ) -> candle_core::Result<Self> {
        let config = Conv2dConfig {
            stride: shape.stride,
            groups: if shape.depthwise { shape.inputs } else { 1 },
            ..Default::default()
        };
        Ok(Convolution {
            convolution: candle_nn::conv2d_no_bias(shape.inputs, shape.outputs, shape.kernel, config, kernel)?,
            normalisation: candle_nn::batch_norm(shape.outputs, EPSILON, normalisation)?,
            activation,
            shape,
        })
    }

    fn pad(&self, images: &Tensor) -> candle_core::Result<Tensor> {
        let mut padded = images.clone();
        for dim in [D::Minus2, D::Minus1] {
            let (before, after) = same_padding(padded.dim(dim)?, self.shape.kernel, self.shape.stride);
            if before + after > 0 {
                padded = padded.pad_with_zeros(dim, before, after)?;
            }
        }
        Ok(padded)
    }
}

impl Module for Convolution {
    fn forward(&self, images: &Tensor) -> candle_core::Result<Tensor> {
        let output = self.normalisation.forward_t(&self.convolution.forward(&self.pad(images)?)?, false)?;
        match self.activation {
            Activation::Relu6 => output.clamp(0f32, 6f32),
            Activation::Linear => Ok(output),
        }
    }
}

/// Zeros before and after `side` pixels, by TensorFlow's rule "SAME": ⌈side / stride⌉ outputs, and
/// where the zeros are odd in number, the odd one comes after. PyTorch's padding is symmetric, and
/// with a stride of 2 would shift every output by a pixel.
fn same_padding(side: usize, kernel: usize, stride: usize) -> (usize, usize) {
    let outputs = side.div_ceil(stride);
    let zeros = ((outputs.max(1) - 1) * stride + kernel).saturating_sub(side);
    (zeros / 2, zeros - zeros / 2)
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;
    use crate::seeded::Seeded;

    #[test]
    fn padding_is_that_of_tensorflow() {
        // (side, kernel, stride) and the zeros before and after, as tf.nn.conv2d computes them.
        for ((side, kernel, stride), wanted) in [
            ((224, 3, 2), (0, 1)),
            ((112, 5, 2), (1, 2)),
            ((14, 5, 1), (2, 2)),
            ((7, 1, 1), (0, 0)),
            ((5, 3, 2), (1, 1)),
            ((8, 1, 2), (0, 0)),
        ] {
            assert_eq!(same_padding(side, kernel, stride), wanted, "{side}, {kernel}, {stride}");
        }
    }

    #[test]
    fn the_output_has_the_side_over_the_stride_rounded_up() {
        let weights = Seeded::new(1).weights(&Device::Cpu);
        for (shape, side, wanted) in [
            (Shape::depthwise(2, 5, 2), 9, 5),
            (Shape::depthwise(2, 3, 1), 4, 4),
            (Shape::pointwise(2, 3), 4, 4),
            (Shape { inputs: 2, outputs: 4, kernel: 3, stride: 2, depthwise: false }, 8, 4),
        ] {
            let layer = Convolution::new(shape, Activation::Relu6, weights.pp("conv"), weights.pp("bn")).expect("layer");
            let images = Seeded::new(2).uniform("x", (1, shape.inputs, side, side), -9.0, 9.0, &Device::Cpu);
            let output = images.and_then(|images| layer.forward(&images)).expect("output");
            assert_eq!(output.dims(), [1, shape.outputs, wanted, wanted], "{shape:?}");
            let values: Vec<f32> = output.flatten_all().and_then(|t| t.to_vec1()).expect("values");
            assert!(values.iter().all(|value| (0.0..=6.0).contains(value)), "{shape:?}: {values:?}");
        }
    }
}
