//! [`SmolLm2`]: the model, its vocabulary, and its completion of a prompt.

use std::fmt;
use std::path::PathBuf;

use candle_core::Device;

use super::network::Network;
use super::{Session, Size, Vocabulary};
use crate::generation::{self, GenerationError};
use crate::gguf::Gguf;
use crate::weights::{self, WeightsError};

const MODEL: &str = "smollm2";
const FILE: &str = "SmolLM2-135M-Instruct.Q4_1.gguf";

/// The types of the weights in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    /// The types of the file: matrices in four bits, embeddings in eight.
    Q4_1,
    /// Weights in f32, seven times as large: on a processor, candle multiplies four bits without SIMD instructions.
    F32,
}

impl fmt::Display for Precision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Precision::Q4_1 => "q4_1",
            Precision::F32 => "f32",
        })
    }
}

/// A language model with its vocabulary.
pub struct SmolLm2 {
    /// A session that has read nothing, from which the others are cloned.
    fresh: Session,
    vocabulary: Vocabulary,
    size: Size,
}

/// The model's continuation of a prompt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    /// The generated text.
    pub text: String,
    /// The same text as tokens, without the one that ends it.
    pub tokens: Vec<u32>,
    /// The number of tokens of the prompt.
    pub prompt_tokens: usize,
}

impl SmolLm2 {
    /// Reads the weights that `models/weights/fetch --only smollm2` gets.
    ///
    /// # Errors
    /// [`Missing`](WeightsError::Missing) until they have been fetched; another error if they are not SmolLM2's.
    pub fn load(precision: Precision, device: &Device) -> Result<Self, WeightsError> {
        SmolLm2::read(weights::file(FILE)?, Size::SMOLLM2_135M, precision, device)
    }

    /// Reads a file with a network of this size.
    ///
    /// # Errors
    /// Same as [`load`](Self::load).
    pub fn read(
        path: PathBuf,
        size: Size,
        precision: Precision,
        device: &Device,
    ) -> Result<Self, WeightsError> {
        let file = Gguf::read(MODEL, path)?;
        size.expect(&file)?;
        let vocabulary = Vocabulary::of(&file, size.vocabulary)?;
        let file = match precision {
            Precision::Q4_1 => file,
            Precision::F32 => file.expanded()?,
        };
        let network = file.build(|content, bytes| Network::new(&size, &content, bytes, device))?;
        let fresh = Session::new(network, device.clone(), size.vocabulary, size.context());
        Ok(SmolLm2 { fresh, vocabulary, size })
    }

    /// Returns its size.
    pub fn size(&self) -> Size {
        self.size
    }

    /// Returns its vocabulary.
    pub fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }

    /// Creates a session that has read nothing.
    pub fn session(&self) -> Session {
        self.fresh.clone()
    }

    /// Continues `prompt` with the likeliest tokens, at most `most`; `each` receives every piece of text as soon as
    /// its characters are complete.
    ///
    /// # Errors
    /// A prompt that is empty or that does not fit the context together with `most` tokens, and the errors of
    /// generation.
    pub fn complete(
        &self,
        prompt: &str,
        most: usize,
        mut each: impl FnMut(&str),
    ) -> Result<Completion, GenerationError> {
        let prompt = self.vocabulary.encode(prompt)?;
        let (tokens, context) = (prompt.len() + most, self.size.context());
        // Checked before anything is read: a long prompt takes seconds.
        if tokens > context {
            return Err(GenerationError::ContextFull { tokens, context });
        }
        let mut session = self.session();
        let logits = session.read(&prompt)?;
        let mut text = String::new();
        let mut streamed = self.vocabulary.streamed();
        let end = Some(self.vocabulary.end());
        let tokens = generation::greedy(logits, &mut session, most, end, |token| {
            if let Some(piece) = streamed(token)?.filter(|piece| !piece.is_empty()) {
                each(&piece);
                text.push_str(&piece);
            }
            Ok(())
        })?;
        Ok(Completion { text, tokens, prompt_tokens: prompt.len() })
    }

    /// Checks that the model continues `prompt` with the expected text.
    ///
    /// # Errors
    /// [`WrongText`](GenerationError::WrongText), and the errors of [`complete`](Self::complete).
    pub fn expect_text(&self, prompt: &str, expected: &str) -> Result<(), GenerationError> {
        let tokens = self.vocabulary.encode(expected)?.len();
        let found = self.complete(prompt, tokens, |_| ())?.text;
        if found == expected {
            return Ok(());
        }
        Err(GenerationError::WrongText { prompt: prompt.to_owned(), expected: expected.to_owned(), found })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generation::{Decode, likeliest};
    use crate::smollm2::fixture;
    use candle_core::quantized::gguf_file::Value;

    /// Returns the real model; `None`, after printing the reason, if its weights are missing.
    fn fetched() -> Option<SmolLm2> {
        crate::weights::fetched(SmolLm2::load(Precision::F32, &Device::Cpu))
    }

    #[test]
    fn the_capital_of_france_is_paris() {
        let Some(model) = fetched() else { return };
        let mut streamed = String::new();
        let completion =
            model.complete("The capital of France is", 2, |piece| streamed.push_str(piece)).expect("text");
        assert!(completion.text.starts_with(" Paris"), "{completion:?}");
        assert_eq!((streamed, completion.prompt_tokens), (completion.text, 5));
        let error = model.expect_text("The capital of France is", " Rome").expect_err("not Rome");
        assert!(
            error.to_string().contains("should continue with \" Rome\", but the model says \" Paris\""),
            "{error}"
        );
    }

    #[test]
    fn reading_at_once_and_one_after_the_other_come_to_the_same() {
        let model = fixture::model();
        let tokens = [20, 21, 22, 23, 24];
        let at_once = model.session().read(&tokens).expect("logits");
        let mut session = model.session();
        let mut last = None;
        for token in tokens {
            last = Some(session.decode(token).expect("logits"));
        }
        let difference = (at_once - last.expect("five tokens"))
            .and_then(|difference| difference.abs()?.max_all()?.to_scalar::<f32>());
        assert!(difference.expect("difference") < 1e-4);
        assert_eq!(session.position(), 5);
    }

    #[test]
    fn a_batch_gives_each_text_its_own_logits() {
        let model = fixture::model();
        let texts: [&[u32]; 2] = [&[20, 21, 22], &[30, 31, 32]];
        let mut session = model.session();
        let mut read = |at: usize| session.read_batch(&texts.map(|text| text[at])).expect("logits");
        read(0);
        read(1);
        let both = read(2);
        assert_eq!(both.dims(), [2, fixture::SIZE.vocabulary]);
        for (row, text) in texts.iter().enumerate() {
            let alone = model.session().read(text).expect("logits");
            let row = both.narrow(0, row, 1).expect("row");
            assert_eq!(likeliest(&row).expect("token"), likeliest(&alone).expect("token"));
        }
    }

    #[test]
    fn expanded_weights_come_to_about_the_same() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let path = fixture::save(folder.path(), &[]);
        let logits = |precision| {
            let model = SmolLm2::read(path.clone(), fixture::SIZE, precision, &Device::Cpu).expect("model");
            model.session().read(&[20, 21, 22]).expect("logits")
        };
        let (exact, quantised) = (logits(Precision::F32), logits(Precision::Q4_1));
        let largest = |tensor: &candle_core::Tensor| {
            tensor.abs().and_then(|tensor| tensor.max_all()?.to_scalar::<f32>()).expect("a number")
        };
        // Weights are the same; states are rounded to eight bits before they are multiplied with quantized ones.
        let difference = largest(&(&exact - quantised).expect("the same shape")) / largest(&exact);
        assert!((1e-6..0.05).contains(&difference), "{difference}");
    }

    #[test]
    fn sessions_do_not_disturb_each_other_and_runs_agree() {
        let model = fixture::model();
        let first = model.complete("the the", 6, |_| ()).expect("text");
        model.session().read(&[40, 41]).expect("logits");
        assert_eq!(model.complete("the the", 6, |_| ()).expect("text"), first);
        assert_eq!(first.prompt_tokens, 2);
    }

    #[test]
    fn a_prompt_that_does_not_fit_is_refused_before_it_is_read() {
        let model = fixture::model();
        let context = model.size().context();
        let long = "1".repeat(context);
        let error = model.complete(&long, 1, |_| ()).expect_err("too long");
        assert_eq!(
            error.to_string(),
            format!(
                "{} tokens do not fit the context of {context}: shorten the prompt, or ask for fewer tokens",
                context + 1
            )
        );
        model.complete(&long[1..], 1, |_| ()).expect("it just fits");
        let mut full = model.session();
        full.read(&vec![20; context]).expect("it just fits");
        assert!(matches!(full.decode(20), Err(GenerationError::ContextFull { .. })));
        assert!(matches!(model.complete("", 1, |_| ()), Err(GenerationError::EmptyPrompt)));
        let unknown = model.session().read(&[fixture::SIZE.vocabulary as u32]);
        assert!(matches!(unknown, Err(GenerationError::UnknownToken { .. })));
    }

    #[test]
    fn a_file_of_another_network_is_refused_by_name() {
        for (key, value, says) in [
            (
                "general.architecture",
                Value::String("qwen2".into()),
                "is \"qwen2\", but smollm2 needs \"llama\"",
            ),
            ("llama.block_count", Value::U32(32), "is U32(32), but smollm2 needs 2"),
            ("llama.context_length", Value::String("long".into()), "is \"long\", but smollm2 needs 256"),
        ] {
            let folder = tempfile::tempdir().expect("temporary folder");
            let path = fixture::save(folder.path(), &[(key, value)]);
            let Err(error) = SmolLm2::read(path, fixture::SIZE, Precision::Q4_1, &Device::Cpu) else {
                panic!("accepted: {says}")
            };
            let said = error.to_string();
            assert!(said.contains(says) && said.contains("tiny.gguf"), "{said}");
        }
        let folder = tempfile::tempdir().expect("temporary folder");
        let path = fixture::save(folder.path(), &[]);
        let larger = Size { vocabulary: fixture::SIZE.vocabulary + 1, ..fixture::SIZE };
        let Err(error) = SmolLm2::read(path, larger, Precision::Q4_1, &Device::Cpu) else {
            panic!("accepted")
        };
        assert!(matches!(error, WeightsError::WrongShape { .. }), "{error}");
    }
}
