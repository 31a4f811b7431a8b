//! [`Session`]: one conversation, and the model's memory of it.

use candle_core::Tensor;

use super::cache::Cache;
use super::language_model::{DeepStack, LanguageModel};
use super::model::Image;
use super::positions::Positions;
use crate::generation::{Decode, GenerationError};

/// Reads tokens and pictures, and keeps their keys and values.
pub struct Session<'a> {
    model: &'a LanguageModel,
    caches: Vec<Cache>,
    batch: usize,
    /// The position in the conversation.
    at: Mark,
}

/// A position in a conversation, to which it can be [rewound](Session::rewind).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mark {
    /// Tokens that have been read, those of pictures among them.
    pub(super) tokens: usize,
    /// The position of the next token. A picture has more tokens than positions.
    pub(super) place: usize,
}

impl<'a> Session<'a> {
    pub(super) fn new(model: &'a LanguageModel, batch: usize) -> candle_core::Result<Self> {
        Ok(Session { model, caches: model.caches(batch)?, batch, at: Mark::default() })
    }

    /// Returns a mark of the present position in the conversation.
    pub fn mark(&self) -> Mark {
        self.at
    }

    /// Forgets everything that was read after `mark`, which must be one of this session.
    pub fn rewind(&mut self, mark: Mark) {
        self.at = Mark { tokens: mark.tokens.min(self.at.tokens), place: mark.place };
    }

    /// Reads text; returns the logits of the next token, of shape `(1, vocabulary)`.
    ///
    /// # Errors
    /// [`EmptyPrompt`](GenerationError::EmptyPrompt), [`ContextFull`](GenerationError::ContextFull),
    /// [`UnknownToken`](GenerationError::UnknownToken), or the error of candle.
    pub fn read(&mut self, tokens: &[u32]) -> Result<Tensor, GenerationError> {
        self.read_batch(&[tokens])
    }

    /// Reads texts of the same length, as many as the session was made for; returns the logits of the next token of
    /// each, of shape `(texts, vocabulary)`.
    ///
    /// # Errors
    /// The errors of [`read`](Self::read), and another number of texts or texts of different lengths.
    pub fn read_batch(&mut self, texts: &[&[u32]]) -> Result<Tensor, GenerationError> {
        let tokens = texts.first().map_or(0, |text| text.len());
        if tokens == 0 {
            return Err(GenerationError::EmptyPrompt);
        }
        self.expect_room(tokens)?;
        let states = self.embed(texts, tokens)?;
        self.forward(states, Positions::text(self.at.place, tokens), None)
    }

    /// Reads a picture with text before and after it; returns the logits of the next token, of shape `(1,
    /// vocabulary)`.
    ///
    /// # Errors
    /// Same as [`read`](Self::read); there must be text after the picture.
    pub fn read_about(
        &mut self,
        before: &[u32],
        image: &Image,
        after: &[u32],
    ) -> Result<Tensor, GenerationError> {
        if after.is_empty() {
            return Err(GenerationError::EmptyPrompt);
        }
        self.expect_room(before.len() + image.tokens() + after.len())?;
        let mut states = Vec::with_capacity(3);
        if !before.is_empty() {
            states.push(self.embed(&[before], before.len())?);
        }
        states.push(image.states.unsqueeze(0)?);
        states.push(self.embed(&[after], after.len())?);
        let text = Positions::text(self.at.place, before.len());
        let start = self.at.place + before.len();
        let picture = text.then(Positions::picture(start, image.rows, image.columns));
        let after = Positions::text(picture.next(), after.len());
        let deepstack = DeepStack { start: before.len(), features: &image.deepstack };
        self.forward(Tensor::cat(&states, 1)?, picture.then(after), Some(&deepstack))
    }

    fn forward(
        &mut self,
        states: Tensor,
        positions: Positions,
        deepstack: Option<&DeepStack<'_>>,
    ) -> Result<Tensor, GenerationError> {
        let tokens = states.dim(1)?;
        let logits = self.model.forward(states, &positions, deepstack, &self.caches, self.at.tokens)?;
        self.at = Mark { tokens: self.at.tokens + tokens, place: positions.next() };
        Ok(logits)
    }

    fn expect_room(&self, tokens: usize) -> Result<(), GenerationError> {
        let (tokens, context) = (self.at.tokens + tokens, self.model.config().context);
        if tokens > context {
            return Err(GenerationError::ContextFull { tokens, context });
        }
        Ok(())
    }

    fn embed(&self, texts: &[&[u32]], tokens: usize) -> Result<Tensor, GenerationError> {
        let flat = texts.concat();
        let vocabulary = self.model.config().vocabulary;
        if let Some(&token) = flat.iter().find(|token| **token as usize >= vocabulary) {
            return Err(GenerationError::UnknownToken { token, vocabulary });
        }
        // A wrong number of texts, or of tokens in one, does not fit this shape: candle reports it.
        let tokens = Tensor::from_vec(flat, (self.batch, tokens), self.model.device())?;
        Ok(self.model.embed(&tokens)?)
    }
}

impl Decode for Session<'_> {
    fn decode(&mut self, token: u32) -> Result<Tensor, GenerationError> {
        self.read(&[token])
    }
}
