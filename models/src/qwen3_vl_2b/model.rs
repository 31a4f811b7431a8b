//! [`Qwen3Vl`]: both halves of the model.

use std::fmt;

use candle_core::{DType, Device, Tensor};
use candle_nn::VarBuilder;

use super::config::Config;
use super::language_model::LanguageModel;
use super::patches::Patches;
use super::session::Session;
use super::vision::VisionTower;
use crate::generation::GenerationError;
use crate::load::{LoadError, generated};
use crate::memory::expect_bytes;
use crate::seeded::Seeded;

/// The seed of the weights. Another one would make figures incomparable with earlier ones.
const SEED: u64 = 0x0003_00e1;

/// A vision-language model.
pub struct Qwen3Vl {
    vision: VisionTower,
    language: LanguageModel,
    config: Config,
}

/// An encoded picture: the input of the language model.
#[derive(Clone, Debug)]
pub struct Image {
    pub(super) states: Tensor,
    pub(super) deepstack: Vec<Tensor>,
    pub(super) rows: usize,
    pub(super) columns: usize,
}

impl Image {
    /// Returns the number of tokens that it takes of the context.
    pub fn tokens(&self) -> usize {
        self.rows * self.columns
    }

    /// Returns its tokens: in f32 or the type of the model's weights, of shape `(tokens, hidden)`.
    pub fn states(&self) -> &Tensor {
        &self.states
    }
}

impl Qwen3Vl {
    /// Generates the weights, as `dtype` on `device`; the same values everywhere and every time.
    ///
    /// # Errors
    /// [`Memory`](LoadError::Memory) before anything is allocated, if the memory of the machine is used and does not
    /// suffice.
    pub fn load(config: Config, dtype: DType, device: &Device) -> Result<Self, LoadError> {
        let name = format!("qwen3_vl_2b ({config})");
        let (vision, language) =
            generated(&name, Seeded::new(SEED), dtype, device, |weights| build(config, weights))?;
        Ok(Qwen3Vl { vision, language, config })
    }

    /// Returns its sizes.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Encodes a picture: vision tower and projectors.
    ///
    /// # Errors
    /// The error of candle.
    pub fn look(&self, patches: &Patches) -> Result<Image, GenerationError> {
        let (states, deepstack) = self.vision.forward(patches)?;
        let merge = self.config.vision.merge;
        Ok(Image { states, deepstack, rows: patches.rows / merge, columns: patches.columns / merge })
    }

    /// Returns a session of `batch` conversations in which nothing has been said yet. It allocates the memory of their
    /// whole contexts.
    ///
    /// # Errors
    /// [`Memory`](GenerationError::Memory) before anything is allocated, if the memory of the machine is used and does
    /// not suffice; or if the device cannot hold it.
    pub fn session(&self, batch: usize) -> Result<Session<'_>, GenerationError> {
        let context = self.config.language.context;
        let what = || format!("keys and values of {batch} contexts of {context} tokens");
        expect_bytes(self.language.device(), self.language.cache_bytes(batch), what)?;
        Ok(Session::new(&self.language, batch)?)
    }
}

fn build(config: Config, weights: VarBuilder<'_>) -> candle_core::Result<(VisionTower, LanguageModel)> {
    let vision = VisionTower::new(config.vision, config.language.hidden, weights.clone())?;
    Ok((vision, LanguageModel::new(config.language, weights)?))
}

impl fmt::Debug for Qwen3Vl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Qwen3Vl").field("config", &self.config).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use candle_nn::Activation;
    use candle_transformers::models::qwen3_vl::{self, config};

    use super::*;
    use crate::generation::{Decode, check_finite, greedy};
    use crate::memory::parameters;
    use crate::photograph::Photograph;
    use crate::qwen3_vl_2b::language_model::DeepStack;
    use crate::qwen3_vl_2b::positions::Positions;
    use crate::qwen3_vl_2b::session::Mark;

    fn reduced(dtype: DType) -> Qwen3Vl {
        Qwen3Vl::load(Config::REDUCED, dtype, &Device::Cpu).expect("model")
    }

    /// Returns the network of `candle-transformers` with the same sizes and, as its tensors have the same names, the
    /// same weights.
    fn published() -> qwen3_vl::Qwen3VLModel {
        let Config { vision, language, .. } = Config::REDUCED;
        let config = qwen3_vl::Config {
            text_config: config::TextConfig {
                head_dim: language.head,
                vocab_size: language.vocabulary,
                hidden_size: language.hidden,
                intermediate_size: language.feed_forward,
                num_hidden_layers: language.layers,
                num_attention_heads: language.heads,
                num_key_value_heads: language.kv_heads,
                hidden_act: Activation::Silu,
                max_position_embeddings: language.context,
                rms_norm_eps: 1e-6,
                tie_word_embeddings: true,
                rope_theta: f64::from(language.theta),
                sliding_window: None,
            },
            vision_config: config::VisionConfig {
                depth: vision.blocks,
                hidden_size: vision.hidden,
                out_hidden_size: language.hidden,
                hidden_act: Activation::GeluPytorchTanh,
                intermediate_size: vision.feed_forward,
                num_heads: vision.heads,
                in_chans: 3,
                patch_size: vision.patch,
                spatial_merge_size: vision.merge,
                temporal_patch_size: vision.frames,
                num_position_embeddings: vision.positions * vision.positions,
                deepstack_visual_indexes: vision.deepstack.to_vec(),
            },
            image_token_id: 0,
            video_token_id: 1,
            vision_start_token_id: 2,
            vision_end_token_id: 3,
        };
        let weights = Seeded::new(SEED).weights(&Device::Cpu);
        qwen3_vl::Qwen3VLModel::new(&config, weights).expect("the network of candle-transformers")
    }

    /// Returns the largest difference, as a share of the largest logit.
    fn difference(found: &Tensor, wanted: &Tensor) -> f32 {
        let largest = |tensor: &Tensor| {
            tensor.abs().and_then(|tensor| tensor.max_all()?.to_scalar::<f32>()).expect("a number")
        };
        largest(&(found - wanted).expect("the same shape")) / largest(wanted)
    }

    #[test]
    fn text_gives_the_logits_of_candle_transformers() {
        let (tokens, model, published) = ([17u32, 4000, 256, 17, 8191], reduced(DType::F32), published());
        // One token at a time: otherwise candle's network would see later ones.
        let mut wanted = None;
        for (at, &token) in tokens.iter().enumerate() {
            let input = Tensor::new(&[[token]], &Device::Cpu).expect("a token");
            let logits = published.forward(&input, None, None, None, None, vec![1], vec![], vec![], &[at]);
            wanted = Some(logits.expect("logits"));
        }
        let found = model.session(1).and_then(|mut session| session.read(&tokens)).expect("logits");
        let difference = difference(&found, &wanted.expect("five tokens"));
        assert!(difference < 1e-4, "{difference}");
    }

    #[test]
    fn a_picture_gives_the_logits_of_candle_transformers() {
        let (model, published) = (reduced(DType::F32), published());
        let patches =
            Patches::of(&Photograph::synthetic(320, 256), &Config::REDUCED, &Device::Cpu).expect("patches");
        let image = model.look(&patches).expect("image");
        let (rows, columns) = (patches.rows as u32, patches.columns as u32);
        let (count, texts) = (image.tokens(), [[5u32, 6], [7, 8]]);
        let placeholders = [&texts[0][..], &vec![0; count], &texts[1]].concat();
        let wanted = published.forward(
            &Tensor::new(&placeholders[..], &Device::Cpu).and_then(|t| t.unsqueeze(0)).expect("tokens"),
            Some(patches.values.clone()),
            None,
            Some(Tensor::new(&[[1u32, rows, columns]], &Device::Cpu).expect("grid")),
            None,
            vec![placeholders.len()],
            vec![vec![(2, 2 + count)]],
            vec![],
            &[0],
        );
        // candle's network hides nothing, and counts the tokens of a picture as if they were text.
        let language = &model.language;
        let embed = |tokens: &[u32; 2]| {
            language.embed(&Tensor::new(&[*tokens], &Device::Cpu).expect("tokens")).expect("states")
        };
        let states =
            Tensor::cat(&[embed(&texts[0]), image.states.unsqueeze(0).expect("states"), embed(&texts[1])], 1);
        let deepstack = DeepStack { start: 2, features: &image.deepstack };
        let positions = Positions::text(0, placeholders.len());
        let caches = language.caches(1).expect("caches");
        let found = language.masked(states.expect("states"), &positions, None, Some(&deepstack), &caches, 0);
        // candle's network approximates one activation that is exact in the published network.
        let difference = difference(&found.expect("logits"), &wanted.expect("logits"));
        assert!(difference < 2e-3, "{difference}");
    }

    #[test]
    fn what_comes_later_changes_nothing_before() {
        let model = reduced(DType::F32);
        let mut session = model.session(1).expect("session");
        let short = session.read(&[10, 11, 12]).expect("logits");
        let mark = session.mark();
        session.read(&[13, 14]).expect("logits");
        session.rewind(mark);
        assert_eq!(session.mark(), mark);
        let mut at_once = model.session(1).expect("session");
        at_once.read(&[10, 11]).expect("logits");
        assert!(difference(&at_once.decode(12).expect("logits"), &short) < 1e-4);
        let (again, fresh) = (session.decode(20).expect("logits"), at_once.decode(20).expect("logits"));
        assert!(difference(&again, &fresh) < 1e-4);
    }

    #[test]
    fn the_picture_is_seen_and_takes_its_places() {
        let model = reduced(DType::F32);
        let about = |photograph: &Photograph| {
            let patches = Patches::of(photograph, &Config::REDUCED, &Device::Cpu).expect("patches");
            let image = model.look(&patches).expect("image");
            assert_eq!(image.tokens(), 8 * 10);
            let mut session = model.session(1).expect("session");
            let logits = session.read_about(&[1, 2], &image, &[3]).expect("logits");
            // 2 places for text, 10 for the picture's longer side, 1 for text.
            assert_eq!(session.mark(), Mark { tokens: 83, place: 13 });
            logits
        };
        let grey = Photograph::from_rgb(320, 256, vec![128; 320 * 256 * 3]).expect("grey");
        let (colourful, grey) = (about(&Photograph::synthetic(320, 256)), about(&grey));
        assert!(difference(&colourful, &grey) > 0.01);
    }

    #[test]
    fn f16_comes_to_about_the_same_and_stays_finite() {
        let generate = |dtype| {
            let model = reduced(dtype);
            let image = model
                .look(&Patches::noise(256, &Config::REDUCED, &Device::Cpu).expect("patches"))
                .expect("image");
            let mut session = model.session(1).expect("session");
            let logits = session.read_about(&[1], &image, &[2, 3]).expect("logits");
            check_finite(&logits).expect("finite");
            let tokens = greedy(logits.clone(), &mut session, 3, None, |_| Ok(())).expect("tokens");
            (logits.to_dtype(DType::F32).expect("logits"), tokens)
        };
        let (exact, tokens) = generate(DType::F32);
        assert_eq!(generate(DType::F32).1, tokens, "two runs differ");
        let difference = difference(&generate(DType::F16).0, &exact);
        assert!(difference < 0.02, "{difference}");
    }

    #[test]
    fn a_batch_gives_each_text_its_own_logits() {
        let model = reduced(DType::F32);
        let texts: [&[u32]; 2] = [&[1, 2, 3], &[4, 5, 6]];
        let both = model.session(2).and_then(|mut session| session.read_batch(&texts)).expect("logits");
        for (row, text) in texts.iter().enumerate() {
            let alone = model.session(1).and_then(|mut session| session.read(text)).expect("logits");
            assert!(difference(&both.narrow(0, row, 1).expect("row"), &alone) < 1e-4);
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let model = reduced(DType::F32);
        let context = Config::REDUCED.language.context;
        let mut session = model.session(1).expect("session");
        let error = session.read(&vec![1; context + 1]).expect_err("too long");
        assert!(matches!(error, GenerationError::ContextFull { tokens: 2049, context: 2048 }), "{error}");
        let patches = Patches::noise(1472, &Config::REDUCED, &Device::Cpu).expect("patches");
        let large = Image {
            rows: 46,
            columns: 46,
            ..model
                .look(&Patches::noise(32, &Config::REDUCED, &Device::Cpu).expect("patches"))
                .expect("image")
        };
        assert_eq!(patches.rows / 2, large.rows);
        assert!(matches!(session.read_about(&[], &large, &[1]), Err(GenerationError::ContextFull { .. })));
        assert!(matches!(session.read(&[]), Err(GenerationError::EmptyPrompt)));
        assert!(matches!(session.read(&[8192]), Err(GenerationError::UnknownToken { token: 8192, .. })));
        assert!(session.read_batch(&[&[1], &[2]]).is_err());
    }

    #[test]
    fn a_model_too_large_for_the_machine_is_refused_before_it_is_made() {
        let mut giant = Config::FULL;
        giant.language.vocabulary = 1 << 40;
        let error = Qwen3Vl::load(giant, DType::F16, &Device::Cpu).expect_err("too large");
        assert!(error.to_string().starts_with("qwen3_vl_2b (full) needs "), "{error}");
        assert!(error.or_skip().skip_reason().is_some());
        let model = reduced(DType::F32);
        let error = model.session(1_000_000_000).map(drop).expect_err("too many");
        assert!(error.to_string().starts_with("keys and values of 1000000000 contexts of 2048 tokens need "));
        assert!(error.or_skip().skip_reason().is_some());
    }

    #[test]
    fn the_full_one_has_the_published_number_of_parameters() {
        let parameters = |config| parameters(|weights| build(config, weights)).expect("counted");
        // The index of the published weights lists 4 255 064 064 bytes, two for each parameter.
        assert_eq!(parameters(Config::FULL), 2_127_532_032);
        let reduced = parameters(Config::REDUCED);
        assert!((7_500_000..8_500_000).contains(&reduced), "{reduced}");
    }
}
