//! Quantities with a unit, and how people read them.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use crate::{UsageError, duration};

/// A time in seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
pub struct Seconds(pub f64);

impl Seconds {
    /// Converts whole nanoseconds.
    pub fn from_ns(ns: u64) -> Self {
        Seconds(ns as f64 / 1e9)
    }

    /// Returns the number of units in a second, and the unit, which is the one that keeps the time readable.
    pub fn unit(self) -> (f64, &'static str) {
        match self.0.abs() {
            m if m < 999.95e-9 => (1e9, "ns"),
            m if m < 999.95e-6 => (1e6, "µs"),
            m if m < 999.95e-3 => (1e3, "ms"),
            _ => (1.0, "s"),
        }
    }
}

impl From<Duration> for Seconds {
    fn from(duration: Duration) -> Self {
        Seconds(duration.as_secs_f64())
    }
}

impl fmt::Display for Seconds {
    /// Writes four significant digits with the unit that keeps them readable: `1.234 ms`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scale, unit) = self.unit();
        f.pad(&format!("{} {unit}", significant(self.0 * scale)))
    }
}

/// Returns whole nanoseconds; 584 years if it is more.
pub fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// A size in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
pub struct Bytes(pub u64);

impl fmt::Display for Bytes {
    /// Writes binary units, as memory is counted: `1.50 GiB`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
        let mut value = self.0 as f64;
        let mut unit = 0;
        while value >= 1023.95 && unit + 1 < UNITS.len() {
            value /= 1024.0;
            unit += 1;
        }
        let text = if unit == 0 { format!("{} B", self.0) } else { format!("{value:.1} {}", UNITS[unit]) };
        f.pad(&text)
    }
}

impl FromStr for Bytes {
    type Err = UsageError;

    /// Reads `512MB`, `1.5GiB`, `2G`: decimal units are powers of 1000, the others powers of 1024.
    fn from_str(text: &str) -> Result<Self, UsageError> {
        let wrong =
            || UsageError::malformed("size", text, "a number with a unit, such as `512MB` or `1.5GiB`");
        let (number, unit) = split_number(text).ok_or_else(wrong)?;
        let scale: f64 = match unit.to_ascii_lowercase().as_str() {
            "b" => 1.0,
            "kb" => 1e3,
            "mb" => 1e6,
            "gb" => 1e9,
            "tb" => 1e12,
            "k" | "kib" => 1024.0,
            "m" | "mib" => 1024f64.powi(2),
            "g" | "gib" => 1024f64.powi(3),
            "t" | "tib" => 1024f64.powi(4),
            _ => return Err(wrong()),
        };
        let bytes = number * scale;
        if bytes < 1.0 || bytes > u64::MAX as f64 { Err(wrong()) } else { Ok(Bytes(bytes as u64)) }
    }
}

/// Reads `500ms`, `1.5s`, `5m`, `2h`.
///
/// # Errors
/// A text without a unit, with an unknown one, zero, negative, or more than 1000 hours.
pub fn parse_duration(text: &str) -> Result<Duration, UsageError> {
    duration::parse(text).map_err(|fault| UsageError(fault.message(text)))
}

fn split_number(text: &str) -> Option<(f64, &str)> {
    let text = text.trim();
    let end = text.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(text.len());
    let number: f64 = text[..end].parse().ok()?;
    Some((number, text[end..].trim_start()))
}

/// Formats a value with four significant digits, without an exponent.
pub fn significant(value: f64) -> String {
    let magnitude = value.abs();
    let decimals = match magnitude {
        m if m >= 999.95 => 0,
        m if m >= 99.995 => 1,
        m if m >= 9.9995 => 2,
        _ => 3,
    };
    format!("{value:.decimals$}")
}

/// Formats a p-value with its sign of comparison: `p = 0.70`, `p = 0.004`, `p < 0.001`.
///
/// ```
/// assert_eq!(bench_syntax::quantity::p_value(0.7041), "p = 0.70");
/// assert_eq!(bench_syntax::quantity::p_value(0.0042), "p = 0.004");
/// assert_eq!(bench_syntax::quantity::p_value(2e-9), "p < 0.001");
/// ```
pub fn p_value(p: f64) -> String {
    match p {
        p if p < 0.001 => "p < 0.001".to_owned(),
        p if p < 0.0995 => format!("p = {p:.3}"),
        p => format!("p = {p:.2}"),
    }
}

/// Formats a number with this many significant digits, at least one, without an exponent: digits before the point are
/// never dropped.
///
/// ```
/// use bench_syntax::quantity::digits;
///
/// assert_eq!([digits(86.23, 2), digits(515.0, 2), digits(0.0042, 3)], ["86", "515", "0.00420"]);
/// ```
pub fn digits(value: f64, count: usize) -> String {
    // Rounded first: 9.96 to two digits is 10, and not 10.0.
    let rounded: f64 = format!("{value:.*e}", count.saturating_sub(1)).parse().unwrap_or(value);
    let magnitude = if rounded == 0.0 { 0.0 } else { rounded.abs().log10().floor() };
    let decimals = (count as f64 - 1.0 - magnitude).clamp(0.0, 12.0) as usize;
    format!("{value:.decimals$}")
}

/// Formats a count in groups of three digits: `1,234,567`.
pub fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Formats a rate with a metric prefix: `1.234 M images/s`.
pub fn rate(value: f64, unit: &str) -> String {
    let (scaled, prefix) = scaled(value);
    format!("{} {prefix}{unit}", significant(scaled))
}

/// Same as [`rate`], with this number of [`digits`].
pub fn rate_to(value: f64, unit: &str, count: usize) -> String {
    let (scaled, prefix) = scaled(value);
    format!("{} {prefix}{unit}", digits(scaled, count))
}

/// Returns the value with the metric prefix that keeps it readable, and the prefix.
fn scaled(value: f64) -> (f64, &'static str) {
    let (scale, prefix) = match value.abs() {
        v if v >= 999.95e9 => (1e-12, "T "),
        v if v >= 999.95e6 => (1e-9, "G "),
        v if v >= 999.95e3 => (1e-6, "M "),
        v if v >= 9999.5 => (1e-3, "k "),
        _ => (1.0, ""),
    };
    (value * scale, prefix)
}

/// Formats an uncertainty, given as a share, in percent: with two digits.
pub fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if percent < 9.95 { format!("{percent:.1} %") } else { format!("{percent:.0} %") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_read_well_at_every_scale() {
        for (seconds, text) in [
            (0.0, "0.000 ns"),
            (2.5e-10, "0.250 ns"),
            (999.96e-9, "1.000 µs"),
            (1.2345e-3, "1.234 ms"),
            (0.99999, "1.000 s"),
            (61.0, "61.00 s"),
            (-2e-3, "-2.000 ms"),
        ] {
            assert_eq!(Seconds(seconds).to_string(), text);
        }
    }

    #[test]
    fn bytes_read_well_at_every_scale() {
        for (bytes, text) in
            [(0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (1 << 30, "1.0 GiB"), (1_048_570, "1.0 MiB")]
        {
            assert_eq!(Bytes(bytes).to_string(), text);
        }
    }

    #[test]
    fn sizes_parse() {
        assert_eq!("512MB".parse::<Bytes>().expect("512MB"), Bytes(512_000_000));
        assert_eq!("1.5 GiB".parse::<Bytes>().expect("1.5 GiB"), Bytes(3 << 29));
        for wrong in ["", "12", "MB", "-1MB", "1XB", "0B", "1e3MB", "nanGB"] {
            assert!(wrong.parse::<Bytes>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn durations_parse() {
        assert_eq!(parse_duration("1.5s").expect("1.5s"), Duration::from_millis(1500));
        assert_eq!(parse_duration("5m").expect("5m"), Duration::from_secs(300));
        for wrong in ["", "5", "s", "-1s", "0s", "1 fortnight", "1.2.3s", "1e3s", "99999999h"] {
            assert!(parse_duration(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn counts_are_grouped_from_the_right() {
        for (count, text) in
            [(0, "0"), (999, "999"), (1000, "1,000"), (123_456, "123,456"), (1_234_567, "1,234,567")]
        {
            assert_eq!(grouped(count), text);
        }
    }

    #[test]
    fn digits_are_counted_after_rounding() {
        for (value, count, text) in [
            (9.96, 2, "10"),
            (0.0996, 2, "0.10"),
            (1.0049, 3, "1.00"),
            (123.4, 4, "123.4"),
            (123.4, 1, "123"),
            (0.0, 3, "0.00"),
            (-4.46, 2, "-4.5"),
            (f64::INFINITY, 3, "inf"),
        ] {
            assert_eq!(digits(value, count), text, "{value} to {count}");
        }
        assert_eq!(rate_to(12_345.0, "items/s", 3), "12.3 k items/s");
    }

    #[test]
    fn rates_scale_after_ten_thousand() {
        assert_eq!(rate(62.19, "images/s"), "62.19 images/s");
        assert_eq!(rate(9_000.0, "items/s"), "9000 items/s");
        assert_eq!(rate(12_345.0, "items/s"), "12.35 k items/s");
        assert_eq!(rate(2.5e9, "bytes/s"), "2.500 G bytes/s");
    }
}
