//! Exit codes of a bench executable, and of the `bench` command.

/// Success.
pub const OK: u8 = 0;
/// A benchmark failed, or the measurements could not be kept.
pub const FAILED: u8 = 1;
/// Wrong usage: something that the user can put right.
pub const USAGE: u8 = 2;
/// Slower than allowed, with `--fail-on-regression`.
pub const SLOWER: u8 = 3;
/// With `--strict`: a verdict or a target is unsure, figures of a load are not valid, or `bench doctor` warns about the
/// machine. `bench bisect`, without a flag: the commit is not certain.
pub const UNSURE: u8 = 4;
/// `bench load`: figures that are not valid.
pub const INVALID: u8 = 3;
/// `bench load`: more failed requests than allowed.
pub const FAILURES: u8 = 4;
/// Ended by Ctrl-C or SIGTERM: 128 plus the number of SIGINT, as in shells.
pub const INTERRUPTED: u8 = 130;

/// Returns which of two exit codes takes precedence, if a run has reasons for both. The order is that of severity,
/// and not that of the numbers. Any other code is a failure.
pub fn graver(one: u8, other: u8) -> u8 {
    const GRAVEST_FIRST: [u8; 6] = [INTERRUPTED, FAILED, USAGE, SLOWER, UNSURE, OK];
    let known = |code: u8| if GRAVEST_FIRST.contains(&code) { code } else { FAILED };
    let (one, other) = (known(one), known(other));
    GRAVEST_FIRST.into_iter().find(|code| *code == one || *code == other).unwrap_or(FAILED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_graver_than_a_doubt() {
        assert_eq!(graver(UNSURE, SLOWER), SLOWER);
        assert_eq!(graver(SLOWER, FAILED), FAILED);
        assert_eq!(graver(FAILED, INTERRUPTED), INTERRUPTED);
        assert_eq!((graver(OK, UNSURE), graver(OK, OK), graver(OK, 101)), (UNSURE, OK, FAILED));
    }
}
