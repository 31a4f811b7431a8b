//! Counts words in a hash map: hashing, probing and growing.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, DefaultHasher};

use bench_core::prelude::*;

use crate::{random, work};

/// Words counted in an iteration.
pub const WORDS: usize = work(4000);
/// Different words.
pub const VOCABULARY: u64 = 1000;

/// How often each word occurred. The hasher has a fixed key: std's random one would give every
/// process collisions of its own, and so different work.
pub type Counts = HashMap<u32, u32, BuildHasherDefault<DefaultHasher>>;

/// Counts words.
#[inline(never)]
pub fn count(words: &[u32]) -> Counts {
    let mut counts = Counts::default();
    for word in words {
        *counts.entry(*word).or_insert(0) += 1;
    }
    counts
}

/// [`count`] with its input.
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
