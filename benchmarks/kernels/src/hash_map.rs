//! Counts words in a hash map: hashing, probing and growing.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, DefaultHasher};

use bench_core::prelude::*;

use crate::{random, work};

/// The number of words that an iteration counts.
pub const WORDS: usize = work(4000);
/// The number of different words.
pub const VOCABULARY: u64 = 1000;

/// The number of occurrences of each word. The hasher has a fixed key: with the random keys of std, each process would
/// have different collisions, and so different work.
pub type Counts = HashMap<u32, u32, BuildHasherDefault<DefaultHasher>>;

/// Counts how often each word occurs.
#[inline(never)]
pub fn count(words: &[u32]) -> Counts {
    let mut counts = Counts::default();
    for word in words {
        *counts.entry(*word).or_insert(0) += 1;
    }
    counts
}

/// Returns [`count`] together with its input.
pub fn prepared() -> impl FnMut() -> Counts {
    let words: Vec<u32> =
        random::numbers(WORDS).into_iter().map(|number| (number % VOCABULARY) as u32).collect();
    move || count(black_box(&words))
}

#[benchmark(category = "unit", name = "kernel_hash_map", tags("kernels", "cpu"))]
fn bench(b: &mut Bencher) {
    b.items(WORDS).iter(prepared());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts() {
        let counts = count(&[1, 1, 2]);
        assert_eq!((counts[&1], counts[&2], counts.len()), (2, 1, 2));
    }
}
