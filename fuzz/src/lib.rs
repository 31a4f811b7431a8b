//! Every reader of data from outside, for `cargo fuzz`; `fuzz/run` runs them all for a bounded time.

pub mod readers;
