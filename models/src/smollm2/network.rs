//! [`Network`]: Llama's architecture on weights of a GGUF file, quantized or not.
//!
//! The computation is that of `candle_transformers::models::quantized_llama` (candle-transformers 0.11, MIT or
//! Apache-2.0): a test expects the same logits to the last bit.

use std::collections::HashMap;
use std::io::{Read, Seek};

use candle_core::quantized::QMatMul;
use candle_core::quantized::gguf_file::Content;
use candle_core::{D, DType, Device, Error, IndexOp, Module, Tensor};
use candle_nn::Embedding;

use super::Size;

/// The number of positions for which there are angles.
pub(super) const MOST_POSITIONS: usize = 4096;

/// The longest period of the angles, over 2π, if the file does not name one.
const LONGEST: f32 = 10_000.0;

/// A network that keeps keys and values. A clone shares the weights, and continues at the position of its original.
#[derive(Clone)]
pub(super) struct Network {
    embeddings: Embedding,
    layers: Vec<Layer>,
    norm: Norm,
    output: QMatMul,
    /// Masks, by the number of tokens read at once, and the number read so far, including them.
    masks: HashMap<(usize, usize), Tensor>,
}

impl Network {
    /// Reads the weights of a network of `size`.
    pub(super) fn new(
        size: &Size,
        file: &Content,
        bytes: &mut (impl Read + Seek),
        device: &Device,
    ) -> candle_core::Result<Self> {
        let number = |key: &str| {
            let value = file.metadata.get(key).ok_or_else(|| Error::Msg(format!("the file has no {key}")))?;
            value.to_f32()
        };
        let epsilon = number("llama.attention.layer_norm_rms_epsilon")?;
        let longest = number("llama.rope.freq_base").unwrap_or(LONGEST);
        let head_width = size.hidden / size.heads;
        let angles = Angles::new(head_width, longest, device)?;
        let masked = Tensor::new(f32::NEG_INFINITY, device)?;

        let mut tensor = |name: &str| file.tensor(bytes, name, device);
        let embeddings = tensor("token_embd.weight")?;
        let values = embeddings.dequantize(device)?;
        // The matrix of the embeddings is that of the output as well, unless the file has another.
        let output = QMatMul::from_qtensor(tensor("output.weight").unwrap_or(embeddings))?;
        let norm = Norm { weight: tensor("output_norm.weight")?.dequantize(device)?, epsilon };
        let mut layers = Vec::with_capacity(size.layers);
        for layer in 0..size.layers {
            let mut tensor = |name: &str| tensor(&format!("blk.{layer}.{name}.weight"));
            let attention_norm = Norm { weight: tensor("attn_norm")?.dequantize(device)?, epsilon };
            let norm = Norm { weight: tensor("ffn_norm")?.dequantize(device)?, epsilon };
            let mut matrix = |name: &str| QMatMul::from_qtensor(tensor(name)?);
            layers.push(Layer {
                attention_norm,
                query: matrix("attn_q")?,
                key: matrix("attn_k")?,
                value: matrix("attn_v")?,
                output: matrix("attn_output")?,
                norm,
                gate: matrix("ffn_gate")?,
                wider: matrix("ffn_up")?,
                narrower: matrix("ffn_down")?,
                heads: size.heads,
                kv_heads: size.kv_heads,
                angles: angles.clone(),
                masked: masked.clone(),
                cache: None,
            });
        }
        Ok(Network {
            embeddings: Embedding::new(values, size.hidden),
            layers,
            norm,
            output,
            masks: HashMap::new(),
        })
    }

    /// Returns the logits after the last token, of shape `(batch, vocabulary)`, from tokens of shape `(batch, tokens)`,
    /// the first of which is at `position`.
    pub(super) fn forward(&mut self, tokens: &Tensor, position: usize) -> candle_core::Result<Tensor> {
        let (_, count) = tokens.dims2()?;
        let mask = if count == 1 { None } else { Some(self.mask(count, position, tokens.device())?) };
        let mut states = self.embeddings.forward(tokens)?;
        for layer in &mut self.layers {
            states = layer.forward(&states, mask.as_ref(), position)?;
        }
        let last = self.norm.forward(&states)?.i((.., count - 1, ..))?;
        self.output.forward(&last)
    }

    /// Returns a mask that is 1 for the tokens that a token must not attend to: those after it.
    fn mask(&mut self, count: usize, position: usize, device: &Device) -> candle_core::Result<Tensor> {
        let all = position + count;
        if let Some(mask) = self.masks.get(&(count, all)) {
            return Ok(mask.clone());
        }
        let later = (0..count).flat_map(|row| (0..all).map(move |column| u8::from(column > position + row)));
        let mask = Tensor::from_vec(later.collect(), (count, all), device)?;
        self.masks.insert((count, all), mask.clone());
        Ok(mask)
    }
}

#[derive(Clone)]
struct Layer {
    attention_norm: Norm,
    query: QMatMul,
    key: QMatMul,
    value: QMatMul,
    output: QMatMul,
    norm: Norm,
    gate: QMatMul,
    wider: QMatMul,
    narrower: QMatMul,
    heads: usize,
    kv_heads: usize,
    angles: Angles,
    masked: Tensor,
    /// Keys and values of the earlier tokens; `None` before the first.
    cache: Option<(Tensor, Tensor)>,
}

impl Layer {
    fn forward(
        &mut self,
        states: &Tensor,
        mask: Option<&Tensor>,
        position: usize,
    ) -> candle_core::Result<Tensor> {
        let attended = self.attend(&self.attention_norm.forward(states)?, mask, position)?;
        let states = (attended + states)?;
        let normed = self.norm.forward(&states)?;
        let (gate, wide) = (self.gate.forward(&normed)?, self.wider.forward(&normed)?);
        self.narrower.forward(&(gate.silu()? * wide)?)? + states
    }

    fn attend(
        &mut self,
        states: &Tensor,
        mask: Option<&Tensor>,
        position: usize,
    ) -> candle_core::Result<Tensor> {
        let (batch, count, width) = states.dims3()?;
        let head_width = width / self.heads;
        // To shape (batch, heads, tokens, features of a head).
        let heads = |projection: &QMatMul, heads: usize| {
            projection.forward(states)?.reshape((batch, count, heads, head_width))?.transpose(1, 2)
        };
        let query = self.angles.rotate(&heads(&self.query, self.heads)?, position)?;
        let mut key = self.angles.rotate(&heads(&self.key, self.kv_heads)?, position)?;
        let mut value = heads(&self.value, self.kv_heads)?.contiguous()?;
        if let Some((keys, values)) = self.cache.as_ref().filter(|_| position > 0) {
            key = Tensor::cat(&[keys, &key], 2)?;
            value = Tensor::cat(&[values, &value], 2)?;
        }
        self.cache = Some((key.clone(), value.clone()));
        let (key, value) = (self.for_each_query(key)?, self.for_each_query(value)?);
        let scores = (query.matmul(&key.t()?)? / (head_width as f64).sqrt())?;
        let scores = match mask {
            None => scores,
            Some(mask) => {
                let masked = self.masked.broadcast_as(scores.shape())?;
                mask.broadcast_as(scores.shape())?.where_cond(&masked, &scores)?
            }
        };
        let shares = candle_nn::ops::softmax_last_dim(&scores)?;
        let attended = shares.matmul(&value.contiguous()?)?.transpose(1, 2)?;
        self.output.forward(&attended.reshape((batch, count, width))?)
    }

    /// Repeats the heads of keys or values: several heads of queries share one.
    fn for_each_query(&self, heads: Tensor) -> candle_core::Result<Tensor> {
        let times = self.heads / self.kv_heads;
        if times == 1 {
            return Ok(heads);
        }
        let (batch, _, count, _) = heads.dims4()?;
        let head_width = heads.dim(D::Minus1)?;
        Tensor::cat(&vec![&heads; times], 2)?.reshape((batch, self.heads, count, head_width))
    }
}

/// Normalization by the root of the mean square.
#[derive(Clone)]
struct Norm {
    weight: Tensor,
    epsilon: f32,
}

impl Norm {
    fn forward(&self, states: &Tensor) -> candle_core::Result<Tensor> {
        candle_nn::ops::rms_norm(states, &self.weight, self.epsilon)
    }
}

/// Sines and cosines of every position (Su et al., 2021, arXiv:2104.09864).
#[derive(Clone)]
struct Angles {
    cosines: Tensor,
    sines: Tensor,
}

impl Angles {
    fn new(head_width: usize, longest: f32, device: &Device) -> candle_core::Result<Self> {
        let rates = (0..head_width).step_by(2).map(|i| 1.0 / longest.powf(i as f32 / head_width as f32));
        let rates = Tensor::from_vec(rates.collect::<Vec<f32>>(), (1, head_width / 2), device)?;
        let positions = Tensor::arange(0, MOST_POSITIONS as u32, device)?.to_dtype(DType::F32)?;
        let angles = positions.reshape((MOST_POSITIONS, 1))?.matmul(&rates)?;
        Ok(Angles { cosines: angles.cos()?, sines: angles.sin()? })
    }

    /// Rotates heads of tokens from `position` on: neighbouring features, as in Llama, not those half a head apart.
    fn rotate(&self, heads: &Tensor, position: usize) -> candle_core::Result<Tensor> {
        let count = heads.dim(2)?;
        let (cosines, sines) =
            (self.cosines.narrow(0, position, count)?, self.sines.narrow(0, position, count)?);
        candle_nn::rotary_emb::rope_i(&heads.contiguous()?, &cosines, &sines)
    }
}

#[cfg(test)]
mod tests {
    use candle_transformers::models::quantized_llama::{MAX_SEQ_LEN, ModelWeights};

    use super::*;
    use crate::gguf::Gguf;
    use crate::smollm2::fixture;

    #[test]
    fn the_logits_are_those_of_candle_transformers() {
        assert_eq!(MOST_POSITIONS, MAX_SEQ_LEN);
        let folder = tempfile::tempdir().expect("temporary folder");
        let path = fixture::save(folder.path(), &[]);
        let file = || Gguf::read("smollm2", path.clone()).expect("the fixture");
        let mut theirs =
            file().build(|file, bytes| ModelWeights::from_gguf(file, bytes, &Device::Cpu)).expect("theirs");
        let mut ours = file()
            .build(|file, bytes| Network::new(&fixture::SIZE, &file, bytes, &Device::Cpu))
            .expect("ours");
        let mut position = 0;
        for tokens in [&[20u32, 21, 22][..], &[23], &[24, 25]] {
            let input =
                Tensor::new(tokens, &Device::Cpu).and_then(|tokens| tokens.unsqueeze(0)).expect("tokens");
            let values = |logits: candle_core::Result<Tensor>| {
                logits.and_then(|l| l.to_vec2::<f32>()).expect("logits")
            };
            assert_eq!(values(ours.forward(&input, position)), values(theirs.forward(&input, position)));
            position += tokens.len();
        }
    }
}
