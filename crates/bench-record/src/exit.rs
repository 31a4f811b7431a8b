//! Exit codes of a bench executable, and of the `bench` command.

/// All well.
pub const OK: u8 = 0;
/// A benchmark failed, or what was measured could not be kept.
pub const FAILED: u8 = 1;
/// Wrong usage: something that the person at the keyboard can put right.
pub const USAGE: u8 = 2;
/// Slower than allowed, with `--fail-on-regression`.
pub const SLOWER: u8 = 3;
/// Unsure, with `--strict`: a verdict, a target, figures of load that are not valid, or with `bench doctor` the machine.
pub const UNSURE: u8 = 4;
/// `bench load`: figures that are not valid.
pub const INVALID: u8 = 3;
/// `bench load`: more requests failed than may.
pub const FAILURES: u8 = 4;
/// Ended by Ctrl-C or SIGTERM: 128 and the number of SIGINT, as shells have it.
pub const INTERRUPTED: u8 = 130;
