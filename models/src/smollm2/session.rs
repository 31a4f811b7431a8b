//! [`Session`]: one conversation, and the model's memory of it.

use candle_core::{Device, Tensor};

use super::network::Network;
use crate::generation::{Decode, GenerationError};

/// Reads tokens and keeps their keys and values. Weights are shared between sessions, and a clone continues at the
/// position of its original.
#[derive(Clone)]
pub struct Session {
    network: Network,
    device: Device,
    vocabulary: usize,
    context: usize,
    read: usize,
}

impl Session {
    pub(super) fn new(network: Network, device: Device, vocabulary: usize, context: usize) -> Self {
        Session { network, device, vocabulary, context, read: 0 }
    }

    /// Returns the number of tokens that have been read.
    pub fn position(&self) -> usize {
        self.read
    }

    /// Reads tokens; returns the logits of the next one, of shape `(1, vocabulary)`.
    ///
    /// # Errors
    /// [`EmptyPrompt`](GenerationError::EmptyPrompt), [`ContextFull`](GenerationError::ContextFull),
    /// [`UnknownToken`](GenerationError::UnknownToken), or the error of candle.
    pub fn read(&mut self, tokens: &[u32]) -> Result<Tensor, GenerationError> {
        self.forward(tokens, 1)
    }

    /// Reads a token of each of several texts; returns the logits of the next one of each, of shape `(texts,
    /// vocabulary)`. A session that has read several texts must continue with the same number of them.
    ///
    /// One token at a time: candle's network takes several tokens of one text, or one token of several.
    ///
    /// # Errors
    /// The errors of [`read`](Self::read).
    pub fn read_batch(&mut self, tokens: &[u32]) -> Result<Tensor, GenerationError> {
        self.forward(tokens, tokens.len())
    }

    fn forward(&mut self, tokens: &[u32], texts: usize) -> Result<Tensor, GenerationError> {
        if tokens.is_empty() {
            return Err(GenerationError::EmptyPrompt);
        }
        let length = tokens.len() / texts;
        if self.read + length > self.context {
            return Err(GenerationError::ContextFull { tokens: self.read + length, context: self.context });
        }
        let vocabulary = self.vocabulary;
        if let Some(&token) = tokens.iter().find(|token| **token as usize >= vocabulary) {
            return Err(GenerationError::UnknownToken { token, vocabulary });
        }
        let input = Tensor::from_slice(tokens, (texts, length), &self.device)?;
        let logits = self.network.forward(&input, self.read)?;
        self.read += length;
        Ok(logits)
    }
}

impl Decode for Session {
    fn decode(&mut self, token: u32) -> Result<Tensor, GenerationError> {
        self.read(&[token])
    }
}
