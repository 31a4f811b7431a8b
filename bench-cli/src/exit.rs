//! Exit codes, the same as those of a bench executable.

/// All well.
pub(crate) const OK: u8 = 0;
/// A benchmark failed.
pub(crate) const FAILED: u8 = 1;
/// Slower than allowed.
pub(crate) const SLOWER: u8 = 3;
/// Unsure, with `--strict`.
pub(crate) const UNSURE: u8 = 4;
/// Ended by Ctrl-C or SIGTERM.
pub(crate) const INTERRUPTED: u8 = 130;
