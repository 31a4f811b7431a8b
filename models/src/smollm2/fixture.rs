//! A small network of SmolLM2's architecture that is written to a file quickly: tests of reading such a file, of its
//! vocabulary and of generating need no download.

use std::fs::File;
use std::path::{Path, PathBuf};

use candle_core::Device;
use candle_core::quantized::gguf_file::{self, Value};
use candle_core::quantized::{GgmlDType, QTensor};
use tokenizers::pre_tokenizers::byte_level::ByteLevel;

use super::{Precision, Size, SmolLm2, Vocabulary};
use crate::gguf::Gguf;
use crate::seeded::Seeded;

const SPECIAL: [&str; 3] = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"];
const MERGED: [&str; 5] = ["th", "the", "Ġt", "Ġthe", "12"];
// Two digits are never merged, even if the file has a merge for them: this kind of tokenizer splits them first.
const MERGES: [&str; 5] = ["t h", "th e", "Ġ t", "Ġ the", "1 2"];

pub(super) const SIZE: Size = Size {
    layers: 2,
    hidden: 64,
    heads: 2,
    kv_heads: 1,
    // An even number of blocks of 32 in each row: candle multiplies them in pairs.
    feed_forward: 128,
    // All bytes.
    vocabulary: SPECIAL.len() + 256 + MERGED.len(),
    trained_context: 256,
};

/// Returns a list of texts, as GGUF holds it.
pub(super) fn texts(texts: &[&str]) -> Value {
    Value::Array(texts.iter().map(|text| Value::String((*text).into())).collect())
}

/// Writes the file, with some of its metadata replaced.
pub(super) fn save(folder: &Path, replaced: &[(&str, Value)]) -> PathBuf {
    let mut bytes: Vec<String> = ByteLevel::alphabet().into_iter().map(String::from).collect();
    bytes.sort();
    let tokens: Vec<&str> =
        SPECIAL.into_iter().chain(bytes.iter().map(String::as_str)).chain(MERGED).collect();
    let types = (0..tokens.len()).map(|id| Value::I32(if id < SPECIAL.len() { 3 } else { 1 })).collect();
    let number = |number: usize| Value::U32(number as u32);
    let mut metadata: Vec<(&str, Value)> = vec![
        ("general.architecture", Value::String("llama".into())),
        ("llama.block_count", number(SIZE.layers)),
        ("llama.context_length", number(SIZE.trained_context)),
        ("llama.embedding_length", number(SIZE.hidden)),
        ("llama.feed_forward_length", number(SIZE.feed_forward)),
        ("llama.attention.head_count", number(SIZE.heads)),
        ("llama.attention.head_count_kv", number(SIZE.kv_heads)),
        ("llama.attention.layer_norm_rms_epsilon", Value::F32(1e-5)),
        ("llama.rope.dimension_count", number(SIZE.hidden / SIZE.heads)),
        ("tokenizer.ggml.model", Value::String("gpt2".into())),
        ("tokenizer.ggml.pre", Value::String("smollm".into())),
        ("tokenizer.ggml.tokens", texts(&tokens)),
        ("tokenizer.ggml.token_type", Value::Array(types)),
        ("tokenizer.ggml.merges", texts(&MERGES)),
        ("tokenizer.ggml.eos_token_id", Value::U32(2)),
    ];
    for (key, value) in replaced {
        let entry = metadata.iter_mut().find(|(name, _)| name == key).expect("an entry of the fixture");
        entry.1 = value.clone();
    }
    let metadata: Vec<(&str, &Value)> = metadata.iter().map(|(key, value)| (*key, value)).collect();

    let tensors: Vec<(String, QTensor)> = SIZE
        .tensors()
        .into_iter()
        .map(|(name, (shape, dtype))| {
            let (low, high) = if dtype == GgmlDType::F32 { (0.9, 1.1) } else { (-0.2, 0.2) };
            let tensor = Seeded::new(7).uniform(&name, shape, low, high, &Device::Cpu).expect("tensor");
            (name, QTensor::quantize(&tensor, dtype).expect("quantised"))
        })
        .collect();
    let tensors: Vec<(&str, &QTensor)> =
        tensors.iter().map(|(name, tensor)| (name.as_str(), tensor)).collect();
    let path = folder.join("tiny.gguf");
    gguf_file::write(&mut File::create(&path).expect("created"), &metadata, &tensors).expect("written");
    path
}

pub(super) fn model() -> SmolLm2 {
    let folder = tempfile::tempdir().expect("temporary folder");
    SmolLm2::read(save(folder.path(), &[]), SIZE, Precision::Q4_1, &Device::Cpu).expect("the fixture's model")
}

pub(super) fn vocabulary() -> Vocabulary {
    let folder = tempfile::tempdir().expect("temporary folder");
    let file = Gguf::read("smollm2", save(folder.path(), &[])).expect("the fixture");
    Vocabulary::of(&file, SIZE.vocabulary).expect("the fixture's vocabulary")
}
