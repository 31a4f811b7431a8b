//! [`Transformer`]: attention over the last ten seconds, between the quantizer and the convolutions.

use std::sync::Arc;

use candle_core::{DType, Device, Module, Tensor};
use candle_nn::kv_cache::RotatingKvCache;
use candle_nn::{LayerNorm, Linear, VarBuilder};

use super::WIDTH;

/// Layers of attention and feed-forward.
const LAYERS: usize = 8;
/// Heads of each attention.
const HEADS: usize = 8;
/// Features of a head.
const HEAD_WIDTH: usize = WIDTH / HEADS;
/// Features inside the feed-forward network.
const FEED_FORWARD: usize = 2048;
/// The number of steps that attention looks back on.
const CONTEXT: usize = 250;
/// The number of steps for which there are angles.
const MOST_STEPS: usize = 8192;
/// The longest period of the angles, over 2π.
const LONGEST: f32 = 10_000.0;
/// The constant that layer normalization adds to variances.
const EPSILON: f64 = 1e-5;

/// Layers that remember the steps before.
#[derive(Clone)]
pub(super) struct Transformer {
    layers: Vec<Layer>,
}

impl Transformer {
    pub(super) fn new(weights: &VarBuilder<'_>) -> candle_core::Result<Self> {
        let angles = Arc::new(Angles::new(weights.device())?);
        let layer = |number: usize| Layer::new(&angles, &weights.pp("layers").pp(number));
        Ok(Transformer { layers: (0..LAYERS).map(layer).collect::<candle_core::Result<_>>()? })
    }

    /// Computes the next steps of a signal of shape `(batch, width, steps)`; earlier steps are remembered.
    pub(super) fn step(&mut self, signal: &Tensor) -> candle_core::Result<Tensor> {
        let mut steps = signal.transpose(1, 2)?;
        let mask = match self.layers.first() {
            Some(layer) => layer.attention.cache.attn_mask(steps.dim(1)?, steps.device())?,
            None => None,
        };
        for layer in &mut self.layers {
            steps = layer.step(&steps, mask.as_ref())?;
        }
        steps.transpose(1, 2)
    }
}

#[derive(Clone)]
struct Layer {
    attention_norm: LayerNorm,
    attention: Attention,
    attention_scale: Tensor,
    norm: LayerNorm,
    wider: Linear,
    narrower: Linear,
    scale: Tensor,
}

impl Layer {
    fn new(angles: &Arc<Angles>, weights: &VarBuilder<'_>) -> candle_core::Result<Self> {
        let mlp = weights.pp("mlp");
        Ok(Layer {
            attention_norm: candle_nn::layer_norm(WIDTH, EPSILON, weights.pp("input_layernorm"))?,
            attention: Attention::new(angles, &weights.pp("self_attn"))?,
            attention_scale: weights.pp("self_attn_layer_scale").get(WIDTH, "scale")?,
            norm: candle_nn::layer_norm(WIDTH, EPSILON, weights.pp("post_attention_layernorm"))?,
            wider: candle_nn::linear_no_bias(WIDTH, FEED_FORWARD, mlp.pp("fc1"))?,
            narrower: candle_nn::linear_no_bias(FEED_FORWARD, WIDTH, mlp.pp("fc2"))?,
            scale: weights.pp("mlp_layer_scale").get(WIDTH, "scale")?,
        })
    }

    fn step(&mut self, steps: &Tensor, mask: Option<&Tensor>) -> candle_core::Result<Tensor> {
        let attended = self.attention.step(&self.attention_norm.forward(steps)?, mask)?;
        let steps = (steps + attended.broadcast_mul(&self.attention_scale)?)?;
        let wide = steps.apply(&self.norm)?.apply(&self.wider)?.gelu_erf()?;
        &steps + wide.apply(&self.narrower)?.broadcast_mul(&self.scale)?
    }
}

#[derive(Clone)]
struct Attention {
    query: Linear,
    key: Linear,
    value: Linear,
    output: Linear,
    angles: Arc<Angles>,
    masked: Tensor,
    cache: RotatingKvCache,
    position: usize,
}

impl Attention {
    fn new(angles: &Arc<Angles>, weights: &VarBuilder<'_>) -> candle_core::Result<Self> {
        let linear = |name: &str| candle_nn::linear_no_bias(WIDTH, WIDTH, weights.pp(name));
        Ok(Attention {
            query: linear("q_proj")?,
            key: linear("k_proj")?,
            value: linear("v_proj")?,
            output: linear("o_proj")?,
            angles: angles.clone(),
            masked: Tensor::new(f32::NEG_INFINITY, weights.device())?.to_dtype(weights.dtype())?,
            cache: RotatingKvCache::new(2, CONTEXT),
            position: 0,
        })
    }

    fn step(&mut self, steps: &Tensor, mask: Option<&Tensor>) -> candle_core::Result<Tensor> {
        let (batch, count, _) = steps.dims3()?;
        // To shape (batch, heads, steps, features of a head).
        let heads = |projection: &Linear| {
            let features = projection.forward(steps)?.reshape((batch, count, HEADS, HEAD_WIDTH))?;
            features.transpose(1, 2)?.contiguous()
        };
        let (query, key, value) = (heads(&self.query)?, heads(&self.key)?, heads(&self.value)?);
        let query = self.angles.rotate(&query, self.position)?;
        let key = self.angles.rotate(&key, self.position)?;
        self.position += count;
        let (key, value) = self.cache.append(&key.contiguous()?, &value)?;
        // The cache may hold more steps than the mask covers.
        let (all, wanted) = (key.dim(2)?, count + CONTEXT.min(key.dim(2)? - count));
        let (key, value) = (key.narrow(2, all - wanted, wanted)?, value.narrow(2, all - wanted, wanted)?);
        let scores = (query.matmul(&key.t()?)? * (HEAD_WIDTH as f64).powf(-0.5))?;
        let scores = match mask {
            None => scores,
            Some(mask) => {
                let masked = self.masked.broadcast_as(scores.shape())?;
                mask.broadcast_left((batch, HEADS))?.where_cond(&masked, &scores)?
            }
        };
        let attended = candle_nn::ops::softmax_last_dim(&scores)?.matmul(&value)?;
        attended.transpose(1, 2)?.reshape((batch, count, WIDTH))?.apply(&self.output)
    }
}

/// Sines and cosines of every position (Su et al., 2021, arXiv:2104.09864).
struct Angles {
    sines: Tensor,
    cosines: Tensor,
}

impl Angles {
    fn new(device: &Device) -> candle_core::Result<Self> {
        let rates: Vec<f32> =
            (0..HEAD_WIDTH).step_by(2).map(|i| 1.0 / LONGEST.powf(i as f32 / HEAD_WIDTH as f32)).collect();
        let rates = Tensor::from_vec(rates, (1, HEAD_WIDTH / 2), device)?;
        let positions = Tensor::arange(0, MOST_STEPS as u32, device)?.to_dtype(DType::F32)?;
        let angles = positions.reshape((MOST_STEPS, 1))?.matmul(&rates)?;
        Ok(Angles { sines: angles.sin()?, cosines: angles.cos()? })
    }

    fn rotate(&self, heads: &Tensor, position: usize) -> candle_core::Result<Tensor> {
        let steps = heads.dim(2)?;
        let (cosines, sines) =
            (self.cosines.narrow(0, position, steps)?, self.sines.narrow(0, position, steps)?);
        candle_nn::rotary_emb::rope(&heads.to_dtype(DType::F32)?, &cosines, &sines)?.to_dtype(heads.dtype())
    }
}
