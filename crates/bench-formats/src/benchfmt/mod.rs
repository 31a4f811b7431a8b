//! Go's benchmark format (`golang.org/design/14313-benchmark-format`): one line for each result, with values and their
//! units, which benchstat compares.
//!
//! A case has one line for each round with the round's median as `ns/op`, since benchstat computes its own intervals
//! from repetitions, and one more line with its other figures, each with its own name and its unit:
//! `peak_memory-bytes`.

mod export;
mod import;
mod name;
mod unit;

pub(crate) struct Benchfmt;
