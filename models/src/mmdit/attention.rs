//! Attention over prompt and picture at once.

use candle_core::{D, DType, Module, Tensor};
use candle_nn::{Linear, VarBuilder};

/// The linear layers of a stream before and after the joint attention.
#[derive(Debug)]
pub(super) struct Projections {
    inwards: Linear,
    /// `None` for the prompt in the last block, after which its features are not needed.
    outwards: Option<Linear>,
}

impl Projections {
    /// Creates projections of `width` features; `outwards` is false for a stream that ends here.
    ///
    /// # Errors
    /// When a tensor cannot be obtained.
    pub(super) fn new(width: usize, outwards: bool, weights: &VarBuilder<'_>) -> candle_core::Result<Self> {
        let weights = weights.pp("attn");
        Ok(Projections {
            inwards: candle_nn::linear(width, 3 * width, weights.pp("qkv"))?,
            outwards: outwards.then(|| candle_nn::linear(width, width, weights.pp("proj"))).transpose()?,
        })
    }

    /// Returns queries, keys and values side by side, of shape `(batch, tokens, 3 · width)`.
    ///
    /// # Errors
    /// On another shape.
    pub(super) fn inwards(&self, features: &Tensor) -> candle_core::Result<Tensor> {
        self.inwards.forward(features)
    }

    /// Returns the part of the attention's output for this stream; `None` if the stream ends.
    ///
    /// # Errors
    /// On another shape.
    pub(super) fn outwards(&self, attended: &Tensor) -> candle_core::Result<Option<Tensor>> {
        self.outwards.as_ref().map(|outwards| outwards.forward(attended)).transpose()
    }
}

/// Attention in which every token of both streams attends to every token of both (Esser et al., 2024,
/// arXiv:2403.03206, figure 2).
#[derive(Clone, Copy, Debug)]
pub struct JointAttention {
    /// The number of heads among which the features are split.
    pub heads: usize,
}

impl JointAttention {
    /// Computes the attention from two streams' queries, keys and values, each of shape `(batch, tokens, 3 · width)`;
    /// the results have shape `(batch, tokens, width)`.
    ///
    /// # Errors
    /// On shapes that do not match.
    pub fn forward(self, prompt: &Tensor, picture: &Tensor) -> candle_core::Result<(Tensor, Tensor)> {
        let (of_prompt, of_picture) = (prompt.dim(1)?, picture.dim(1)?);
        let all = Tensor::cat(&[prompt, picture], 1)?;
        let (batch, tokens, width) = all.dims3()?;
        // (3, batch, heads, tokens, features of a head)
        let split = all.reshape((batch, tokens, 3, self.heads, ()))?.permute((2, 0, 3, 1, 4))?;
        let part = |part: usize| split.get(part)?.contiguous();
        let (queries, keys, values) = (part(0)?, part(1)?, part(2)?);
        let scale = 1.0 / (queries.dim(D::Minus1)? as f64).sqrt();
        let scores = (queries.matmul(&keys.t()?)? * scale)?;
        // Sums of exponentials overflow in f16.
        let weights =
            candle_nn::ops::softmax_last_dim(&scores.to_dtype(DType::F32)?)?.to_dtype(scores.dtype())?;
        let seen = weights.matmul(&values)?.transpose(1, 2)?.reshape((batch, tokens, width / 3))?;
        Ok((seen.narrow(1, 0, of_prompt)?, seen.narrow(1, of_prompt, of_picture)?))
    }
}
