//! A benchmark with a setup that is not measured.

use bench_core::prelude::*;
use examples::{Index, documents};

/// Only the second closure of `iter_batched` is measured. The first one makes its input: adding a document changes the
/// index, so each iteration needs a fresh one. Dropping the index is not measured either, because the closure returns it.
///
/// If an iteration leaves its input as it was, prepare it once and call `b.iter(|| …)`, as in `arguments.rs`.
#[benchmark(category = "unit", model = "index")]
fn add(b: &mut Bencher) {
    let index = Index::new(&documents(100));
    b.iter_batched(
        || index.clone(),
        |mut index| {
            index.add("the quick brown fox jumps over the lazy dog");
            index
        },
    );
}
