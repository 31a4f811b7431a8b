//! [`LanguageModel`]: the half that reads and writes, a transformer with grouped queries.

use candle_core::{DType, Device, Tensor};
use candle_nn::{Embedding, Linear, Module, RmsNorm, VarBuilder};

use super::cache::Cache;
use super::config::Language;
use super::positions::Positions;

pub(super) struct LanguageModel {
    embeddings: Embedding,
    layers: Vec<Layer>,
    norm: RmsNorm,
    logits: Linear,
    config: Language,
    dtype: DType,
    device: Device,
}

/// Features of a picture that are added after the first layers, and the token at which they begin.
pub(super) struct DeepStack<'a> {
    pub(super) start: usize,
    pub(super) features: &'a [Tensor],
}

impl LanguageModel {
    pub(super) fn new(config: Language, weights: VarBuilder<'_>) -> candle_core::Result<Self> {
        let weights = weights.pp("model").pp("language_model");
        let embeddings = candle_nn::embedding(config.vocabulary, config.hidden, weights.pp("embed_tokens"))?;
        let layers = (0..config.layers).map(|layer| Layer::new(&config, weights.pp("layers").pp(layer)));
        Ok(LanguageModel {
            layers: layers.collect::<candle_core::Result<_>>()?,
            norm: candle_nn::rms_norm(config.hidden, RMS_EPSILON, weights.pp("norm"))?,
            logits: Linear::new(embeddings.embeddings().clone(), None),
            embeddings,
            config,
            dtype: weights.dtype(),
            device: weights.device().clone(),
        })
    }

    pub(super) fn config(&self) -> &Language {
        &self.config
    }

    pub(super) fn device(&self) -> &Device {
        &self.device
    }

    /// Converts tokens of shape `(batch, tokens)` to states of shape `(batch, tokens, hidden)`.
    pub(super) fn embed(&self, tokens: &Tensor) -> candle_core::Result<Tensor> {
        self.embeddings.forward(tokens)
    }

    /// Allocates the keys and values of a session.
    pub(super) fn caches(&self, batch: usize) -> candle_core::Result<Vec<Cache>> {
        let shape = self.cache_shape(batch);
        (0..self.config.layers).map(|_| Cache::new(shape, self.dtype, &self.device)).collect()
    }

    /// Returns the memory of the keys and values of a session, in bytes.
    pub(super) fn cache_bytes(&self, batch: usize) -> u64 {
        let values = self.cache_shape(batch).into_iter().map(|side| side as u64).product::<u64>();
        2 * self.config.layers as u64 * values * self.dtype.size_in_bytes() as u64
    }

    fn cache_shape(&self, batch: usize) -> [usize; 4] {
        [batch, self.config.kv_heads, self.config.context, self.config.head]
    }

    /// Reads states after the first `length` tokens of the caches; returns the logits of the next token, of shape
    /// `(batch, vocabulary)`.
    pub(super) fn forward(
        &self,
        states: Tensor,
        positions: &Positions,
        deepstack: Option<&DeepStack<'_>>,
        caches: &[Cache],
        length: usize,
    ) -> candle_core::Result<Tensor> {
        let mask = causal_mask(states.dim(1)?, length, &self.device)?;
        self.masked(states, positions, mask.as_ref(), deepstack, caches, length)
    }

    /// Does the same as [`forward`](Self::forward), with a given mask that is added to the scores; `None` hides
    /// nothing.
    pub(super) fn masked(
        &self,
        mut states: Tensor,
        positions: &Positions,
        mask: Option<&Tensor>,
        deepstack: Option<&DeepStack<'_>>,
        caches: &[Cache],
        length: usize,
    ) -> candle_core::Result<Tensor> {
        let (cosines, sines) = positions.rotations(&self.config, &self.device)?;
        let rotations = (cosines.to_dtype(self.dtype)?, sines.to_dtype(self.dtype)?);
        for (at, (layer, cache)) in self.layers.iter().zip(caches).enumerate() {
            states = layer.forward(&states, &rotations, mask, cache, length)?;
            if let Some(DeepStack { start, features }) = deepstack
                && let Some(features) = features.get(at)
            {
                states = add_at(&states, *start, features)?;
            }
        }
        let last = states.narrow(1, states.dim(1)? - 1, 1)?.squeeze(1)?;
        self.logits.forward(&self.norm.forward(&last)?)
    }
}

/// `rms_norm_eps` of the published configuration.
const RMS_EPSILON: f64 = 1e-6;

/// Returns a mask that hides from each token those after it: f32, of shape `(tokens, length + tokens)`; `None` for a
/// single token.
fn causal_mask(tokens: usize, length: usize, device: &Device) -> candle_core::Result<Option<Tensor>> {
    if tokens == 1 {
        return Ok(None);
    }
    let all = length + tokens;
    let row =
        |token: usize| (0..all).map(move |seen| if seen > length + token { f32::NEG_INFINITY } else { 0.0 });
    let mask: Vec<f32> = (0..tokens).flat_map(row).collect();
    Ok(Some(Tensor::from_vec(mask, (tokens, all), device)?))
}

/// Adds features, of shape `(tokens, hidden)`, to the states from token `start` on.
fn add_at(states: &Tensor, start: usize, features: &Tensor) -> candle_core::Result<Tensor> {
    let (tokens, end) = (states.dim(1)?, start + features.dim(0)?);
    let seen = states.narrow(1, start, end - start)?.broadcast_add(features)?;
    Tensor::cat(&[&states.narrow(1, 0, start)?, &seen, &states.narrow(1, end, tokens - end)?], 1)
}

struct Layer {
    attention_norm: RmsNorm,
    attention: Attention,
    feed_forward_norm: RmsNorm,
    gate: Linear,
    up: Linear,
    down: Linear,
}

impl Layer {
    fn new(config: &Language, weights: VarBuilder<'_>) -> candle_core::Result<Self> {
        let mlp = weights.pp("mlp");
        let Language { hidden, feed_forward, .. } = *config;
        Ok(Layer {
            attention_norm: candle_nn::rms_norm(hidden, RMS_EPSILON, weights.pp("input_layernorm"))?,
            attention: Attention::new(config, weights.pp("self_attn"))?,
            feed_forward_norm: candle_nn::rms_norm(
                hidden,
                RMS_EPSILON,
                weights.pp("post_attention_layernorm"),
            )?,
            gate: candle_nn::linear_no_bias(hidden, feed_forward, mlp.pp("gate_proj"))?,
            up: candle_nn::linear_no_bias(hidden, feed_forward, mlp.pp("up_proj"))?,
            down: candle_nn::linear_no_bias(feed_forward, hidden, mlp.pp("down_proj"))?,
        })
    }

    fn forward(
        &self,
        states: &Tensor,
        rotations: &(Tensor, Tensor),
        mask: Option<&Tensor>,
        cache: &Cache,
        length: usize,
    ) -> candle_core::Result<Tensor> {
        let normed = self.attention_norm.forward(states)?;
        let states = (states + self.attention.forward(&normed, rotations, mask, cache, length)?)?;
        let normed = self.feed_forward_norm.forward(&states)?;
        let gated = (self.gate.forward(&normed)?.silu()? * self.up.forward(&normed)?)?;
        states + self.down.forward(&gated)?
    }
}

struct Attention {
    queries: Linear,
    keys: Linear,
    values: Linear,
    output: Linear,
    query_norm: RmsNorm,
    key_norm: RmsNorm,
    heads: usize,
    kv_heads: usize,
    head: usize,
}

impl Attention {
    fn new(config: &Language, weights: VarBuilder<'_>) -> candle_core::Result<Self> {
        let Language { hidden, heads, kv_heads, head, .. } = *config;
        Ok(Attention {
            queries: candle_nn::linear_no_bias(hidden, heads * head, weights.pp("q_proj"))?,
            keys: candle_nn::linear_no_bias(hidden, kv_heads * head, weights.pp("k_proj"))?,
            values: candle_nn::linear_no_bias(hidden, kv_heads * head, weights.pp("v_proj"))?,
            output: candle_nn::linear_no_bias(heads * head, hidden, weights.pp("o_proj"))?,
            query_norm: candle_nn::rms_norm(head, RMS_EPSILON, weights.pp("q_norm"))?,
            key_norm: candle_nn::rms_norm(head, RMS_EPSILON, weights.pp("k_norm"))?,
            heads,
            kv_heads,
            head,
        })
    }

    fn forward(
        &self,
        states: &Tensor,
        (cosines, sines): &(Tensor, Tensor),
        mask: Option<&Tensor>,
        cache: &Cache,
        length: usize,
    ) -> candle_core::Result<Tensor> {
        let (batch, tokens, _) = states.dims3()?;
        let Attention { heads, kv_heads, head, .. } = *self;
        let split = |projected: Tensor, heads| {
            projected.reshape((batch, tokens, heads, head))?.transpose(1, 2)?.contiguous()
        };
        let queries = self.query_norm.forward(&split(self.queries.forward(states)?, heads)?)?;
        let keys = self.key_norm.forward(&split(self.keys.forward(states)?, kv_heads)?)?;
        let values = split(self.values.forward(states)?, kv_heads)?;
        let queries = candle_nn::rotary_emb::rope(&queries, cosines, sines)?;
        let keys = candle_nn::rotary_emb::rope(&keys, cosines, sines)?;
        let (keys, values) = cache.append(length, &keys, &values)?;

        // The queries that share a head of keys stand in one matrix, so that keys and values need not be repeated.
        let groups = heads / kv_heads;
        let queries = queries.reshape((batch, kv_heads, groups * tokens, head))?;
        let scores = (queries.matmul(&keys.t()?)? / (head as f64).sqrt())?;
        // As the published network does: softmax in f32, whatever the weights.
        let scores = scores.to_dtype(DType::F32)?;
        let scores = match mask {
            None => scores,
            Some(mask) => {
                let all = scores.dim(3)?;
                let grouped = scores.reshape((batch, kv_heads, groups, tokens, all))?;
                grouped.broadcast_add(mask)?.reshape((batch, kv_heads, groups * tokens, all))?
            }
        };
        let shares = candle_nn::ops::softmax_last_dim(&scores)?.to_dtype(values.dtype())?;
        let attended = shares.matmul(&values)?.reshape((batch, heads, tokens, head))?;
        self.output.forward(&attended.transpose(1, 2)?.reshape((batch, tokens, heads * head))?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mask_hides_what_comes_after_a_token() {
        let mask = causal_mask(3, 1, &Device::Cpu).expect("mask").expect("three tokens need one");
        let hidden: Vec<Vec<bool>> = mask
            .to_vec2::<f32>()
            .expect("values")
            .into_iter()
            .map(|row| row.into_iter().map(|value| value == f32::NEG_INFINITY).collect())
            .collect();
        assert_eq!(
            hidden,
            [[false, false, true, true], [false, false, false, true], [false, false, false, false]]
        );
        assert!(causal_mask(1, 7, &Device::Cpu).expect("mask").is_none());
    }

    #[test]
    fn features_are_added_where_the_picture_stands() {
        let states = Tensor::zeros((1, 4, 2), DType::F32, &Device::Cpu).expect("states");
        let features = Tensor::ones((2, 2), DType::F32, &Device::Cpu).expect("features");
        for (start, wanted) in
            [(0, [1.0, 1.0, 0.0, 0.0]), (1, [0.0, 1.0, 1.0, 0.0]), (2, [0.0, 0.0, 1.0, 1.0])]
        {
            let sum = add_at(&states, start, &features).expect("sum");
            let column: Vec<f32> =
                sum.narrow(2, 1, 1).and_then(|column| column.flatten_all()?.to_vec1()).expect("values");
            assert_eq!(column, wanted, "from {start}");
        }
    }
}
