//! The network for other engines: as ONNX, and its weights alone.

use std::collections::BTreeMap;

use candle_core::{Device, Tensor};

use super::network::{Depth, INPUT_SIDE, SEED, build};
use crate::classification::IMAGENET_CLASSES;
use crate::onnx::{Attribute, Graph};
use crate::seeded::Seeded;

/// Returns every tensor of the network, under torchvision's names.
///
/// # Errors
/// When they cannot be made.
pub fn weights(depth: Depth) -> candle_core::Result<BTreeMap<String, Tensor>> {
    Seeded::new(SEED).tensors(&Device::Cpu, |weights| build(depth, weights))
}

/// Returns the bytes of an ONNX file of the network, for batches of `batch` images of 224 × 224, with the weights of
/// [`ResNet::load`](super::ResNet::load).
///
/// # Errors
/// When the weights cannot be made.
pub fn onnx(depth: Depth, batch: usize) -> candle_core::Result<Vec<u8>> {
    let (blocks, convolutions): ([usize; 4], &[Convolution]) = match depth {
        Depth::Eighteen => ([2, 2, 2, 2], &BASIC),
        Depth::Fifty => ([3, 4, 6, 3], &BOTTLENECK),
    };
    let graph = Graph::new("resnet", "images", &[batch, 3, INPUT_SIDE, INPUT_SIDE]);
    let mut layers = Layers { graph, weights: weights(depth)? };
    let stem = layers.convolution("images", "conv1", "bn1", 7, 2)?;
    let stem = layers.relu(&stem);
    let window = [3, 3];
    let mut features = layers.graph.node(
        "MaxPool",
        &[&stem],
        &[
            Attribute::Ints("kernel_shape", &window),
            Attribute::Ints("pads", &[1; 4]),
            Attribute::Ints("strides", &[2; 2]),
        ],
    );
    for (stage, blocks) in blocks.into_iter().enumerate() {
        for block in 0..blocks {
            let stride = if stage > 0 && block == 0 { 2 } else { 1 };
            features =
                layers.block(&features, &format!("layer{}.{block}", stage + 1), convolutions, stride)?;
        }
    }
    let pooled = layers.graph.node("GlobalAveragePool", &[&features], &[]);
    let flat = layers.graph.node("Flatten", &[&pooled], &[Attribute::Int("axis", 1)]);
    let (weight, bias) = (layers.weight("fc.weight")?, layers.weight("fc.bias")?);
    let transposed = [Attribute::Int("transB", 1)];
    let logits = layers.graph.node("Gemm", &[&flat, &weight, &bias], &transposed);
    Ok(layers.graph.into_bytes(&logits, &[batch, IMAGENET_CLASSES]))
}

/// A convolution of a block: its number, its kernel, and whether it takes the block's stride.
struct Convolution {
    number: usize,
    kernel: i64,
    strided: bool,
}

const BASIC: [Convolution; 2] = [
    Convolution { number: 1, kernel: 3, strided: true },
    Convolution { number: 2, kernel: 3, strided: false },
];

const BOTTLENECK: [Convolution; 3] = [
    Convolution { number: 1, kernel: 1, strided: false },
    Convolution { number: 2, kernel: 3, strided: true },
    Convolution { number: 3, kernel: 1, strided: false },
];

struct Layers {
    graph: Graph,
    /// The weights that no layer has taken yet.
    weights: BTreeMap<String, Tensor>,
}

impl Layers {
    fn weight(&mut self, name: &str) -> candle_core::Result<String> {
        let tensor = self.weights.remove(name);
        let tensor = tensor.ok_or_else(|| candle_core::Error::Msg(format!("there is no `{name}`")))?;
        self.graph.weight(name, &tensor)?;
        Ok(name.to_owned())
    }

    fn relu(&mut self, features: &str) -> String {
        self.graph.node("Relu", &[features], &[])
    }

    /// Adds a convolution without bias, and the normalization after it.
    fn convolution(
        &mut self,
        features: &str,
        convolution: &str,
        normalisation: &str,
        kernel: i64,
        stride: i64,
    ) -> candle_core::Result<String> {
        let weight = self.weight(&format!("{convolution}.weight"))?;
        let attributes = [
            Attribute::Ints("kernel_shape", &[kernel; 2]),
            Attribute::Ints("pads", &[kernel / 2; 4]),
            Attribute::Ints("strides", &[stride; 2]),
        ];
        let features = self.graph.node("Conv", &[features, &weight], &attributes);
        let mut inputs = vec![features];
        for part in ["weight", "bias", "running_mean", "running_var"] {
            inputs.push(self.weight(&format!("{normalisation}.{part}"))?);
        }
        let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
        Ok(self.graph.node("BatchNormalization", &inputs, &[Attribute::Float("epsilon", 1e-5)]))
    }

    /// Adds a residual block.
    fn block(
        &mut self,
        input: &str,
        name: &str,
        convolutions: &[Convolution],
        stride: i64,
    ) -> candle_core::Result<String> {
        let mut features = input.to_owned();
        for (place, Convolution { number, kernel, strided }) in convolutions.iter().enumerate() {
            if place > 0 {
                features = self.relu(&features);
            }
            let (convolution, normalisation) = (format!("{name}.conv{number}"), format!("{name}.bn{number}"));
            let stride = if *strided { stride } else { 1 };
            features = self.convolution(&features, &convolution, &normalisation, *kernel, stride)?;
        }
        let (shortcut, normalisation) = (format!("{name}.downsample.0"), format!("{name}.downsample.1"));
        let residual = if self.weights.contains_key(&format!("{shortcut}.weight")) {
            self.convolution(input, &shortcut, &normalisation, 1, stride)?
        } else {
            input.to_owned()
        };
        let sum = self.graph.node("Add", &[&features, &residual], &[]);
        Ok(self.relu(&sum))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_weight_of_the_network_is_in_the_file() {
        for (depth, tensors) in [(Depth::Eighteen, 102), (Depth::Fifty, 267)] {
            // The numbers of tensors in torchvision's state dicts, without their counters of training steps.
            let weights = weights(depth).expect("weights");
            assert_eq!(weights.len(), tensors);
            let bytes = onnx(depth, 1).expect("ONNX");
            let values: usize = weights.values().map(|tensor| 4 * tensor.elem_count()).sum();
            assert!((values..values + (100 << 10)).contains(&bytes.len()), "{} of {values}", bytes.len());
        }
    }
}
