//! [`CrossAttention`] and [`SpatialTransformer`]: a UNet's attention to the whole picture and to the prompt.

use candle_core::{D, DType, Module, Tensor};
use candle_nn::{Conv2d, Conv2dConfig, GroupNorm, LayerNorm, Linear, VarBuilder};

use crate::diffusion::residual_block::GROUPS;

/// The constant that normalization of places adds to variances.
const PLACES_EPSILON: f64 = 1e-5;

/// The constant that normalization of features adds to variances.
const FEATURES_EPSILON: f64 = 1e-6;

/// Attention of places to each other, or to the tokens of a prompt.
#[derive(Debug)]
pub struct CrossAttention {
    query: Linear,
    key: Linear,
    value: Linear,
    output: Linear,
    heads: usize,
}

impl CrossAttention {
    /// Creates the attention of places of `width` features to a context of `context` features.
    ///
    /// # Errors
    /// When a tensor cannot be obtained.
    pub fn new(
        width: usize,
        context: usize,
        heads: usize,
        weights: &VarBuilder<'_>,
    ) -> candle_core::Result<Self> {
        Ok(CrossAttention {
            query: candle_nn::linear_no_bias(width, width, weights.pp("to_q"))?,
            key: candle_nn::linear_no_bias(context, width, weights.pp("to_k"))?,
            value: candle_nn::linear_no_bias(context, width, weights.pp("to_v"))?,
            output: candle_nn::linear(width, width, weights.pp("to_out.0"))?,
            heads,
        })
    }

    /// Computes the attention of features of shape `(batch, places, width)` to a context of shape `(batch, tokens,
    /// features)`, or to the places themselves if there is none.
    ///
    /// # Errors
    /// On other shapes or types.
    pub fn forward(&self, places: &Tensor, context: Option<&Tensor>) -> candle_core::Result<Tensor> {
        let dtype = places.dtype();
        let context = context.unwrap_or(places).contiguous()?;
        let (query, key, value) =
            (self.query.forward(places)?, self.key.forward(&context)?, self.value.forward(&context)?);
        let (query, key, value) =
            (self.heads_apart(&query)?, self.heads_apart(&key)?, self.heads_apart(&value)?);
        let (query, key, value) =
            (query.to_dtype(DType::F32)?, key.to_dtype(DType::F32)?, value.to_dtype(DType::F32)?);
        let scale = 1.0 / (key.dim(D::Minus1)? as f64).sqrt();
        let scores = query.matmul(&(key.t()? * scale)?)?;
        let shares = candle_nn::ops::softmax_last_dim(&scores)?;
        let attended = shares.matmul(&value)?.to_dtype(dtype)?;
        self.output.forward(&self.heads_together(&attended)?)
    }

    /// Splits features into heads, of shape `(batch · heads, places, features of a head)`.
    fn heads_apart(&self, features: &Tensor) -> candle_core::Result<Tensor> {
        let (batch, places, width) = features.dims3()?;
        let (heads, narrow) = (self.heads, width / self.heads);
        let apart = features.reshape((batch, places, heads, narrow))?.transpose(1, 2)?;
        apart.reshape((batch * heads, places, narrow))
    }

    fn heads_together(&self, features: &Tensor) -> candle_core::Result<Tensor> {
        let (rows, places, narrow) = features.dims3()?;
        let (heads, batch) = (self.heads, rows / self.heads);
        let together = features.reshape((batch, heads, places, narrow))?.transpose(1, 2)?;
        together.reshape((batch, places, narrow * heads))
    }
}

/// Self-attention, attention to the prompt, and a feed-forward layer whose gate is a GELU.
#[derive(Debug)]
struct TransformerBlock {
    self_norm: LayerNorm,
    self_attention: CrossAttention,
    prompt_norm: LayerNorm,
    prompt_attention: CrossAttention,
    norm: LayerNorm,
    gated: Linear,
    narrower: Linear,
}

impl TransformerBlock {
    fn new(width: usize, prompt: usize, heads: usize, weights: &VarBuilder<'_>) -> candle_core::Result<Self> {
        let net = weights.pp("ff").pp("net");
        let norm = |name: &str| candle_nn::layer_norm(width, PLACES_EPSILON, weights.pp(name));
        Ok(TransformerBlock {
            self_norm: norm("norm1")?,
            self_attention: CrossAttention::new(width, width, heads, &weights.pp("attn1"))?,
            prompt_norm: norm("norm2")?,
            prompt_attention: CrossAttention::new(width, prompt, heads, &weights.pp("attn2"))?,
            norm: norm("norm3")?,
            gated: candle_nn::linear(width, 8 * width, net.pp("0").pp("proj"))?,
            narrower: candle_nn::linear(4 * width, width, net.pp("2"))?,
        })
    }

    fn forward(&self, places: &Tensor, prompt: &Tensor) -> candle_core::Result<Tensor> {
        let places = (self.self_attention.forward(&self.self_norm.forward(places)?, None)? + places)?;
        let normed = self.prompt_norm.forward(&places)?;
        let places = (self.prompt_attention.forward(&normed, Some(prompt))? + places)?;
        let both = self.gated.forward(&self.norm.forward(&places)?)?;
        let half = both.dim(D::Minus1)? / 2;
        let (values, gate) = (both.narrow(D::Minus1, 0, half)?, both.narrow(D::Minus1, half, half)?);
        self.narrower.forward(&(values * gate.gelu()?)?)? + places
    }
}

/// A transformer block over the places of a picture.
#[derive(Debug)]
pub struct SpatialTransformer {
    norm: GroupNorm,
    before: Conv2d,
    block: TransformerBlock,
    after: Conv2d,
}

impl SpatialTransformer {
    /// Creates a transformer over features of `channels` channels and prompts of `prompt` features.
    ///
    /// # Errors
    /// When a tensor cannot be obtained.
    pub fn new(
        channels: usize,
        prompt: usize,
        heads: usize,
        weights: &VarBuilder<'_>,
    ) -> candle_core::Result<Self> {
        let projection =
            |name: &str| candle_nn::conv2d(channels, channels, 1, Conv2dConfig::default(), weights.pp(name));
        let block = weights.pp("transformer_blocks").pp(0);
        Ok(SpatialTransformer {
            norm: candle_nn::group_norm(GROUPS, channels, FEATURES_EPSILON, weights.pp("norm"))?,
            before: projection("proj_in")?,
            block: TransformerBlock::new(channels, prompt, heads, &block)?,
            after: projection("proj_out")?,
        })
    }

    /// Computes features of shape `(batch, channels, height, width)` from such features and a prompt of shape `(batch,
    /// tokens, features)`.
    ///
    /// # Errors
    /// On other shapes or types.
    pub fn forward(&self, features: &Tensor, prompt: &Tensor) -> candle_core::Result<Tensor> {
        let (batch, channels, height, width) = features.dims4()?;
        let projected = self.before.forward(&self.norm.forward(features)?)?;
        let places = projected.transpose(1, 2)?.t()?.reshape((batch, height * width, channels))?;
        let places = self.block.forward(&places, prompt)?;
        let projected = places.reshape((batch, height, width, channels))?.t()?.transpose(1, 2)?;
        self.after.forward(&projected)? + features
    }
}
