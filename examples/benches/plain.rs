//! The shortest benchmark: an annotated function, whose whole body is measured.

use bench_core::prelude::*;

const TEXT: &str = "The quick brown fox jumps over the lazy dog, and then it jumps back.";

/// `category` is `unit` for a piece of code, `integration` for a whole path through it, and `performance` for what users
/// wait for. `cargo bench -- --category unit` selects one of them.
///
/// `black_box` keeps the compiler from computing the answer while it compiles. The returned value is kept alive, so that
/// the compiler cannot remove the computation.
#[benchmark(category = "unit")]
fn count_words() -> usize {
    examples::count_words(black_box(TEXT))
}
