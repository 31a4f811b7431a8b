//! Finds out how many tokens a server counts for words, before anything is measured.

use std::time::Instant;

use crate::Endpoint;
use crate::api::{Marks, Told};
use crate::client::Caller;
use crate::data::{Content, Input, Words};
use crate::failure::Failure;

/// The numbers of words in the two requests that are sent.
const FEW: u64 = 32;
const MANY: u64 = 160;

/// The number of tokens that a server counts for words: `overhead + per_word · words`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fit {
    /// The number of tokens in each prompt in addition to its words, such as those of a chat template.
    pub overhead: f64,
    /// The number of tokens per word.
    pub per_word: f64,
}

impl Fit {
    /// Computes the fit from the numbers of tokens of the two prompts.
    fn of(few: u64, many: u64) -> Self {
        let per_word = (many as f64 - few as f64) / (MANY - FEW) as f64;
        Fit { overhead: few as f64 - per_word * FEW as f64, per_word }
    }

    /// Whether each word is one token.
    pub fn is_exact(&self) -> bool {
        self.per_word == 1.0
    }
}

/// Discards the marks of requests that are not measured.
struct Unmarked;

impl Marks for Unmarked {
    fn output(&mut self, _: Instant, _: Option<u32>) {}
    fn answer(&mut self, _: Instant) {}
    fn end(&mut self, _: Instant) {}
}

/// Sends two prompts with known numbers of words, and fits the server's numbers of tokens to them. Returns `None` if
/// the server reports no number, or none that grows with the prompt.
///
/// # Errors
/// The reason why a request failed.
pub fn fit(endpoint: &Endpoint) -> Result<Option<Fit>, Failure> {
    let count = |words: u64| -> Result<Option<u64>, Failure> {
        let words = Words::exactly(words, words);
        let input = Input { content: Content::Words(words), max_tokens: Some(4) };
        let prompt = endpoint.prompt_of(&input).map_err(|wrong| Failure::in_answer(&wrong))?;
        match endpoint.send(&prompt, &Caller::default(), &mut Unmarked)?.told {
            Told::Text(text) => Ok(text.input_tokens),
            _ => Ok(None),
        }
    };
    let Some(few) = count(FEW)? else { return Ok(None) };
    Ok(count(MANY)?.filter(|many| *many > few).map(|many| Fit::of(few, many)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_and_words_are_told_apart() {
        let fit = Fit::of(32 + 13, 160 + 13);
        assert_eq!((fit.overhead, fit.per_word, fit.is_exact()), (13.0, 1.0, true));
        let fit = Fit::of(48 + 2, 240 + 2);
        assert_eq!((fit.overhead, fit.per_word, fit.is_exact()), (2.0, 1.5, false));
    }
}
