//! Durations as people write them: `1.5s`.

use std::time::Duration;

/// The example in an error message.
pub const EXAMPLE: &str = "a positive number with one of the units `ns`, `us`, `ms`, `s`, `m` and `h`, \
                                  as in \"500ms\", \"1.5s\" or \"5m\"";

/// Longest first, so that `ms` is not read as `m`.
const UNITS: [(&str, u128); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000), // U+00B5, as on a keyboard
    ("μs", 1_000), // U+03BC, the Greek letter
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60 * 1_000_000_000),
    ("h", 3_600 * 1_000_000_000),
];

/// The reasons why a text is not a duration.
#[derive(Debug, PartialEq, Eq)]
pub enum Fault {
    /// There is no number at the beginning.
    NoNumber,
    /// The number is negative.
    Negative,
    /// There is no unit after the number.
    NoUnit,
    /// An unknown unit after the number.
    UnknownUnit(String),
    /// Zero, or less than a nanosecond.
    Zero,
    /// More than 1000 hours, which is also the command line's limit.
    TooLong,
}

impl Fault {
    /// Returns the fault in `text`, and a correct example.
    pub fn message(&self, text: &str) -> String {
        let fault = match self {
            Fault::NoNumber => "it does not begin with a number".to_owned(),
            Fault::Negative => "a time cannot be negative".to_owned(),
            Fault::NoUnit => "it has no unit".to_owned(),
            Fault::UnknownUnit(unit) => format!("`{unit}` is not a unit"),
            Fault::Zero => "it is less than a nanosecond".to_owned(),
            Fault::TooLong => "it is more than 1000 hours".to_owned(),
        };
        format!("\"{text}\" is not a duration, since {fault}: write {EXAMPLE}")
    }
}

/// Reads a decimal number with a unit. Computed in whole numbers, so that `"0.1s"` is exactly 100 ms; fractions of a
/// nanosecond are cut off.
///
/// # Errors
/// The fault of the text.
pub fn parse(text: &str) -> Result<Duration, Fault> {
    let text = text.trim();
    if text.starts_with('-') {
        return Err(Fault::Negative);
    }
    let (number, unit) =
        text.split_at(text.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(text.len()));
    let unit = unit.trim_start();
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() || fraction.contains('.') || (number.contains('.') && fraction.is_empty()) {
        return Err(Fault::NoNumber);
    }
    if unit.is_empty() {
        return Err(Fault::NoUnit);
    }
    let Some((_, scale)) = UNITS.iter().find(|(name, _)| *name == unit) else {
        return Err(Fault::UnknownUnit(unit.to_owned()));
    };
    let whole: u128 = whole.parse().map_err(|_| Fault::TooLong)?;
    let nanoseconds = whole
        .checked_mul(*scale)
        .and_then(|ns| ns.checked_add(part(fraction, *scale)))
        .ok_or(Fault::TooLong)?;
    if nanoseconds == 0 {
        return Err(Fault::Zero);
    }
    if nanoseconds > 1_000 * 3_600 * 1_000_000_000 {
        return Err(Fault::TooLong);
    }
    u64::try_from(nanoseconds).map(Duration::from_nanos).map_err(|_| Fault::TooLong)
}

/// Returns the value of the decimal places `digits`, as a part of `scale`: each digit is worth a tenth of the one
/// before.
fn part(digits: &str, scale: u128) -> u128 {
    // A thousand hours are 4e15 ns, so that places beyond the sixteenth cannot hold a nanosecond,
    // and 19 digits times an hour still fit 128 bits.
    let digits = &digits[..digits.len().min(19)];
    let value: u128 = digits.parse().unwrap_or(0);
    let places = u32::try_from(digits.len()).unwrap_or(0);
    value * scale / 10u128.pow(places)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unit_and_decimals() {
        for (text, nanoseconds) in [
            ("1ns", 1),
            ("20us", 20_000),
            ("20µs", 20_000),
            ("20μs", 20_000),
            ("500ms", 500_000_000),
            ("3s", 3_000_000_000),
            ("1.5s", 1_500_000_000),
            ("0.1s", 100_000_000),
            ("0.000000001s", 1),
            ("0.123456789012345678901234567890s", 123_456_789),
            ("5m", 300_000_000_000),
            ("0.5m", 30_000_000_000),
            ("2h", 7_200_000_000_000),
            ("1000h", 3_600_000_000_000_000),
            (" 3 s ", 3_000_000_000),
        ] {
            assert_eq!(parse(text), Ok(Duration::from_nanos(nanoseconds)), "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, fault) in [
            ("", Fault::NoNumber),
            ("s", Fault::NoNumber),
            (".5s", Fault::NoNumber),
            ("5.s", Fault::NoNumber),
            ("1.2.3s", Fault::NoNumber),
            ("-1s", Fault::Negative),
            ("5", Fault::NoUnit),
            ("1.5", Fault::NoUnit),
            ("3sec", Fault::UnknownUnit("sec".to_owned())),
            ("1e3s", Fault::UnknownUnit("e3s".to_owned())),
            ("3S", Fault::UnknownUnit("S".to_owned())),
            ("0s", Fault::Zero),
            ("0.0h", Fault::Zero),
            ("0.1ns", Fault::Zero),
            ("1001h", Fault::TooLong),
            ("99999999999999999999999999999999999999999999s", Fault::TooLong),
            ("340282366920938463463374607431768211455h", Fault::TooLong),
        ] {
            assert_eq!(parse(text), Err(fault), "{text}");
        }
    }

    #[test]
    fn the_message_shows_what_is_right() {
        let message = Fault::NoUnit.message("3");
        assert!(message.starts_with("\"3\" is not a duration, since it has no unit"), "{message}");
        assert!(message.contains("\"1.5s\""), "{message}");
    }
}
