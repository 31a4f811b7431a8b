//! Causal convolutions over time, at once or in parts.

use candle_core::{D, Tensor};
use candle_nn::{Conv1d, Conv1dConfig, Module, VarBuilder};

/// A convolution with a stride of 1 over each step and those before it, with zeros before the beginning: as many steps
/// come out as go in.
#[derive(Clone)]
pub(super) struct Convolution {
    layer: Conv1d,
    /// The number of earlier steps that a step depends on.
    look_back: usize,
    /// The last steps of the parts before this one; `None` before the first.
    before: Option<Tensor>,
}

impl Convolution {
    pub(super) fn new(
        from: usize,
        to: usize,
        kernel: usize,
        weights: &VarBuilder<'_>,
    ) -> candle_core::Result<Self> {
        let weights = weights.pp("conv");
        let (weight, bias) = (weights.get((to, from, kernel), "weight")?, weights.get(to, "bias")?);
        let layer = Conv1d::new(weight, Some(bias), Conv1dConfig::default());
        Ok(Convolution { layer, look_back: kernel - 1, before: None })
    }

    /// Convolves a whole signal, of shape `(batch, channels, steps)`.
    pub(super) fn forward(&self, signal: &Tensor) -> candle_core::Result<Tensor> {
        self.layer.forward(&self.padded(signal)?)
    }

    /// Convolves the next part of a signal.
    pub(super) fn step(&mut self, part: &Tensor) -> candle_core::Result<Tensor> {
        if self.look_back == 0 {
            return self.layer.forward(part);
        }
        let signal = match &self.before {
            Some(before) => Tensor::cat(&[before, part], D::Minus1)?,
            None => self.padded(part)?,
        };
        self.before =
            Some(signal.narrow(D::Minus1, signal.dim(D::Minus1)? - self.look_back, self.look_back)?);
        self.layer.forward(&signal)
    }

    fn padded(&self, signal: &Tensor) -> candle_core::Result<Tensor> {
        signal.pad_with_zeros(D::Minus1, self.look_back, 0)
    }
}

/// A transposed convolution: `stride` steps come out for each that goes in. Its kernel is twice as long, so each step
/// also adds to the `stride` steps after its own.
#[derive(Clone)]
pub(super) struct Upsampling {
    weight: Tensor,
    /// The bias, of shape `(1, channels, 1)`.
    bias: Option<Tensor>,
    stride: usize,
    /// The values that the parts before this one add to its first steps; `None` before the first.
    carried: Option<Tensor>,
}

impl Upsampling {
    /// Creates a convolution from `from` channels to `to`.
    pub(super) fn new(
        from: usize,
        to: usize,
        stride: usize,
        weights: &VarBuilder<'_>,
    ) -> candle_core::Result<Self> {
        let weights = weights.pp("conv");
        let bias = weights.get(to, "bias")?.reshape((1, to, 1))?;
        let weight = weights.get((from, to, 2 * stride), "weight")?;
        Ok(Upsampling { weight, bias: Some(bias), stride, carried: None })
    }

    /// Creates a convolution of each channel by itself, without a bias.
    ///
    /// As candle-transformers does it: as a convolution of all channels whose kernel is zero between different ones.
    pub(super) fn of_each_channel(
        channels: usize,
        stride: usize,
        weights: &VarBuilder<'_>,
    ) -> candle_core::Result<Self> {
        let weight = weights.pp("conv").get((channels, 1, 2 * stride), "weight")?;
        let same = Tensor::eye(channels, weight.dtype(), weight.device())?;
        let same = same.unsqueeze(2)?.repeat((1, 1, 2 * stride))?;
        let weight = weight.repeat((1, channels, 1))?.mul(&same)?;
        Ok(Upsampling { weight, bias: None, stride, carried: None })
    }

    /// Convolves a whole signal, of shape `(batch, channels, steps)`.
    pub(super) fn forward(&self, signal: &Tensor) -> candle_core::Result<Tensor> {
        let longer = self.convolved(signal)?;
        longer.narrow(D::Minus1, 0, longer.dim(D::Minus1)? - self.stride)
    }

    /// Convolves the next part of a signal.
    pub(super) fn step(&mut self, part: &Tensor) -> candle_core::Result<Tensor> {
        let mut longer = self.convolved(part)?;
        let length = longer.dim(D::Minus1)?;
        if let Some(carried) = &self.carried {
            // Both contain the bias.
            let carried = match &self.bias {
                Some(bias) => carried.broadcast_sub(bias)?,
                None => carried.clone(),
            };
            let first = (longer.narrow(D::Minus1, 0, self.stride)? + carried)?;
            let rest = longer.narrow(D::Minus1, self.stride, length - self.stride)?;
            longer = Tensor::cat(&[first, rest], D::Minus1)?;
        }
        self.carried = Some(longer.narrow(D::Minus1, length - self.stride, self.stride)?);
        longer.narrow(D::Minus1, 0, length - self.stride)
    }

    fn convolved(&self, signal: &Tensor) -> candle_core::Result<Tensor> {
        let longer = signal.conv_transpose1d(&self.weight, 0, 0, self.stride, 1, 1)?;
        match &self.bias {
            Some(bias) => longer.broadcast_add(bias),
            None => Ok(longer),
        }
    }
}
