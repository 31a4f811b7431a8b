//! Filters of the benchmarks that a [`Divan`](crate::Divan) leaves out.

/// A description of benchmarks to skip, by their paths.
#[derive(Debug)]
pub enum Filter {
    /// The benchmark with this path.
    Exact(String),
    /// Benchmarks whose paths contain this text.
    Text(String),
    /// Benchmarks whose paths match this regular expression.
    #[cfg(feature = "regex")]
    Regex(regex_lite::Regex),
}

impl Filter {
    /// Returns whether the benchmark of this path is skipped.
    pub(crate) fn is_match(&self, path: &str) -> bool {
        match self {
            Filter::Exact(exact) => exact == path,
            Filter::Text(text) => path.contains(text),
            #[cfg(feature = "regex")]
            Filter::Regex(regex) => regex.is_match(path),
        }
    }
}

/// An argument of `Divan::skip_regex`: a text, or a regular expression of the crate `regex-lite`.
pub trait IntoRegex {
    /// Converts the argument to a filter.
    fn into_filter(self) -> Filter;
}

impl IntoRegex for &str {
    #[track_caller]
    fn into_filter(self) -> Filter {
        of_text(self)
    }
}

impl IntoRegex for String {
    #[track_caller]
    fn into_filter(self) -> Filter {
        of_text(&self)
    }
}

#[cfg(feature = "regex")]
impl IntoRegex for regex_lite::Regex {
    fn into_filter(self) -> Filter {
        Filter::Regex(self)
    }
}

#[cfg(feature = "regex")]
#[track_caller]
#[expect(clippy::panic, reason = "divan does so")]
fn of_text(text: &str) -> Filter {
    match regex_lite::Regex::new(text) {
        Ok(regex) => Filter::Regex(regex),
        Err(error) => panic!("`{text}` is not a regular expression: {error}"),
    }
}

#[cfg(not(feature = "regex"))]
#[track_caller]
#[expect(clippy::panic, reason = "divan does so where it cannot read an expression")]
fn of_text(text: &str) -> Filter {
    const SPECIAL: [char; 13] = ['^', '$', '*', '+', '?', '(', ')', '[', ']', '{', '}', '|', '\\'];
    if text.contains(SPECIAL) {
        panic!(
            "`skip_regex` takes plain text unless divan-facade has its feature `regex`, and `{text}` is a regular expression"
        );
    }
    Filter::Text(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_matches_is_skipped() {
        let filters = [Filter::Exact("krate::add".to_owned()), "dd".into_filter()];
        let matches = |path: &str| filters.each_ref().map(|filter| filter.is_match(path));
        assert_eq!(matches("krate::add"), [true, true]);
        assert_eq!(matches("krate::add::1"), [false, true]);
        assert_eq!(matches("krate::sub"), [false, false]);
    }

    #[cfg(feature = "regex")]
    #[test]
    fn expressions_are_read() {
        assert!("(add|sub)$".to_owned().into_filter().is_match("krate::sub"));
        assert!(!"(add|sub)$".into_filter().is_match("krate::sub::1"));
    }

    #[cfg(not(feature = "regex"))]
    #[test]
    #[should_panic(expected = "feature `regex`")]
    fn expressions_need_the_feature() {
        let _ = "(add|sub)".into_filter();
    }
}
