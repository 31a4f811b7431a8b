//! A convolution with batch normalization and, mostly, ReLU6: this network consists of them.

use candle_core::{Module, Tensor};
use candle_nn::{Conv2d, Conv2dConfig, VarBuilder};

use super::depthwise::depthwise;
use super::padding::pad;

/// The constant added to variances: TensorFlow's `batch_norm_epsilon` of this network.
const EPSILON: f64 = 1e-3;

/// The shape of a convolution.
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
    /// Creates the shape of a convolution with one output for every pixel, from all channels of that pixel.
    pub const fn pointwise(inputs: usize, outputs: usize) -> Self {
        Shape { inputs, outputs, kernel: 1, stride: 1, depthwise: false }
    }

    /// Creates the shape of a convolution that handles each channel separately.
    pub const fn depthwise(channels: usize, kernel: usize, stride: usize) -> Self {
        Shape { inputs: channels, outputs: channels, kernel, stride, depthwise: true }
    }
}

/// The activation after the normalization.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    /// min(max(x, 0), 6): the upper bound keeps quantized activations precise.
    Relu6,
    /// No activation, for the narrow end of a bottleneck, at which a ReLU would lose information.
    Linear,
}

/// Convolution, batch normalization and activation. The output has ⌈side / stride⌉ pixels along each side.
///
/// In inference a batch normalization is a factor and a summand for every channel; both are folded into the convolution
/// when it is made, which saves four passes over its output.
#[derive(Debug)]
pub struct Convolution {
    kernel: Tensor,
    bias: Tensor,
    shape: Shape,
    activation: Activation,
}

impl Convolution {
    /// Creates a layer from the kernel at `kernel` and the normalization at `normalisation`.
    ///
    /// # Errors
    /// When a tensor cannot be obtained.
    pub fn new(
        shape: Shape,
        activation: Activation,
        kernel: VarBuilder<'_>,
        normalisation: VarBuilder<'_>,
    ) -> candle_core::Result<Self> {
        let groups = if shape.depthwise { shape.inputs } else { 1 };
        let config = Conv2dConfig { groups, ..Default::default() };
        let convolution =
            candle_nn::conv2d_no_bias(shape.inputs, shape.outputs, shape.kernel, config, kernel)?;
        let normalisation = candle_nn::batch_norm(shape.outputs, EPSILON, normalisation)?;
        let folded: Conv2d = convolution.absorb_bn(&normalisation)?;
        let Some(bias) = folded.bias() else {
            return Err(candle_core::Error::Msg(
                "a convolution with a normalisation folded in has no bias".to_owned(),
            ));
        };
        // candle's running statistics are variables. A tensor that is computed from them records its operations, and so
        // would every activation after it: all would stay alive until the output is dropped.
        Ok(Convolution { kernel: folded.weight().detach(), bias: bias.detach(), shape, activation })
    }
}

impl Module for Convolution {
    fn forward(&self, images: &Tensor) -> candle_core::Result<Tensor> {
        let Shape { outputs, kernel, stride, depthwise: is_depthwise, .. } = self.shape;
        let output = if is_depthwise {
            depthwise(images, &self.kernel, &self.bias, stride)?
        } else {
            let output = pad(images, kernel, stride)?.conv2d(&self.kernel, 0, stride, 1, 1)?;
            output.broadcast_add(&self.bias.reshape((1, outputs, 1, 1))?)?
        };
        match self.activation {
            Activation::Relu6 => output.clamp(0f32, 6f32),
            Activation::Linear => Ok(output),
        }
    }
}

#[cfg(test)]
mod tests {
    use candle_core::Device;
    use candle_nn::ModuleT;

    use super::*;
    use crate::seeded::Seeded;

    fn layer(shape: Shape, activation: Activation) -> Convolution {
        let weights = Seeded::new(1).weights(&Device::Cpu);
        Convolution::new(shape, activation, weights.pp("conv"), weights.pp("bn")).expect("layer")
    }

    fn images(channels: usize, side: usize) -> Tensor {
        Seeded::new(2).uniform("x", (1, channels, side, side), -9.0, 9.0, &Device::Cpu).expect("images")
    }

    #[test]
    fn the_output_has_the_side_over_the_stride_rounded_up() {
        for (shape, side, wanted) in [
            (Shape::depthwise(2, 5, 2), 9, 5),
            (Shape::depthwise(2, 3, 1), 4, 4),
            (Shape::pointwise(2, 3), 4, 4),
            (Shape { inputs: 2, outputs: 4, kernel: 3, stride: 2, depthwise: false }, 8, 4),
        ] {
            let output =
                layer(shape, Activation::Relu6).forward(&images(shape.inputs, side)).expect("output");
            assert_eq!(output.dims(), [1, shape.outputs, wanted, wanted], "{shape:?}");
            let values: Vec<f32> = output.flatten_all().and_then(|t| t.to_vec1()).expect("values");
            assert!(values.iter().all(|value| (0.0..=6.0).contains(value)), "{shape:?}: {values:?}");
            assert!(values.iter().any(|&value| value > 0.0), "{shape:?}: all zero");
        }
    }

    #[test]
    fn folding_the_normalisation_in_changes_nothing() {
        let (shape, input) = (Shape::pointwise(3, 4), images(3, 5));
        let folded = layer(shape, Activation::Linear).forward(&input).expect("folded");
        let weights = Seeded::new(1).weights(&Device::Cpu);
        let apart = candle_nn::conv2d_no_bias(3, 4, 1, Conv2dConfig::default(), weights.pp("conv"))
            .and_then(|convolution| convolution.forward(&input))
            .and_then(|output| candle_nn::batch_norm(4, EPSILON, weights.pp("bn"))?.forward_t(&output, false))
            .expect("apart");
        let worst =
            (folded - apart).and_then(|d| d.abs()?.max_all()?.to_scalar::<f32>()).expect("difference");
        assert!(worst < 1e-5, "off by {worst}");
    }

    #[test]
    fn no_activation_remembers_where_it_came_from() {
        for shape in [Shape::depthwise(2, 3, 1), Shape::pointwise(2, 3)] {
            let output = layer(shape, Activation::Relu6).forward(&images(2, 4)).expect("output");
            assert!(!output.track_op(), "{shape:?}");
        }
    }
}
