//! The code that the examples in `benches/` measure: an index of the words in some documents.
//!
//! A package whose benchmarks measure its own code looks like this one: the code in `src/`, the benchmarks in
//! `benches/`, and both joined by the bench target in `Cargo.toml`.

#![forbid(unsafe_code)]

use std::collections::HashMap;

/// Finds the documents that contain a word.
///
/// ```
/// use examples::Index;
///
/// let index = Index::new(&["the quick fox", "the lazy dog"]);
/// assert_eq!(index.search("the"), [0, 1]);
/// assert_eq!(index.search("dog"), [1]);
/// assert!(index.search("cat").is_empty());
/// ```
#[derive(Clone, Debug, Default)]
pub struct Index {
    documents: usize,
    documents_by_word: HashMap<String, Vec<usize>>,
}

impl Index {
    /// Reads each document once and remembers its words.
    pub fn new(documents: &[impl AsRef<str>]) -> Self {
        let mut index = Index::default();
        documents.iter().for_each(|document| index.add(document.as_ref()));
        index
    }

    /// Adds a document. Its number is the number of documents that were added before it.
    pub fn add(&mut self, document: &str) {
        for word in document.split_whitespace() {
            let documents = self.documents_by_word.entry(word.to_owned()).or_default();
            if documents.last() != Some(&self.documents) {
                documents.push(self.documents);
            }
        }
        self.documents += 1;
    }

    /// Returns the numbers of the documents that contain `word`, in ascending order.
    pub fn search(&self, word: &str) -> &[usize] {
        self.documents_by_word.get(word).map_or(&[], Vec::as_slice)
    }
}

/// Counts the words of a text.
///
/// ```
/// assert_eq!(examples::count_words("  the quick fox "), 3);
/// ```
pub fn count_words(text: &str) -> usize {
    text.split_whitespace().count()
}

/// Makes `count` documents of 50 words each, the same ones every time: runs can only be compared if their input is the
/// same.
pub fn documents(count: usize) -> Vec<String> {
    let mut state = 1_u32;
    let mut word = || {
        // A linear congruential generator (Knuth and Lewis; Numerical Recipes, section 7.1). Its high bits are the good ones.
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        format!("word{}", state >> 22)
    };
    (0..count).map(|_| (0..50).map(|_| word()).collect::<Vec<_>>().join(" ")).collect()
}
