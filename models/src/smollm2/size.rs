//! [`Size`]: the size of a network of SmolLM2's architecture, and the tensors that follow from it.

use candle_core::quantized::GgmlDType;

use super::network::MOST_POSITIONS;
use crate::gguf::{Gguf, Wanted};
use crate::weights::WeightsError;

/// The size of a network of Llama's architecture, with tied embeddings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Transformer blocks.
    pub layers: usize,
    /// Width of the residual stream.
    pub hidden: usize,
    /// Heads of queries.
    pub heads: usize,
    /// Heads of keys and values.
    pub kv_heads: usize,
    /// Width of the feed-forward network.
    pub feed_forward: usize,
    /// The number of tokens in the vocabulary.
    pub vocabulary: usize,
    /// The number of tokens in the context that it was trained with.
    pub trained_context: usize,
}

impl Size {
    /// The published size: 134.5 million parameters.
    pub const SMOLLM2_135M: Size = Size {
        layers: 30,
        hidden: 576,
        heads: 9,
        kv_heads: 3,
        feed_forward: 1536,
        vocabulary: 49_152,
        trained_context: 8192,
    };

    /// Returns the number of tokens in the context here: there are angles for the first 4096 positions only.
    pub fn context(&self) -> usize {
        self.trained_context.min(MOST_POSITIONS)
    }

    /// Returns the number of parameters, with those of the embeddings counted once.
    pub fn parameters(&self) -> usize {
        self.tensors().values().map(|(shape, _)| shape.iter().product::<usize>()).sum()
    }

    /// Checks that the file describes a network of this size, and contains its tensors.
    ///
    /// # Errors
    /// The first difference.
    pub(super) fn expect(&self, file: &Gguf) -> Result<(), WeightsError> {
        file.expect_text("general.architecture", "llama")?;
        for (key, expected) in [
            ("llama.block_count", self.layers),
            ("llama.embedding_length", self.hidden),
            ("llama.attention.head_count", self.heads),
            ("llama.attention.head_count_kv", self.kv_heads),
            ("llama.feed_forward_length", self.feed_forward),
            ("llama.rope.dimension_count", self.hidden / self.heads),
            ("llama.context_length", self.trained_context),
        ] {
            file.expect_number(key, expected)?;
        }
        file.expect_tensors(&self.tensors())
    }

    /// Returns the tensors: matrices in four bits, embeddings in eight, scales of the normalizations in full.
    pub(super) fn tensors(&self) -> Wanted {
        let keys = self.hidden / self.heads * self.kv_heads;
        let mut tensors = Wanted::from([
            ("token_embd.weight".to_owned(), (vec![self.vocabulary, self.hidden], GgmlDType::Q8_0)),
            ("output_norm.weight".to_owned(), (vec![self.hidden], GgmlDType::F32)),
        ]);
        for layer in 0..self.layers {
            for (name, outputs, inputs) in [
                ("attn_q", self.hidden, self.hidden),
                ("attn_k", keys, self.hidden),
                ("attn_v", keys, self.hidden),
                ("attn_output", self.hidden, self.hidden),
                ("ffn_gate", self.feed_forward, self.hidden),
                ("ffn_up", self.feed_forward, self.hidden),
                ("ffn_down", self.hidden, self.feed_forward),
            ] {
                let shape = vec![outputs, inputs];
                tensors.insert(format!("blk.{layer}.{name}.weight"), (shape, GgmlDType::Q4_1));
            }
            for name in ["attn_norm", "ffn_norm"] {
                tensors.insert(format!("blk.{layer}.{name}.weight"), (vec![self.hidden], GgmlDType::F32));
            }
        }
        tensors
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_size_has_the_published_number_of_parameters() {
        assert_eq!(Size::SMOLLM2_135M.parameters(), 134_515_008);
        assert_eq!(Size::SMOLLM2_135M.tensors().len(), 272);
    }
}
