//! Mutated inputs for every reader: none panics, and accepted input is valid data. `fuzz` does the same, guided by
//! coverage.

use std::fs;
use std::path::Path;

use bench_history::store::{Location, Store};

// The fuzz targets use these functions from another crate.
#[allow(unreachable_pub)]
#[path = "../../../../fuzz/src/readers.rs"]
mod readers;

/// The number of mutations of each file of the corpus, unless `BENCH_MUTATIONS` sets another.
const MUTATIONS: u64 = 300;

/// Pieces of text to insert, most of which have a meaning for one of the readers.
const TOKENS: [&[u8]; 16] = [
    b"1e999",
    b"-1",
    b"NaN",
    b"null",
    b"18446744073709551616",
    b"\0",
    b"\xff\xfe",
    b"\n",
    b"{",
    b"[",
    b"\"",
    b"%",
    b",",
    b"0x",
    b"..",
    b"\xe2\x80\xae",
];

/// SplitMix64 (Steele, Lea, Flood, OOPSLA 2014): the same mutations in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % end.max(1) as u64) as usize
    }

    /// Returns the text with one to four changes: a flipped bit, a piece removed, repeated or moved, a token, or an
    /// early end.
    fn mutated(&mut self, original: &[u8]) -> Vec<u8> {
        let mut bytes = original.to_vec();
        for _ in 0..=self.below(4) {
            let at = self.below(bytes.len());
            let end = (at + 1 + self.below(40)).min(bytes.len());
            match self.below(6) {
                0 if !bytes.is_empty() => bytes[at] ^= 1 << self.below(8),
                1 => drop(bytes.drain(at..end)),
                2 => {
                    let piece = bytes[at..end].to_vec();
                    let to = self.below(bytes.len() + 1);
                    bytes.splice(to..to, piece);
                }
                3 => bytes.truncate(at),
                4 => {
                    // A token in place of a number or word.
                    let is_word =
                        |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
                    let word = bytes[at..].iter().take_while(|byte| is_word(byte)).count();
                    bytes.splice(at..at + word, TOKENS[self.below(TOKENS.len())].iter().copied());
                }
                _ => drop(bytes.splice(at..at, TOKENS[self.below(TOKENS.len())].iter().copied())),
            }
        }
        bytes
    }
}

/// Reads each file of a part of the corpus unchanged and mutated.
fn mutate(part: &str, read: fn(&[u8])) {
    let mutations = std::env::var("BENCH_MUTATIONS").ok().and_then(|text| text.parse().ok());
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(part);
    let mut files: Vec<_> =
        fs::read_dir(&folder).expect("the corpus").flatten().map(|file| file.path()).collect();
    files.sort();
    assert!(!files.is_empty(), "no corpus for {part}");
    for file in files {
        let original = fs::read(&file).expect("readable");
        read(&original);
        for seed in 0..mutations.unwrap_or(MUTATIONS) {
            let mutated = Random(seed).mutated(&original);
            let outcome = std::panic::catch_unwind(|| read(&mutated));
            assert!(outcome.is_ok(), "mutation {seed} of {} (see above)", file.display());
        }
    }
}

macro_rules! readers {
    ($($name:ident)*) => {
        $(#[test] fn $name() { mutate(stringify!($name), readers::$name); })*
    };
}

readers! {
    records journals stores configuration benchfmt bmf criterion pytest_benchmark pyperf hyperfine google_benchmark asv
    asv_benchmarks traces frames
}

/// Checks that readers accept the corpus; otherwise its mutations would test nothing.
#[test]
fn the_corpus_is_read() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus");
    let record = bench_record::read_file(&corpus.join("records/one_case.json")).expect("a record");
    assert_eq!(record.summary.successful_runs, 1);
    let folder = tempfile::tempdir().expect("a folder");
    let journal = folder.path().join("journal.jsonl");
    fs::copy(corpus.join("journals/three_rounds.jsonl"), journal).expect("copied");
    assert!(
        bench_judge::open(folder.path()).expect("a journal").cases.iter().any(|case| !case.rounds.is_empty())
    );
    let store = folder.path().join("history.sqlite");
    fs::copy(corpus.join("stores/one_run.sqlite"), &store).expect("copied");
    let mut store = Store::open_to_read(&Location::File(store)).expect("a store");
    assert_eq!(store.runs().expect("runs").len(), 1);
    assert_eq!(store.verify().expect("readable"), Vec::<String>::new());
}
