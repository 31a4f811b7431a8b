//! Parses dates as traces contain them.

/// Returns the seconds since 1970 of a date such as `2023-11-16 18:17:03.9799600`; `None` if the text is not one. `T`
/// in place of the space, and an offset such as `+00:00` or `Z`, are allowed.
pub(super) fn seconds(text: &str) -> Option<f64> {
    let (date, time) = text.split_once([' ', 'T'])?;
    let mut parts = date.split('-').map(|part| part.parse::<i64>().ok());
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    if parts.next().is_some() || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let (time, offset_s) = offset(time)?;
    let mut parts = time.split(':');
    let (hour, minute) = (parts.next()?.parse::<u32>().ok()?, parts.next()?.parse::<u32>().ok()?);
    let second = parts.next()?;
    let is_number = second.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let second = second.parse::<f64>().ok().filter(|second| is_number && *second < 61.0)?;
    if parts.next().is_some() || hour > 23 || minute > 59 {
        return None;
    }
    let seconds = days(year, month, day) * 86_400 + i64::from(hour) * 3600 + i64::from(minute) * 60;
    Some((seconds - offset_s) as f64 + second)
}

/// Splits a time from its offset from UTC, which is returned in seconds.
fn offset(time: &str) -> Option<(&str, i64)> {
    if let Some(time) = time.strip_suffix('Z') {
        return Some((time, 0));
    }
    let Some(at) = time.find(['+', '-']) else { return Some((time, 0)) };
    let (time, offset) = time.split_at(at);
    let (hours, minutes) = offset[1..].split_once(':').unwrap_or((&offset[1..], "0"));
    let seconds = hours.parse::<i64>().ok()? * 3600 + minutes.parse::<i64>().ok()? * 60;
    Some((time, if offset.starts_with('-') { -seconds } else { seconds }))
}

/// Returns the days since 1970-01-01 (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms",
/// `days_from_civil`).
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_seconds_since_1970() {
        // By `date -u -d … +%s`.
        assert_eq!(seconds("1970-01-01 00:00:00"), Some(0.0));
        assert_eq!(seconds("2023-11-16 18:17:03.5"), Some(1_700_158_623.5));
        assert_eq!(seconds("2024-05-10T00:00:00.25+02:00"), Some(1_715_292_000.25));
        assert_eq!(seconds("2000-02-29 12:00:00Z"), Some(951_825_600.0));
        for text in
            ["", "2023-11-16", "2023-13-01 00:00:00", "2023-11-16 25:00:00", "16.11.2023 18:17:03", "1 2"]
        {
            assert_eq!(seconds(text), None, "{text}");
        }
    }
}
