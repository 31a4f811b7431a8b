//! [`Vocabulary`]: converts text to tokens and back, as in the model's training.

use tokenizers::models::bpe::{BPE, Vocab};
use tokenizers::pre_tokenizers::PreTokenizerWrapper;
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::pre_tokenizers::digits::Digits;
use tokenizers::pre_tokenizers::sequence::Sequence;
use tokenizers::{AddedToken, Tokenizer};

use crate::generation::GenerationError;
use crate::gguf::Gguf;
use crate::weights::WeightsError;

const TOKENS: &str = "tokenizer.ggml.tokens";
const TYPES: &str = "tokenizer.ggml.token_type";
const MERGES: &str = "tokenizer.ggml.merges";
const END: &str = "tokenizer.ggml.eos_token_id";

/// `LLAMA_TOKEN_TYPE_CONTROL` of llama.cpp: a token that does not stand for a text.
const CONTROL: u32 = 3;

/// Byte pair encoding over bytes, as in GPT-2, with every digit as a separate token.
pub struct Vocabulary {
    tokenizer: Tokenizer,
    size: usize,
    end: u32,
}

impl Vocabulary {
    /// Builds the tokenizer from the tokens and merges in the file.
    ///
    /// # Errors
    /// [`WrongMetadata`](WeightsError::WrongMetadata) if they are missing, of another kind than SmolLM's, contradict
    /// each other, or are not `size` in number.
    pub fn of(file: &Gguf, size: usize) -> Result<Self, WeightsError> {
        file.expect_text("tokenizer.ggml.model", "gpt2")?;
        file.expect_text("tokenizer.ggml.pre", "smollm")?;
        let (tokens, types) = (file.texts(TOKENS)?, file.numbers(TYPES)?);
        for (key, found) in [(TOKENS, tokens.len()), (TYPES, types.len())] {
            if found != size {
                return Err(file.refuse(key, format!("a list of {size}"), format!("a list of {found}")));
            }
        }
        let merges = file.texts(MERGES)?.into_iter().map(|merge| {
            let (left, right) = merge.split_once(' ').ok_or_else(|| {
                file.refuse(MERGES, "pairs with a space between", format!("a list with {merge:?}"))
            })?;
            Ok((left.to_owned(), right.to_owned()))
        });
        let merges: Vec<(String, String)> = merges.collect::<Result<_, WeightsError>>()?;
        let ids: Vocab = tokens.iter().zip(0u32..).map(|(token, id)| ((*token).to_owned(), id)).collect();
        let model = BPE::builder().vocab_and_merges(ids, merges).build();
        let model =
            model.map_err(|error| file.refuse(MERGES, "merges of the file's tokens", error.to_string()))?;
        let end = file.number(END)?;
        if end as usize >= size {
            return Err(file.refuse(END, format!("a token of {size}"), end.to_string()));
        }

        let mut tokenizer = Tokenizer::new(model);
        let control = tokens.iter().zip(&types).filter(|(_, kind)| **kind == CONTROL);
        let control = control.map(|(token, _)| AddedToken::from(*token, true));
        tokenizer
            .add_special_tokens(control)
            .map_err(|error| file.refuse(TOKENS, "tokens", error.to_string()))?;
        // "smollm" of llama.cpp: each digit alone, then GPT-2's words.
        tokenizer.with_pre_tokenizer(Some(Sequence::new(vec![
            PreTokenizerWrapper::Digits(Digits::new(true)),
            PreTokenizerWrapper::ByteLevel(ByteLevel::new(false, true, true)),
        ])));
        tokenizer.with_decoder(Some(ByteLevel::default()));
        Ok(Vocabulary { tokenizer, size, end })
    }

    /// Returns the number of tokens.
    pub fn size(&self) -> usize {
        self.size
    }

    /// Returns the token with which an answer ends.
    pub fn end(&self) -> u32 {
        self.end
    }

    /// Returns the tokens of a text. Special tokens such as `<|im_start|>` are one token each.
    ///
    /// # Errors
    /// [`Tokenizer`](GenerationError::Tokenizer) with its message.
    pub fn encode(&self, text: &str) -> Result<Vec<u32>, GenerationError> {
        let encoding = self.tokenizer.encode_fast(text, false).map_err(said)?;
        Ok(encoding.get_ids().to_vec())
    }

    /// Returns the text of tokens; special tokens are left out.
    ///
    /// # Errors
    /// [`Tokenizer`](GenerationError::Tokenizer) with its message.
    pub fn decode(&self, tokens: &[u32]) -> Result<String, GenerationError> {
        self.tokenizer.decode(tokens, true).map_err(said)
    }

    /// Decodes a stream of tokens: the returned function takes one token, and returns the text that it completes, or
    /// `None`.
    pub fn streamed(&self) -> impl FnMut(u32) -> Result<Option<String>, GenerationError> + '_ {
        let mut stream = self.tokenizer.decode_stream(true);
        move |token| stream.step(token).map_err(said)
    }
}

fn said(error: tokenizers::Error) -> GenerationError {
    GenerationError::Tokenizer(error.to_string())
}

#[cfg(test)]
mod tests {
    use candle_core::quantized::gguf_file::Value;

    use super::*;
    use crate::smollm2::fixture;

    #[test]
    fn text_becomes_tokens_by_the_merges_of_the_file_and_comes_back() {
        let vocabulary = fixture::vocabulary();
        let spelt = |text: &str| {
            let tokens = vocabulary.encode(text).expect("tokens");
            tokens
                .iter()
                .map(|&token| vocabulary.tokenizer.id_to_token(token).expect("known"))
                .collect::<Vec<_>>()
        };
        assert_eq!(spelt("the the"), ["the", "Ġthe"]);
        // Without a merge for it, a word stays in bytes; digits are never merged.
        assert_eq!(spelt("12 é"), ["1", "2", "Ġ", "Ã", "©"]);
        assert_eq!(spelt("<|im_start|>the"), ["<|im_start|>", "the"]);
        for text in ["the the", " 12, é\n", "日本"] {
            let tokens = vocabulary.encode(text).expect("tokens");
            assert_eq!(vocabulary.decode(&tokens).expect("text"), text);
        }
    }

    #[test]
    fn a_stream_waits_until_a_character_is_complete() {
        let vocabulary = fixture::vocabulary();
        let mut streamed = vocabulary.streamed();
        let chunks: Vec<Option<String>> = vocabulary
            .encode("the é")
            .expect("tokens")
            .into_iter()
            .map(|token| streamed(token).expect("text"))
            .collect();
        assert_eq!(chunks, [Some("the".to_owned()), Some(" ".to_owned()), None, Some("é".to_owned())]);
    }

    #[test]
    fn a_vocabulary_that_contradicts_itself_is_refused() {
        for (key, value, says) in [
            (MERGES, fixture::texts(&["the"]), "pairs with a space between"),
            (MERGES, fixture::texts(&["q zz"]), "merges of the file's tokens"),
            (TOKENS, fixture::texts(&["a", "b"]), "a list of 2"),
            ("tokenizer.ggml.pre", Value::String("llama-bpe".into()), "needs \"smollm\""),
            (END, Value::U32(9_999), "9999"),
        ] {
            let folder = tempfile::tempdir().expect("temporary folder");
            let path = fixture::save(folder.path(), &[(key, value)]);
            let file = Gguf::read("smollm2", path).expect("a GGUF file");
            let Err(error) = Vocabulary::of(&file, fixture::SIZE.vocabulary) else {
                panic!("accepted: {says}")
            };
            let said = error.to_string();
            assert!(said.contains(says) && said.contains(key) && said.contains("tiny.gguf"), "{said}");
        }
    }
}
