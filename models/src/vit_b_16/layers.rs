//! [`Layers`]: a vision transformer, with the names that Hugging Face gives to its weights.
//!
//! The computation is that of `candle_transformers::models::vit` (candle-transformers 0.11, MIT or Apache-2.0): a test
//! expects the same logits to the last bit.

use candle_core::{D, IndexOp, Module, Tensor};
use candle_nn::{Conv2d, Conv2dConfig, LayerNorm, Linear, VarBuilder};

use super::{INPUT_SIDE, PATCH_SIDE};

/// Features of a token.
const WIDTH: usize = 768;

/// Heads of each attention.
const HEADS: usize = 12;

/// The constant that layer normalization adds to variances.
const EPSILON: f64 = 1e-12;

/// The whole network.
#[derive(Debug)]
pub(super) struct Layers {
    patches: Conv2d,
    class: Tensor,
    positions: Tensor,
    blocks: Vec<Block>,
    norm: LayerNorm,
    classifier: Linear,
}

impl Layers {
    pub(super) fn new(blocks: usize, classes: usize, weights: &VarBuilder<'_>) -> candle_core::Result<Self> {
        let vit = weights.pp("vit");
        let embeddings = vit.pp("embeddings");
        let patches = (INPUT_SIDE / PATCH_SIDE) * (INPUT_SIDE / PATCH_SIDE);
        let config = Conv2dConfig { stride: PATCH_SIDE, ..Default::default() };
        let projection = embeddings.pp("patch_embeddings").pp("projection");
        let block = |number: usize| Block::new(&vit.pp("encoder").pp("layer").pp(number));
        Ok(Layers {
            patches: candle_nn::conv2d(3, WIDTH, PATCH_SIDE, config, projection)?,
            class: embeddings.get((1, 1, WIDTH), "cls_token")?,
            positions: embeddings.get((1, patches + 1, WIDTH), "position_embeddings")?,
            blocks: (0..blocks).map(block).collect::<candle_core::Result<_>>()?,
            norm: candle_nn::layer_norm(WIDTH, EPSILON, vit.pp("layernorm"))?,
            classifier: candle_nn::linear(WIDTH, classes, weights.pp("classifier"))?,
        })
    }
}

impl Module for Layers {
    fn forward(&self, images: &Tensor) -> candle_core::Result<Tensor> {
        let patches = self.patches.forward(images)?.flatten_from(2)?.transpose(1, 2)?;
        let class = self.class.broadcast_as((images.dim(0)?, 1, WIDTH))?;
        let mut tokens = Tensor::cat(&[&class, &patches], 1)?.broadcast_add(&self.positions)?;
        for block in &self.blocks {
            tokens = block.forward(&tokens)?;
        }
        tokens.i((.., 0, ..))?.apply(&self.norm)?.apply(&self.classifier)
    }
}

/// Normalization, attention, normalization, feed-forward: tokens of shape `(batch, tokens, 768)` to tokens of the same
/// shape.
#[derive(Debug)]
pub(super) struct Block {
    before: LayerNorm,
    attention: Attention,
    after: LayerNorm,
    wider: Linear,
    narrower: Linear,
}

impl Block {
    pub(super) fn new(weights: &VarBuilder<'_>) -> candle_core::Result<Self> {
        Ok(Block {
            before: candle_nn::layer_norm(WIDTH, EPSILON, weights.pp("layernorm_before"))?,
            attention: Attention::new(&weights.pp("attention"))?,
            after: candle_nn::layer_norm(WIDTH, EPSILON, weights.pp("layernorm_after"))?,
            wider: candle_nn::linear(WIDTH, 4 * WIDTH, weights.pp("intermediate.dense"))?,
            narrower: candle_nn::linear(4 * WIDTH, WIDTH, weights.pp("output.dense"))?,
        })
    }
}

impl Module for Block {
    fn forward(&self, tokens: &Tensor) -> candle_core::Result<Tensor> {
        let tokens = (tokens.apply(&self.before)?.apply(&self.attention)? + tokens)?;
        let wide = tokens.apply(&self.after)?.apply(&self.wider)?.gelu_erf()?;
        wide.apply(&self.narrower)? + tokens
    }
}

#[derive(Debug)]
struct Attention {
    query: Linear,
    key: Linear,
    value: Linear,
    output: Linear,
}

impl Attention {
    fn new(weights: &VarBuilder<'_>) -> candle_core::Result<Self> {
        let inner = weights.pp("attention");
        let linear = |weights| candle_nn::linear(WIDTH, WIDTH, weights);
        Ok(Attention {
            query: linear(inner.pp("query"))?,
            key: linear(inner.pp("key"))?,
            value: linear(inner.pp("value"))?,
            output: linear(weights.pp("output.dense"))?,
        })
    }
}

impl Module for Attention {
    fn forward(&self, tokens: &Tensor) -> candle_core::Result<Tensor> {
        let (batch, count, _) = tokens.dims3()?;
        // To shape (batch, heads, tokens, features of a head).
        let heads = |projection: &Linear| {
            let features = projection.forward(tokens)?.reshape((batch, count, HEADS, WIDTH / HEADS))?;
            features.permute((0, 2, 1, 3))?.contiguous()
        };
        let (query, key, value) = (heads(&self.query)?, heads(&self.key)?, heads(&self.value)?);
        let scores = (query.matmul(&key.t()?)? / ((WIDTH / HEADS) as f64).sqrt())?;
        let shares = candle_nn::ops::softmax_last_dim(&scores)?;
        let features = shares.matmul(&value)?.permute((0, 2, 1, 3))?.contiguous()?;
        features.flatten_from(D::Minus2)?.apply(&self.output)
    }
}

#[cfg(test)]
mod tests {
    use candle_core::Device;
    use candle_transformers::models::vit;

    use super::*;
    use crate::seeded::Seeded;

    #[test]
    fn the_logits_are_those_of_candle_transformers() {
        let images = Seeded::new(1).images(2, INPUT_SIDE, &Device::Cpu).expect("images");
        let weights = || Seeded::new(2).weights(&Device::Cpu);
        let config = vit::Config { num_hidden_layers: 1, ..vit::Config::vit_base_patch16_224() };
        let theirs = vit::Model::new(&config, 10, weights())
            .and_then(|model| model.forward(&images)?.to_vec2::<f32>());
        let ours =
            Layers::new(1, 10, &weights()).and_then(|layers| layers.forward(&images)?.to_vec2::<f32>());
        assert_eq!(ours.expect("ours"), theirs.expect("theirs"));
    }
}
