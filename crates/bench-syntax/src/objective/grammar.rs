//! The grammar of an objective: `NAME OP VALUE [@ KEY=VALUE[,KEY=VALUE]]`.

use crate::objective::{Relation, Unit};

/// A target as it is written, with the value in the base of its unit.
#[derive(Clone, Debug, PartialEq)]
pub struct Parsed<'a> {
    /// The limited quantity.
    pub what: What<'a>,
    /// The side of the limit on which the value should lie.
    pub relation: Relation,
    /// The value in seconds, in bytes, or as a ratio; as it is written if it has no unit.
    pub value: f64,
    /// The unit of the limit.
    pub unit: Unit,
    /// Arguments or settings of a level, with the value that each must have.
    pub at: Vec<(&'a str, &'a str)>,
}

/// The limited quantity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What<'a> {
    /// A figure, by its key.
    Metric(&'a str),
    /// The speed relative to a case of the same run, by its id with or without arguments.
    SpeedupOverCase(&'a str),
    /// The speed relative to an earlier run, by its name.
    SpeedupOverRun(&'a str),
}

/// A relation that begins with another one comes before it.
const RELATIONS: [(&str, Relation); 4] =
    [("<=", Relation::AtMost), (">=", Relation::AtLeast), ("<", Relation::Below), (">", Relation::Above)];

/// A unit's name, its kind, and its size as a factor and a divisor: 200 ms are 200 / 1e3 s, which is the double
/// nearest to 0.2, as 200 · 1e-3 need not be.
const UNITS: [(&str, Unit, f64, f64); 19] = [
    ("ns", Unit::Seconds, 1.0, 1e9),
    ("us", Unit::Seconds, 1.0, 1e6),
    ("µs", Unit::Seconds, 1.0, 1e6), // U+00B5, as on a keyboard
    ("μs", Unit::Seconds, 1.0, 1e6), // U+03BC, the Greek letter
    ("ms", Unit::Seconds, 1.0, 1e3),
    ("s", Unit::Seconds, 1.0, 1.0),
    ("m", Unit::Seconds, 60.0, 1.0),
    ("h", Unit::Seconds, 3600.0, 1.0),
    ("B", Unit::Bytes, 1.0, 1.0),
    ("KB", Unit::Bytes, 1e3, 1.0),
    ("MB", Unit::Bytes, 1e6, 1.0),
    ("GB", Unit::Bytes, 1e9, 1.0),
    ("TB", Unit::Bytes, 1e12, 1.0),
    ("KiB", Unit::Bytes, 1024.0, 1.0),
    ("MiB", Unit::Bytes, 1_048_576.0, 1.0),
    ("GiB", Unit::Bytes, 1_073_741_824.0, 1.0),
    ("%", Unit::Ratio, 1.0, 100.0),
    ("x", Unit::Ratio, 1.0, 1.0),
    ("×", Unit::Ratio, 1.0, 1.0),
];

/// The figures that every case has, and their units.
const BUILT_IN: [(&str, Unit); 10] = [
    ("median", Unit::Seconds),
    ("mean", Unit::Seconds),
    ("min", Unit::Seconds),
    ("max", Unit::Seconds),
    ("p95", Unit::Seconds),
    ("p99", Unit::Seconds),
    ("first_call", Unit::Seconds),
    ("load", Unit::Seconds),
    ("cpu_time", Unit::Seconds),
    ("peak_memory", Unit::Bytes),
];

/// The reasons why a text is not a target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// There is no text.
    Empty,
    /// Something other than a name in snake case at the beginning.
    Name(String),
    /// `speedup` without a reference.
    SpeedupOverNothing,
    /// The text between the parentheses is neither a case nor a run.
    NoReference(String),
    /// A parenthesis that is not closed.
    Unclosed,
    /// Parentheses after a name other than `speedup`.
    NotOver(String),
    /// There is no comparison; this text is in its place.
    NoRelation(String),
    /// The limit is not a number.
    NoNumber(String),
    /// The limit is below zero.
    Negative,
    /// The unit is not known.
    UnknownUnit(String),
    /// A unit that the figure does not have.
    WrongUnit {
        /// The figure.
        name: String,
        /// The units that it can be counted in.
        wanted: &'static str,
    },
    /// Something after the value that is not a restriction.
    Rest(String),
    /// A restriction without name or value.
    NoSetting(String),
    /// A setting is restricted twice.
    SettingTwice(String),
}

impl Fault {
    /// Returns the fault in `text`, and a correct example.
    pub fn message(&self, text: &str) -> String {
        let (fault, wanted) = match self {
            Fault::Empty => ("it is empty".to_owned(), EXAMPLE),
            Fault::Name(name) => (
                format!("`{name}` is not the name of a metric"),
                "write the name in snake case (lower case letters, digits and `_`), as in \"ttfa_p95 <= 200ms\"",
            ),
            Fault::SpeedupOverNothing => ("`speedup` does not say over what".to_owned(), OVER),
            Fault::NoReference(other) => (format!("`{other}` is neither a case nor a run"), OVER),
            Fault::Unclosed => ("its parenthesis is not closed".to_owned(), OVER),
            Fault::NotOver(name) => (format!("only `speedup` takes parentheses, and not `{name}`"), EXAMPLE),
            Fault::NoRelation(found) if found.is_empty() => ("it has no comparison".to_owned(), EXAMPLE),
            Fault::NoRelation(found) => {
                (format!("it has `{found}` instead of one of `<=`, `<`, `>=` and `>`"), EXAMPLE)
            }
            Fault::NoNumber(found) if found.is_empty() => ("it has no value".to_owned(), EXAMPLE),
            Fault::NoNumber(found) => (format!("`{found}` is not a decimal number"), EXAMPLE),
            Fault::Negative => ("a value cannot be negative".to_owned(), EXAMPLE),
            Fault::UnknownUnit(unit) => (
                format!("`{unit}` is not a unit"),
                "write one of the units `ns`, `us`, `ms`, `s`, `m`, `h`, `B`, `KB`, `MB`, `GB`, `TB`, `KiB`, `MiB`, \
                 `GiB`, `%` and `x`, or none for the metric's own, as in \"median <= 5s\" or \"ips >= 10\"",
            ),
            Fault::WrongUnit { name, wanted } => (format!("`{name}` is {wanted}"), EXAMPLE),
            Fault::Rest(rest) => (
                format!("`{rest}` follows the value"),
                "write `@` before what restricts it, as in \"ttfa_p95 <= 200ms @ concurrency=8\"",
            ),
            Fault::NoSetting(found) => (
                format!("`{found}` is not a restriction"),
                "write names with their values, as in \"ttfa_p95 <= 200ms @ concurrency=8\"",
            ),
            Fault::SettingTwice(name) => (
                format!("`{name}` is restricted twice"),
                "write a target for each of the values, as in \"median <= 5s @ batch=1\"",
            ),
        };
        format!("\"{text}\" is not a target, since {fault}: {wanted}")
    }
}

const EXAMPLE: &str = "write a metric's name, one of `<=`, `<`, `>=` and `>`, and a number with or without a \
                       unit, as in \"median <= 5s\" or \"ips >= 10\"";

const OVER: &str = "write a case or an earlier run in parentheses, as in \"speedup(unet/performance/step) >= 50\" \
                    or \"speedup(run:latest) >= 1\"";

/// Reads a target.
///
/// # Errors
/// The fault of the text: something missing, or in the wrong place.
pub fn parse(text: &str) -> Result<Parsed<'_>, Fault> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Fault::Empty);
    }
    let (what, rest) = what(text)?;
    let (relation, rest) = relation(rest)?;
    let (value, unit, rest) = value(rest)?;
    let wrong = |name: &str, wanted| Err(Fault::WrongUnit { name: name.to_owned(), wanted });
    let own = match what {
        What::Metric(name) => BUILT_IN.iter().find(|(known, _)| *known == name).map(|(_, unit)| *unit),
        What::SpeedupOverCase(_) | What::SpeedupOverRun(_) => Some(Unit::Ratio),
    };
    match (own, what) {
        (Some(own), _) if unit == own || unit == Unit::Own => {}
        (Some(Unit::Seconds), What::Metric(name)) => return wrong(name, "a time"),
        (Some(_), What::Metric(name)) => return wrong(name, "a size"),
        (Some(_), _) => return wrong("speedup", "a ratio"),
        (None, _) => {}
    }
    Ok(Parsed { what, relation, value, unit, at: at(rest)? })
}

/// Returns the name at the beginning, with its parentheses, and the text after it.
fn what(text: &str) -> Result<(What<'_>, &str), Fault> {
    let end = text
        .find(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '=' | '(' | '@'))
        .unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let rest = rest.trim_start();
    let snake = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if name.is_empty() || !name.chars().all(snake) || name.starts_with(|c: char| c.is_ascii_digit()) {
        // Without a name, the error contains the text in its place.
        return Err(Fault::Name(if name.is_empty() { first_word(text) } else { name }.to_owned()));
    }
    match (name, rest.strip_prefix('(')) {
        ("speedup", None) => Err(Fault::SpeedupOverNothing),
        ("speedup", Some(inner)) => {
            let end = closing(inner).ok_or(Fault::Unclosed)?;
            Ok((reference(inner[..end].trim())?, &inner[end + 1..]))
        }
        (_, Some(_)) => Err(Fault::NotOver(name.to_owned())),
        (_, None) => Ok((What::Metric(name), rest)),
    }
}

/// Returns the position of the parenthesis that closes the one before `inner`: arguments in ids may contain some, too.
fn closing(inner: &str) -> Option<usize> {
    let mut open = 1;
    inner.char_indices().find_map(|(at, c)| {
        match c {
            '(' => open += 1,
            ')' => open -= 1,
            _ => {}
        }
        (open == 0).then_some(at)
    })
}

fn reference(other: &str) -> Result<What<'_>, Fault> {
    if other.is_empty() {
        return Err(Fault::SpeedupOverNothing);
    }
    let none = || Fault::NoReference(other.to_owned());
    if let Some(run) = other.strip_prefix("run:") {
        let run = run.trim();
        return if run.is_empty() { Err(none()) } else { Ok(What::SpeedupOverRun(run)) };
    }
    let head = other.split('[').next().unwrap_or(other);
    let mut segments = head.rsplit('/');
    let (name, category) = (segments.next().unwrap_or_default(), segments.next().unwrap_or_default());
    let known = matches!(category, "unit" | "integration" | "performance");
    if name.is_empty() || !known || (head.len() < other.len() && !other.ends_with(']')) {
        return Err(none());
    }
    Ok(What::SpeedupOverCase(other))
}

fn relation(text: &str) -> Result<(Relation, &str), Fault> {
    let text = text.trim_start();
    let found = RELATIONS.iter().find_map(|(sign, relation)| Some((*relation, text.strip_prefix(sign)?)));
    found.ok_or_else(|| Fault::NoRelation(first_word(text).to_owned()))
}

fn value(text: &str) -> Result<(f64, Unit, &str), Fault> {
    let text = text.trim_start();
    if text.starts_with('-') {
        return Err(Fault::Negative);
    }
    let (number, rest) =
        text.split_at(text.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(text.len()));
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let no_number = || Fault::NoNumber(first_word(text).to_owned());
    if whole.is_empty() || fraction.is_empty() || fraction.contains('.') {
        return Err(no_number());
    }
    let number: f64 = number.parse().map_err(|_| no_number())?;
    let rest = rest.trim_start();
    let (unit, rest) =
        rest.split_at(rest.find(|c: char| c.is_whitespace() || c == '@').unwrap_or(rest.len()));
    if unit.is_empty() {
        return if number.is_finite() { Ok((number, Unit::Own, rest)) } else { Err(no_number()) };
    }
    let Some((_, kind, factor, divisor)) = UNITS.iter().find(|(name, ..)| *name == unit) else {
        return Err(Fault::UnknownUnit(unit.to_owned()));
    };
    let value = number * factor / divisor;
    if value.is_finite() { Ok((value, *kind, rest)) } else { Err(no_number()) }
}

fn at(text: &str) -> Result<Vec<(&str, &str)>, Fault> {
    let text = text.trim();
    let Some(settings) = text.strip_prefix('@') else {
        return if text.is_empty() { Ok(Vec::new()) } else { Err(Fault::Rest(text.to_owned())) };
    };
    let mut at: Vec<(&str, &str)> = Vec::new();
    for setting in settings.split(',') {
        let (name, value) = setting.split_once('=').unwrap_or_default();
        let (name, value) = (name.trim(), value.trim());
        if name.is_empty() || value.is_empty() {
            return Err(Fault::NoSetting(setting.trim().to_owned()));
        }
        if at.iter().any(|(known, _)| *known == name) {
            return Err(Fault::SettingTwice(name.to_owned()));
        }
        at.push((name, value));
    }
    Ok(at)
}

fn first_word(text: &str) -> &str {
    text.split_whitespace().next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_read() {
        use Relation::{Above, AtLeast, AtMost, Below};
        let metric = What::Metric;
        for (text, what, relation, value, unit, at) in [
            ("median <= 5s", metric("median"), AtMost, 5.0, Unit::Seconds, &[][..]),
            ("ips >= 10", metric("ips"), AtLeast, 10.0, Unit::Own, &[]),
            (" ips>10.25 ", metric("ips"), Above, 10.25, Unit::Own, &[]),
            ("ttfa_p95 < 200 ms", metric("ttfa_p95"), Below, 0.2, Unit::Seconds, &[]),
            ("median <= 3ns", metric("median"), AtMost, 3e-9, Unit::Seconds, &[]),
            ("median <= 3us", metric("median"), AtMost, 3e-6, Unit::Seconds, &[]),
            ("median <= 3µs", metric("median"), AtMost, 3e-6, Unit::Seconds, &[]),
            ("median <= 3μs", metric("median"), AtMost, 3e-6, Unit::Seconds, &[]),
            ("load <= 2m", metric("load"), AtMost, 120.0, Unit::Seconds, &[]),
            ("load <= 0.5h", metric("load"), AtMost, 1800.0, Unit::Seconds, &[]),
            ("peak_memory <= 12B", metric("peak_memory"), AtMost, 12.0, Unit::Bytes, &[]),
            ("peak_memory <= 1.5KB", metric("peak_memory"), AtMost, 1500.0, Unit::Bytes, &[]),
            ("peak_memory <= 2 MB", metric("peak_memory"), AtMost, 2e6, Unit::Bytes, &[]),
            ("peak_memory <= 2GB", metric("peak_memory"), AtMost, 2e9, Unit::Bytes, &[]),
            ("peak_memory <= 2TB", metric("peak_memory"), AtMost, 2e12, Unit::Bytes, &[]),
            ("peak_memory <= 2KiB", metric("peak_memory"), AtMost, 2048.0, Unit::Bytes, &[]),
            ("peak_memory <= 2MiB", metric("peak_memory"), AtMost, 2_097_152.0, Unit::Bytes, &[]),
            ("peak_memory <= 1GiB", metric("peak_memory"), AtMost, 1_073_741_824.0, Unit::Bytes, &[]),
            ("accuracy >= 99.5%", metric("accuracy"), AtLeast, 0.995, Unit::Ratio, &[]),
            ("errors <= 0", metric("errors"), AtMost, 0.0, Unit::Own, &[]),
            ("rtf <= 0.5x", metric("rtf"), AtMost, 0.5, Unit::Ratio, &[]),
            (
                "speedup(unet/performance/step) >= 50×",
                What::SpeedupOverCase("unet/performance/step"),
                AtLeast,
                50.0,
                Unit::Ratio,
                &[],
            ),
            (
                "speedup( unit/f[of=Vec<u8>,x=g(1)] ) > 1.5",
                What::SpeedupOverCase("unit/f[of=Vec<u8>,x=g(1)]"),
                Above,
                1.5,
                Unit::Own,
                &[],
            ),
            ("speedup (run:latest)>=98%", What::SpeedupOverRun("latest"), AtLeast, 0.98, Unit::Ratio, &[]),
            ("p95 <= 1s@batch=8", metric("p95"), AtMost, 1.0, Unit::Seconds, &[("batch", "8")]),
            (
                "ttfa_p95 <= 1s @ concurrency = 8, dtype=f16",
                metric("ttfa_p95"),
                AtMost,
                1.0,
                Unit::Seconds,
                &[("concurrency", "8"), ("dtype", "f16")],
            ),
        ] {
            let wanted = Parsed { what, relation, value, unit, at: at.to_vec() };
            assert_eq!(parse(text), Ok(wanted), "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        let owned = str::to_owned;
        let wrong_unit = |name: &str, wanted| Fault::WrongUnit { name: owned(name), wanted };
        for (text, fault) in [
            ("", Fault::Empty),
            ("  ", Fault::Empty),
            ("<= 5s", Fault::Name(owned("<="))),
            ("TTFA <= 5s", Fault::Name(owned("TTFA"))),
            ("ttfa-p95 <= 5s", Fault::Name(owned("ttfa-p95"))),
            ("5s >= median", Fault::Name(owned("5s"))),
            ("speedup >= 2", Fault::SpeedupOverNothing),
            ("speedup() >= 2", Fault::SpeedupOverNothing),
            ("speedup(step) >= 2", Fault::NoReference(owned("step"))),
            ("speedup(unet/perfomance/step) >= 2", Fault::NoReference(owned("unet/perfomance/step"))),
            ("speedup(unit/step[a=1) >= 2", Fault::NoReference(owned("unit/step[a=1"))),
            ("speedup(run:) >= 2", Fault::NoReference(owned("run:"))),
            ("speedup(unit/step >= 2", Fault::Unclosed),
            ("median(unit/step) >= 2", Fault::NotOver(owned("median"))),
            ("median", Fault::NoRelation(String::new())),
            ("median 5s", Fault::NoRelation(owned("5s"))),
            ("median = 5s", Fault::NoRelation(owned("="))),
            ("median => 5s", Fault::NoRelation(owned("=>"))),
            ("median ≤ 5s", Fault::NoRelation(owned("≤"))),
            ("median <=", Fault::NoNumber(String::new())),
            ("median <= five", Fault::NoNumber(owned("five"))),
            ("median <= NaN", Fault::NoNumber(owned("NaN"))),
            ("median <= inf", Fault::NoNumber(owned("inf"))),
            ("median <= .5s", Fault::NoNumber(owned(".5s"))),
            ("median <= 1.2.3s", Fault::NoNumber(owned("1.2.3s"))),
            ("median <= -5s", Fault::Negative),
            ("median <= 5 sec", Fault::UnknownUnit(owned("sec"))),
            ("median <= 1e3s", Fault::UnknownUnit(owned("e3s"))),
            ("ips >= 10/s", Fault::UnknownUnit(owned("/s"))),
            ("median <= 5MB", wrong_unit("median", "a time")),
            ("peak_memory <= 5s", wrong_unit("peak_memory", "a size")),
            ("speedup(run:base) >= 5s", wrong_unit("speedup", "a ratio")),
            ("median <= 5s at batch=8", Fault::Rest(owned("at batch=8"))),
            ("median <= 5s @", Fault::NoSetting(String::new())),
            ("median <= 5s @ batch", Fault::NoSetting(owned("batch"))),
            ("median <= 5s @ batch=", Fault::NoSetting(owned("batch="))),
            ("median <= 5s @ batch=8,", Fault::NoSetting(String::new())),
            ("median <= 5s @ batch=8,batch=1", Fault::SettingTwice(owned("batch"))),
        ] {
            assert_eq!(parse(text), Err(fault), "{text}");
        }
        assert_eq!(
            parse(&format!("ips >= {}", "9".repeat(400))).map(drop),
            Err(Fault::NoNumber("9".repeat(400)))
        );
    }

    #[test]
    fn the_message_shows_what_is_right() {
        let message = |text: &str| parse(text).expect_err(text).message(text);
        let text = message("median = 5s");
        assert!(
            text.starts_with("\"median = 5s\" is not a target, since it has `=` instead of one of `<=`"),
            "{text}"
        );
        assert!(text.contains("\"median <= 5s\""), "{text}");
        assert!(message("speedup >= 2").contains("\"speedup(unet/performance/step) >= 50\""));
    }
}
