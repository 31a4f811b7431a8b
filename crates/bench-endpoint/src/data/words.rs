//! Generates texts whose number of tokens is known beforehand: one token for each word.

use std::sync::OnceLock;

/// 256 English words, and beginnings of words, of five letters. With a space before it each is one token in `r50k_base`
/// (GPT-2), `cl100k_base` (GPT-4, whose vocabulary Llama 3 and Qwen took over), `o200k_base` (GPT-4o) and the
/// vocabulary of Llama 2 and Mistral. All have the same length, so that a word can be replaced without moving the rest
/// of a text.
const WORDS: &str = "\
    about after first again every years right being those think start count point while still world \
    trans going found great three power state child since month never level might allow using place \
    stand build class small order thing least later large clear story claim money light water times \
    major often means night event short press doing given polic games makes ident young along early \
    fight today based local asked close pract value video above study media comes quick issue taken \
    added sound party exist front below court whole treat learn check super field begin bring shall \
    hours break space seems watch third quite words final total needs works block shows began sense \
    track heart wrote music share favor cases leave cause defin speak weeks model exact takes price \
    lower round range terms worth speed match offer image focus heard users cover areas civil email \
    phone looks table staff tried board color extra reach broad lives prior built rules visit cross \
    carry trade paper plans parts avoid spent wants shown clean alone teams costs ready write seven \
    print gives eight brain touch store title files piece named drive items throw scene happy trust \
    stage enter movie voice mount books calls types maybe truth moved names click aware style fully \
    lines rates coach sleep meant chief adult error ahead green birth basic cards drink minor peace \
    apply limit sales ideas agree stock floor crowd dream heavy spend ended daily smart brief brand \
    train earth draft teach faith photo miles plant disco goals serve older notes fresh doubt guess";

/// The number of bytes of a word and the space before it.
pub(super) const STRIDE: usize = 6;

/// The number of words in the text from which all prompts are cut, which takes 384 KiB.
const CORPUS_WORDS: usize = 1 << 16;

/// Returns the word with this number, modulo 256.
pub(super) fn word(number: u64) -> &'static str {
    let at = (number % 256) as usize * STRIDE;
    &WORDS[at..at + STRIDE - 1]
}

/// A piece of the text that all prompts are cut from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Span {
    /// The index of the first word.
    from: u32,
    /// The number of words.
    words: u32,
}

impl Span {
    /// Creates a span of `words` words, which begins at a place that depends on `seed`.
    pub(super) fn new(seed: u64, words: u32) -> Self {
        Span { from: (mixed(seed) % CORPUS_WORDS as u64) as u32, words }
    }

    /// Returns the number of words.
    pub(super) fn words(&self) -> u32 {
        self.words
    }

    /// Appends the words, each with a space before it.
    pub(super) fn write(&self, into: &mut Vec<u8>) {
        let corpus = corpus();
        let (mut from, mut left) = (self.from as usize * STRIDE, self.words as usize * STRIDE);
        while left > 0 {
            let piece = left.min(corpus.len() - from);
            into.extend_from_slice(&corpus[from..from + piece]);
            left -= piece;
            from = 0;
        }
    }
}

fn corpus() -> &'static [u8] {
    static CORPUS: OnceLock<Vec<u8>> = OnceLock::new();
    CORPUS.get_or_init(|| {
        let words = (0..CORPUS_WORDS as u64).map(|number| word(mixed(number)));
        words.flat_map(|word| [b' '].into_iter().chain(word.bytes())).collect()
    })
}

/// Returns a pseudorandom number, from the finalizer of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014).
pub(crate) fn mixed(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn words_have_one_length_and_differ() {
        let words: HashSet<&str> = (0..256).map(word).collect();
        assert_eq!(words.len(), 256);
        assert!(words.iter().all(|word| word.len() == 5 && word.bytes().all(|b| b.is_ascii_lowercase())));
        assert_eq!(WORDS.len(), 256 * STRIDE - 1);
    }

    #[test]
    fn a_span_has_as_many_words_as_it_says_wherever_it_begins() {
        for (seed, words) in [(0, 0), (1, 1), (7, 513), (9, 200_000)] {
            let mut text = Vec::new();
            Span::new(seed, words).write(&mut text);
            let text = String::from_utf8(text).expect("ASCII");
            assert_eq!((text.len(), text.split(' ').count() - 1), (words as usize * STRIDE, words as usize));
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_text() {
        let text = |seed| {
            let mut text = Vec::new();
            Span::new(seed, 4).write(&mut text);
            String::from_utf8(text).expect("ASCII")
        };
        assert_eq!(text(3), text(3));
        assert_ne!(text(3), text(4));
    }
}
