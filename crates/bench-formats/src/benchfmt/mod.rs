//! Go's benchmark format (`golang.org/design/14313-benchmark-format`): one line for each result, with values and their
//! units, which benchstat compares.
//!
//! A case has a line a round with the round's median as `ns/op`, since benchstat makes its own intervals of what was
//! repeated, and one more line with its other figures, each called after itself and its unit: `peak_memory-bytes`.

mod export;
mod import;
mod name;
mod unit;

pub(crate) struct Benchfmt;
