//! The locator, by which a worker finds a case that exists only while its program runs.

use std::fmt;

/// The place at which a case is registered. It is part of the list, and is passed to the worker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Locator {
    /// The function that registers it; empty if that is `main` itself.
    pub(super) target: String,
    /// The number of benchmarks of the same name that the function registers before this one.
    pub(super) occurrence: u32,
    /// Whether the worker can continue with another case of the same function.
    pub(super) is_shared: bool,
    /// The name under which it is registered.
    pub(super) name: String,
}

impl fmt::Display for Locator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Locator { target, occurrence, is_shared, name } = self;
        write!(f, "{target}#{occurrence}{}:{name}", if *is_shared { "+" } else { "" })
    }
}

impl Locator {
    /// Parses the format that [`Display`](fmt::Display) writes; `None` if the text is something else.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (target, rest) = text.split_once('#')?;
        let (count, name) = rest.split_once(':')?;
        let digits = count.strip_suffix('+');
        Some(Locator {
            target: target.to_owned(),
            occurrence: digits.unwrap_or(count).parse().ok()?,
            is_shared: digits.is_some(),
            name: name.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        for (target, name) in [("benches::sort", "sort/#1:x"), ("", "a"), ("benches::of::<u8, u16>", "+")] {
            for (occurrence, is_shared) in [(0, false), (12, true)] {
                let locator =
                    Locator { target: target.to_owned(), occurrence, is_shared, name: name.to_owned() };
                assert_eq!(Locator::parse(&locator.to_string()), Some(locator));
            }
        }
        assert_eq!(Locator::parse("benches::sort"), None);
        assert_eq!(Locator::parse("benches::sort#x:y"), None);
    }
}
