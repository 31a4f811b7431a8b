//! Generated embeddings of prompts, in place of a text encoder's output.

use candle_core::{DType, Device, Tensor};

use crate::seeded::Seeded;

/// The number of tokens that a text encoder (CLIP) makes of every prompt.
pub const PROMPT_TOKENS: usize = 77;

/// The seed of all embeddings.
const PROMPTS: Seeded = Seeded::new(0x9207_0b7e);

/// Half the width of a uniform distribution with a standard deviation of one.
const UNIT: f32 = 1.732_050_8;

/// Returns embeddings of `prompts`, of shape `(prompts, rows, width)`; the same prompt always has the same one, and
/// different prompts have different ones. `kind` distinguishes several embeddings of a prompt.
///
/// A network's time depends only on their shape, and its weights are generated: the work of a text encoder would
/// belong to another model.
///
/// # Errors
/// When the device cannot hold them.
pub fn embedding(
    kind: &str,
    prompts: &[&str],
    rows: usize,
    width: usize,
    dtype: DType,
    device: &Device,
) -> candle_core::Result<Tensor> {
    let embeddings = prompts
        .iter()
        .map(|prompt| PROMPTS.uniform(&format!("{kind}: {prompt}"), (1, rows, width), -UNIT, UNIT, device))
        .collect::<candle_core::Result<Vec<_>>>()?;
    Tensor::cat(&embeddings, 0)?.to_dtype(dtype)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prompt_has_an_embedding_of_its_own() {
        let rows = embedding("text", &["a cat", "a dog", "a cat"], 2, 3, DType::F32, &Device::Cpu)
            .and_then(|tensor| tensor.flatten_from(1)?.to_vec2::<f32>())
            .expect("embeddings");
        assert_eq!(rows[0].len(), 6);
        assert_eq!(rows[0], rows[2]);
        assert_ne!(rows[0], rows[1]);
    }
}
