//! Times in UTC.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Returns the seconds from the beginning of 1970 to a time in UTC, RFC 3339 (`2026-11-21T07:31:05Z`); `None` for
/// anything else.
pub fn seconds_since_1970(timestamp: &str) -> Option<u64> {
    u64::try_from(bench_record::seconds_of_moment(timestamp)?).ok()
}

/// Formats a time in UTC, to the second, RFC 3339: `2026-11-21T07:31:05Z`.
pub fn rfc3339(moment: SystemTime) -> String {
    humantime::format_rfc3339_seconds(moment).to_string()
}

/// Formats a moment in seconds since the beginning of 1970, RFC 3339; `None` from the year 10000 on, which the format
/// does not allow.
pub(crate) fn from_seconds(seconds: u64) -> Option<String> {
    const YEAR_10000: u64 = 253_402_300_800;
    (seconds < YEAR_10000).then(|| rfc3339(UNIX_EPOCH + Duration::from_secs(seconds)))
}

/// Converts a moment with an offset, such as `2026-11-21T08:31:05.25+01:00`, to UTC, to the second; `None` for anything
/// else, such as a local time.
pub(crate) fn in_utc(text: &str) -> Option<String> {
    let (local, offset_s) = match text.strip_suffix('Z') {
        Some(utc) => (utc, 0),
        None => {
            let (local, offset) = text.split_at_checked(text.len().checked_sub(6)?)?;
            let (hours, minutes) = offset.get(1..)?.split_once(':')?;
            let whole = |text: &str, below: i64| -> Option<i64> {
                let is_number = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
                text.parse().ok().filter(|number| is_number && *number < below)
            };
            let offset_s = whole(hours, 24)? * 3600 + whole(minutes, 60)? * 60;
            match offset.get(..1)? {
                "+" => (local, offset_s),
                "-" => (local, -offset_s),
                _ => return None,
            }
        }
    };
    let since = humantime::parse_rfc3339_weak(local).ok()?.duration_since(UNIX_EPOCH).ok()?;
    from_seconds(since.as_secs().checked_add_signed(-offset_s)?)
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

    #[test]
    fn offsets_are_taken_away() {
        for (text, utc) in [
            ("2026-11-21T07:31:05Z", Some("2026-11-21T07:31:05Z")),
            ("2026-11-29T06:03:37.982610+00:00", Some("2026-11-29T06:03:37Z")),
            ("2026-11-21T00:31:05+05:30", Some("2026-11-20T19:01:05Z")),
            ("2026-12-31 23:31:05-01:00", Some("2027-01-01T00:31:05Z")),
            ("2026-11-21T07:31:05", None),
            ("2026-11-21T07:31:05+1:00", None),
            ("2026-11-21T07:31:05+25:00", None),
            ("9999-12-31T23:59:59-00:01", None),
            ("1970-01-01T00:00:00+00:01", None),
            ("é+01:00", None),
            ("", None),
        ] {
            assert_eq!(in_utc(text).as_deref(), utc, "{text}");
        }
        assert_eq!(from_seconds(u64::MAX), None);
    }
}
