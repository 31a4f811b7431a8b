//! Texts for speech synthesis or for continuation.

use std::ops::RangeInclusive;
use std::path::PathBuf;

use bench_core::Error;

use super::distinct::distinct;
use super::random::Random;
use super::{InputError, Inputs, Lines, List, Prepared};

/// Seeded texts: random sentences of English words.
///
/// ```
/// # use bench_load::input::{Inputs, Texts};
/// let texts = Texts::seeded(20, 50..=200).prepare()?;
/// assert_eq!(texts.measured.len(), 20);
/// assert!(texts.measured.iter().all(|text| (50..=200).contains(&text.chars().count())));
/// # Ok::<(), bench_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Texts {
    variations: usize,
    characters: RangeInclusive<usize>,
    seed: u64,
}

impl Texts {
    /// Generates this many different texts, each with a random length from this range, and as many others of the
    /// same lengths for the warm-up. The default seed is 0.
    pub fn seeded(variations: usize, characters: RangeInclusive<usize>) -> Self {
        Texts { variations, characters, seed: 0 }
    }

    /// Sets the seed, for other texts of the same kind.
    #[must_use]
    pub fn seed(self, seed: u64) -> Self {
        Texts { seed, ..self }
    }

    /// Reads texts from a file, one on each line.
    pub fn file(path: impl Into<PathBuf>) -> Lines {
        Lines::of(path)
    }

    /// Uses these texts.
    pub fn list<T: Into<String>>(texts: impl IntoIterator<Item = T>) -> List<String> {
        List::new(texts.into_iter().map(Into::into))
    }
}

impl Inputs for Texts {
    type Item = String;

    fn prepare(self) -> Result<Prepared<String>, Error> {
        let (low, high) = self.characters.into_inner();
        if low == 0 || high < low {
            return Err(InputError::Lengths { low, high }.into());
        }
        let mut random = Random::seeded(self.seed);
        let lengths: Vec<_> = (0..self.variations).map(|_| low + random.below(high - low + 1)).collect();
        Ok(distinct("texts", &lengths, |&length| text(&mut random, length))?)
    }
}

/// Generates sentences of exactly `length` ASCII characters.
fn text(random: &mut Random, length: usize) -> String {
    let mut text = String::with_capacity(length);
    let mut begins = true;
    let mut words = 0;
    // One is the full stop; a text of one character has none.
    let mut left = if length > 1 { length - 1 } else { length };
    while left > 0 {
        let mut size = 1 + random.below(left.min(WORDS.len()));
        // A single character that is left could only be a space.
        if left - size == 1 {
            size = if size > 1 { size - 1 } else { 2 };
        }
        push_word(&mut text, random.one_of(WORDS.get(size - 1).copied().unwrap_or_default()), begins);
        left -= size;
        words += 1;
        let roomy = left > 2 * WORDS.len();
        let separator = match random.below(10) {
            _ if left == 0 => "",
            0 | 1 if roomy && words > 4 => ". ",
            2 if roomy => ", ",
            _ => " ",
        };
        begins = separator == ". ";
        words = if begins { 0 } else { words };
        text.push_str(separator);
        left -= separator.len();
    }
    if length > 1 {
        text.push('.');
    }
    text
}

fn push_word(text: &mut String, word: &str, begins: bool) {
    let mut letters = word.chars();
    match letters.next().filter(|_| begins) {
        Some(first) => text.extend([first.to_ascii_uppercase()].into_iter().chain(letters)),
        None => text.push_str(word),
    }
}

/// Frequent English words; those of n letters are at index n − 1.
const WORDS: [&[&str]; 10] = [
    &["a"],
    &["of", "to", "in", "it", "is", "on", "at", "by", "we", "he", "as", "so", "up", "no", "my", "do"],
    &[
        "the", "and", "you", "was", "for", "day", "her", "one", "all", "out", "new", "old", "sun", "way",
        "far",
    ],
    &["that", "with", "have", "this", "from", "they", "time", "year", "word", "hand", "tree", "rain", "road"],
    &[
        "there", "which", "their", "about", "other", "water", "place", "night", "house", "river", "light",
        "green",
    ],
    &["people", "little", "number", "before", "should", "school", "father", "mother", "garden", "summer"],
    &["through", "another", "because", "country", "thought", "morning", "evening", "weather", "station"],
    &["question", "together", "children", "mountain", "distance", "language", "building", "sentence"],
    &["different", "important", "something", "afternoon", "direction", "beautiful", "wonderful", "sometimes"],
    &["understand", "everything", "government", "themselves", "impossible", "experience", "instrument"],
];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    fn of(texts: Texts) -> Prepared<String> {
        texts.prepare().expect("texts")
    }

    fn lengths(texts: &[String]) -> Vec<usize> {
        texts.iter().map(|text| text.chars().count()).collect()
    }

    #[test]
    fn the_same_seed_makes_the_same_texts() {
        let texts = of(Texts::seeded(3, 40..=60));
        assert_eq!(texts, of(Texts::seeded(3, 40..=60).seed(0)));
        assert_ne!(texts.measured, of(Texts::seeded(3, 40..=60).seed(1)).measured);
        // This must never change: figures are only comparable over the same texts.
        assert_eq!(texts.measured[0], "Understand up, government school should sun station place.");
    }

    #[test]
    fn those_for_the_warm_up_are_others_of_the_same_lengths() {
        let texts = of(Texts::seeded(50, 10..=120));
        assert_eq!(lengths(&texts.measured), lengths(&texts.warm_up));
        let all: HashSet<_> = texts.measured.iter().chain(&texts.warm_up).collect();
        assert_eq!(all.len(), 100);
        assert!(lengths(&texts.measured).iter().collect::<HashSet<_>>().len() > 10);
    }

    #[test]
    fn words_are_as_long_as_their_place_says() {
        for (n, words) in WORDS.iter().enumerate() {
            assert!(words.iter().all(|word| word.len() == n + 1 && word.is_ascii()), "{words:?}");
        }
    }

    #[test]
    fn what_cannot_be_made_says_why() {
        let error = |texts: Texts| texts.prepare().expect_err("no texts").to_string();
        assert_eq!(error(Texts::seeded(0, 1..=5)), "0 texts were asked for: a load needs at least 1");
        for range in [0..=5, RangeInclusive::new(6, 5)] {
            assert!(error(Texts::seeded(1, range)).contains("the range must not be empty"));
        }
        assert!(
            error(Texts::seeded(20, 1..=1))
                .starts_with("there are fewer than 20 different texts and as many more")
        );
    }

    #[test]
    fn lists_and_files_are_sources_too() {
        assert_eq!(Texts::list(["a", "b"]).prepare().expect("texts").measured, ["a", "b"]);
        assert_eq!(Texts::file("x"), Lines::of("x"));
    }

    proptest! {
        #[test]
        fn lengths_are_exact_and_sentences_whole(seed: u64, length in 2..400usize) {
            let text = text(&mut Random::seeded(seed), length);
            prop_assert_eq!(text.chars().count(), length, "{}", &text);
            prop_assert!(text.ends_with('.') && text.starts_with(|c: char| c.is_ascii_uppercase()), "{}", &text);
            for word in text.split(' ') {
                let bare = word.trim_end_matches(['.', ',']).to_lowercase();
                prop_assert!(WORDS.iter().any(|words| words.contains(&bare.as_str())), "{} in {}", bare, &text);
            }
        }
    }
}
