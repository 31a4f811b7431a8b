//! Delivers messages, with retries.

use std::time::Duration;

/// The pauses before the second and the third attempt.
const PAUSES: [Duration; 2] = [Duration::from_millis(500), Duration::from_secs(2)];

/// The reason why a message was not delivered, without any secret.
#[derive(Debug, thiserror::Error)]
#[error("{reason}")]
pub(super) struct Undelivered {
    reason: String,
    /// Whether another attempt may succeed.
    passing: bool,
}

impl Undelivered {
    /// Returns a failure that a retry may remedy.
    pub(super) fn passing(reason: impl Into<String>) -> Self {
        Undelivered { reason: reason.into(), passing: true }
    }

    /// Creates a failure that only the user can fix.
    pub(super) fn lasting(reason: impl Into<String>) -> Self {
        Undelivered { reason: reason.into(), passing: false }
    }
}

/// Attempts a delivery up to three times; stops early after a failure that a retry cannot remedy.
pub(super) fn retried(mut attempt: impl FnMut() -> Result<(), Undelivered>) -> Result<(), Undelivered> {
    for pause in PAUSES {
        match attempt() {
            Err(error) if error.passing => std::thread::sleep(pause),
            ended => return ended,
        }
    }
    attempt()
        .map_err(|error| Undelivered { reason: format!("{} (tried three times)", error.reason), ..error })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the number of attempts, and whether the delivery succeeded, if the first `fail` attempts fail.
    fn tries(fail: usize, error: impl Fn() -> Undelivered) -> (usize, bool) {
        let mut tries = 0;
        let ended = retried(|| {
            tries += 1;
            if tries <= fail { Err(error()) } else { Ok(()) }
        });
        (tries, ended.is_ok())
    }

    #[test]
    fn what_may_pass_is_tried_three_times() {
        assert_eq!(tries(0, || Undelivered::passing("busy")), (1, true));
        assert_eq!(tries(2, || Undelivered::passing("busy")), (3, true));
        assert_eq!(tries(9, || Undelivered::passing("busy")), (3, false));
        assert_eq!(tries(9, || Undelivered::lasting("gone")), (1, false));
    }
}
