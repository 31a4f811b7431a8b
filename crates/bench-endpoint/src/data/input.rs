//! The content of one request.

use std::borrow::Cow;
use std::time::Duration;

use serde_json::Value;

use super::words::{STRIDE, Span, word};

/// The content of one request.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Input {
    /// The content that is sent.
    pub content: Content,
    /// The maximum number of tokens of the answer; `None` for the same as in all other requests.
    pub max_tokens: Option<u64>,
}

/// The content that is sent.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Content {
    /// A text, or the bytes of a file.
    Bytes(Vec<u8>),
    /// A text that is generated when it is sent, with a known number of tokens.
    Words(Words),
    /// The messages of a conversation so far, as a chat sends them.
    Messages(Vec<Value>),
    /// A conversation: the messages of the user, turn by turn.
    Turns(std::sync::Arc<[Turn]>),
}

/// One turn of a conversation: a message of the user.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Turn {
    /// The text.
    pub text: String,
    /// The time that the user thinks before this turn; `None` if the file does not contain it.
    pub pause: Option<Duration>,
    /// The maximum number of tokens of the answer; `None` if the file does not contain it.
    pub max_tokens: Option<u64>,
}

impl Input {
    /// A text, or the bytes of a file.
    pub fn of(bytes: impl Into<Vec<u8>>) -> Self {
        Input { content: Content::Bytes(bytes.into()), max_tokens: None }
    }

    /// Sets the maximum number of tokens of the answer.
    #[must_use]
    pub fn answered_by(self, max_tokens: Option<u64>) -> Self {
        Input { max_tokens, ..self }
    }
}

impl Content {
    /// Returns the text without a salt.
    pub fn text(&self) -> Cow<'_, [u8]> {
        match self {
            Content::Bytes(bytes) => Cow::Borrowed(bytes),
            Content::Words(words) => {
                let mut text = Vec::new();
                words.write(0, 0, &mut text);
                Cow::Owned(text)
            }
            Content::Messages(messages) => {
                let texts: Vec<&str> =
                    messages.iter().filter_map(|message| message.get("content")?.as_str()).collect();
                Cow::Owned(texts.join("\n").into_bytes())
            }
            Content::Turns(turns) => {
                Cow::Borrowed(turns.first().map(|turn| turn.text.as_bytes()).unwrap_or_default())
            }
        }
    }
}

/// The first word, the only one without a space before it. It precedes any salt.
const FIRST: &str = "The";

/// The number of words in a salt: eight words, each chosen from 256, carry 64 bits.
const SALT_WORDS: u8 = 8;

/// The number of tokens in a block of a Mooncake trace.
const BLOCK: u64 = 512;

/// A text of words, each of which is one token.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Words {
    parts: Box<[Part]>,
    /// Whether salts differ from request to request and from run to run. Otherwise, they are always the same words.
    salt: bool,
}

/// A part of a text of words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Part {
    /// A salt of this many words, which no other run has.
    OfRun(u8),
    /// A salt of this many words, which no other request has.
    OfRequest(u8),
    Text(Span),
}

impl Words {
    /// Creates a text of `tokens` tokens, at least 1, whose beginning differs from that of every other text.
    pub fn exactly(tokens: u64, seed: u64) -> Self {
        Words { parts: own(tokens.saturating_sub(1), seed).into(), salt: true }
    }

    /// Creates a text of `shared + tokens` tokens. In one run, all texts with the same `pool` number have the same
    /// first `shared` tokens.
    pub fn with_prefix(shared: u64, pool: u64, tokens: u64, seed: u64) -> Self {
        let salt = salt_of(shared.saturating_sub(1));
        let mut parts = vec![Part::OfRun(salt)];
        parts.push(Part::Text(span(pool, shared.saturating_sub(1 + u64::from(salt)))));
        parts.extend(own(tokens, seed));
        Words { parts: parts.into(), salt: true }
    }

    /// Creates a text of `tokens` tokens from blocks of 512: two texts share as many tokens as their lists of blocks
    /// have in common at the beginning. A block that is missing at the end is replaced by one that no other text has.
    pub fn of_blocks(tokens: u64, blocks: &[u64], seed: u64) -> Self {
        let salt = salt_of(tokens.saturating_sub(1));
        let mut parts = vec![Part::OfRun(salt)];
        let mut left = tokens;
        let mut given = blocks.iter();
        while left > 0 {
            let head = if parts.len() == 1 { 1 + u64::from(salt) } else { 0 };
            let block = given.next().copied();
            let size = if block.is_some() { left.min(BLOCK) } else { left };
            parts.push(Part::Text(span(block.unwrap_or(seed ^ u64::MAX), size.saturating_sub(head))));
            left -= size;
        }
        Words { parts: parts.into(), salt: true }
    }

    /// Sets whether salts differ from request to request.
    #[must_use]
    pub fn salted(self, salt: bool) -> Self {
        Words { salt, ..self }
    }

    /// Returns the number of tokens, provided that each word is one token.
    pub fn tokens(&self) -> u64 {
        1 + self.parts.iter().map(|part| u64::from(part.words())).sum::<u64>()
    }

    /// Returns the number of bytes.
    pub fn bytes(&self) -> usize {
        FIRST.len() + self.parts.iter().map(|part| part.words() as usize * STRIDE).sum::<usize>()
    }

    /// Appends the text, with salts made of `unique`, which differs from request to request, and `run`.
    pub fn write(&self, unique: u64, run: u64, into: &mut Vec<u8>) {
        into.extend_from_slice(FIRST.as_bytes());
        let (unique, run) = if self.salt { (unique, run) } else { (0, 0) };
        for part in &self.parts {
            match part {
                Part::OfRun(words) => salt(run, *words, into),
                Part::OfRequest(words) => salt(unique, *words, into),
                Part::Text(span) => span.write(into),
            }
        }
    }
}

impl Part {
    fn words(&self) -> u32 {
        match self {
            Part::OfRun(words) | Part::OfRequest(words) => u32::from(*words),
            Part::Text(span) => span.words(),
        }
    }
}

/// Returns a salt of a request and the words after it, `words` in all.
fn own(words: u64, seed: u64) -> [Part; 2] {
    let salt = salt_of(words);
    [Part::OfRequest(salt), Part::Text(span(seed, words - u64::from(salt)))]
}

/// Returns the number of words of a salt that fit into `room` words.
fn salt_of(room: u64) -> u8 {
    u8::try_from(room).unwrap_or(SALT_WORDS).min(SALT_WORDS)
}

fn span(seed: u64, words: u64) -> Span {
    Span::new(seed, u32::try_from(words).unwrap_or(u32::MAX))
}

/// Appends `words` words that encode the bits of `number`, the lowest bits first.
fn salt(number: u64, words: u8, into: &mut Vec<u8>) {
    for place in 0..words {
        into.push(b' ');
        into.extend_from_slice(word(number >> (8 * u32::from(place))).as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(words: &Words, unique: u64, run: u64) -> String {
        let mut text = Vec::new();
        words.write(unique, run, &mut text);
        String::from_utf8(text).expect("ASCII")
    }

    proptest! {
        #[test]
        fn a_text_has_as_many_words_as_tokens_were_asked_for(
            tokens in 1u64..3000, shared in 1u64..3000, seed: u64, blocks in proptest::collection::vec(any::<u64>(), 0..8)
        ) {
            for (words, expected) in [
                (Words::exactly(tokens, seed), tokens),
                (Words::with_prefix(shared, 3, tokens, seed), shared + tokens),
                (Words::of_blocks(tokens, &blocks, seed), tokens),
            ] {
                let written = text(&words, seed, 7);
                prop_assert_eq!(written.split(' ').count() as u64, expected);
                prop_assert_eq!((words.tokens(), words.bytes()), (expected, written.len()));
            }
        }
    }

    #[test]
    fn a_salt_is_at_the_beginning_and_changes_no_length() {
        let words = Words::exactly(100, 1);
        let (one, other) = (text(&words, 1, 9), text(&words, 2, 9));
        assert_eq!(one.len(), other.len());
        // Servers cache blocks of 16 tokens and more: the texts differ within the first block.
        assert_ne!(one.split(' ').nth(1), other.split(' ').nth(1));
        let plain = words.salted(false);
        assert_eq!(text(&plain, 1, 9), text(&plain, 2, 8));
    }

    #[test]
    fn requests_of_a_run_share_a_prefix_and_those_of_two_runs_none() {
        let (one, other) = (Words::with_prefix(64, 0, 32, 1), Words::with_prefix(64, 0, 32, 2));
        let common = |one: &str, other: &str| {
            one.split(' ').zip(other.split(' ')).take_while(|(one, other)| one == other).count()
        };
        assert_eq!(common(&text(&one, 1, 5), &text(&other, 2, 5)), 64);
        assert_eq!(common(&text(&one, 1, 5), &text(&other, 2, 6)), 1);
    }

    #[test]
    fn equal_blocks_are_equal_text() {
        let (one, other) = (Words::of_blocks(1500, &[7, 8, 9], 1), Words::of_blocks(1400, &[7, 8, 1], 2));
        let (one, other) = (text(&one, 1, 5), text(&other, 2, 5));
        let common = one.split(' ').zip(other.split(' ')).take_while(|(one, other)| one == other).count();
        assert_eq!(common, 1024);
    }
}
