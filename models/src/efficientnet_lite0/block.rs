//! The inverted bottleneck of MobileNetV2 (Sandler et al., 2018, arXiv:1801.04381), without
//! squeeze-and-excitation.

use candle_core::{Module, Tensor};
use candle_nn::VarBuilder;

use super::convolution::{Activation, Convolution, Shape};

/// Widens by `expansion`, convolves every channel on its own, narrows again; the input is added
/// if output and input have the same shape.
#[derive(Debug)]
pub struct InvertedBottleneck {
    expand: Option<Convolution>,
    depthwise: Convolution,
    project: Convolution,
    residual: bool,
}

impl InvertedBottleneck {
    /// Creates a block from `inputs` to `outputs` channels with the weights below `weights`.
    ///
    /// # Errors
    /// When a tensor cannot be obtained.
    pub fn new(
        inputs: usize,
        outputs: usize,
        expansion: usize,
        kernel: usize,
        stride: usize,
        weights: &VarBuilder<'_>,
    ) -> candle_core::Result<Self> {
        let wide = inputs * expansion;
        let layer = |shape, activation, kernel: &str, normalisation: &str| {
            Convolution::new(shape, activation, weights.pp(kernel), weights.pp(normalisation))
        };
        let expand = match expansion {
            1 => None,
            _ => Some(layer(Shape::pointwise(inputs, wide), Activation::Relu6, "_expand_conv", "_bn0")?),
        };
        let depthwise = Shape::depthwise(wide, kernel, stride);
        Ok(InvertedBottleneck {
            expand,
            depthwise: layer(depthwise, Activation::Relu6, "_depthwise_conv", "_bn1")?,
            project: layer(Shape::pointwise(wide, outputs), Activation::Linear, "_project_conv", "_bn2")?,
            residual: stride == 1 && inputs == outputs,
        })
    }
}

impl Module for InvertedBottleneck {
    fn forward(&self, input: &Tensor) -> candle_core::Result<Tensor> {
        let wide = match &self.expand {
            Some(expand) => expand.forward(input)?,
            None => input.clone(),
        };
        let output = self.project.forward(&self.depthwise.forward(&wide)?)?;
        if self.residual { output + input } else { Ok(output) }
    }
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;
    use crate::seeded::Seeded;

    fn output(outputs: usize, stride: usize, input: &Tensor) -> Tensor {
        let weights = Seeded::new(1).weights(&Device::Cpu);
        let block = InvertedBottleneck::new(2, outputs, 6, 3, stride, &weights).expect("block");
        block.forward(input).expect("output")
    }

    #[test]
    fn the_input_is_added_only_where_shapes_agree() {
        let input = Seeded::new(2).uniform("x", (1, 2, 4, 4), -1.0, 1.0, &Device::Cpu).expect("input");
        // A large constant that is added to the input saturates ReLU6 in all layers: only a residual output, to which
        // the input is added, moves by it.
        let far = (&input + 1e6).expect("shifted");
        let mean = |t: Tensor| t.mean_all().and_then(|t| t.to_scalar::<f32>()).expect("mean");
        assert!(mean(output(2, 1, &far)) > 9e5);
        assert!(mean(output(3, 1, &far)).abs() < 100.0);
        assert!(mean(output(2, 2, &far)).abs() < 100.0);
        assert_eq!(output(2, 2, &input).dims(), [1, 2, 2, 2]);
    }
}
