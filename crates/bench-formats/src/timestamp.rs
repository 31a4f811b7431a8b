//! Moments.

use std::time::{SystemTime, UNIX_EPOCH};

/// Seconds from the beginning of 1970 to a moment in UTC, RFC 3339 (`2026-11-21T07:31:05Z`); `None` for anything else.
pub fn seconds_since_1970(timestamp: &str) -> Option<u64> {
    let moment = humantime::parse_rfc3339(timestamp).ok()?;
    moment.duration_since(UNIX_EPOCH).ok().map(|since| since.as_secs())
}

/// A moment in UTC, to the second, RFC 3339: `2026-11-21T07:31:05Z`.
pub fn rfc3339(moment: SystemTime) -> String {
    humantime::format_rfc3339_seconds(moment).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_counted_from_1970() {
        let moment = UNIX_EPOCH + std::time::Duration::from_secs(1_795_246_265);
        assert_eq!(rfc3339(moment), "2026-11-21T07:31:05Z");
        assert_eq!(seconds_since_1970(&rfc3339(moment)), Some(1_795_246_265));
        for wrong in ["", "yesterday", "2026-11-21", "2026-13-21T07:31:05Z", "1960-01-01T00:00:00Z"] {
            assert_eq!(seconds_since_1970(wrong), None, "{wrong}");
        }
    }
}
