//! Warnings and recommendations about cases, in a form that shows which of them are alike.

use std::borrow::Cow;

use bench_syntax::quantity::{Seconds, percent, significant};

/// A warning about a case, or a recommendation.
///
/// The same thing is often true of many cases, with different figures. A report prints notices of one `kind` together.
///
/// ```
/// use bench_record::{Figure, Notice, Unit};
///
/// let of_case = |rounds: u32| {
///     let figure = Figure::new(f64::from(rounds), Unit::Count, "rounds");
///     Notice::new("few_rounds", "it has few rounds", format!("it has {rounds} rounds only")).with(figure)
/// };
/// assert_eq!(of_case(1).kind, of_case(2).kind);
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Notice {
    /// The key that all notices with the same meaning share, in most cases in snake case: `bad_minutes`.
    pub kind: Cow<'static, str>,
    /// The common statement of all notices of this kind, without figures; `None` if only the whole text states it.
    pub gist: Option<Cow<'static, str>>,
    /// The figures. All notices of one kind have the same figures, in the same order.
    pub figures: Vec<Figure>,
    /// The whole text.
    pub text: String,
}

/// A figure of a notice.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Figure {
    /// The figure.
    pub value: f64,
    /// How it is shown.
    pub unit: Unit,
    /// The words that follow it in a report: `rounds`, `of samples`.
    pub what: &'static str,
}

/// How a figure of a notice is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unit {
    /// A whole number.
    Count,
    /// A share, shown in percent.
    Share,
    /// Half the width of an interval as a share, shown in percent after `±`.
    HalfWidth,
    /// Seconds.
    Seconds,
    /// A factor, shown after `×`.
    Factor,
    /// A rate per second or any other number, shown with a few significant digits.
    Number,
}

impl Notice {
    /// Creates a notice of a known kind.
    pub fn new(kind: &'static str, gist: &'static str, text: impl Into<String>) -> Self {
        Notice {
            kind: Cow::Borrowed(kind),
            gist: Some(Cow::Borrowed(gist)),
            figures: Vec::new(),
            text: text.into(),
        }
    }

    /// Creates a notice of a kind whose text has no figures, and so is the same for all cases.
    pub fn plain(kind: &'static str, text: &'static str) -> Self {
        Notice::new(kind, text, text)
    }

    /// Creates a notice that is of the same kind as all others with this gist, for gists that are made at run time.
    pub fn alike(gist: impl Into<Cow<'static, str>>, text: impl Into<String>) -> Self {
        let gist = gist.into();
        Notice { kind: gist.clone(), gist: Some(gist), figures: Vec::new(), text: text.into() }
    }

    /// Creates a notice from the text of another program or of an earlier version. Only its words show its kind: two
    /// texts are of the same kind if they differ only in figures, units and quoted names.
    pub fn of_text(text: impl Into<String>) -> Self {
        let text = text.into();
        Notice { kind: Cow::Owned(words(&text)), gist: None, figures: Vec::new(), text }
    }

    /// Adds a figure.
    #[must_use]
    pub fn with(mut self, figure: Figure) -> Self {
        self.figures.push(figure);
        self
    }
}

impl Figure {
    /// Creates a figure.
    pub const fn new(value: f64, unit: Unit, what: &'static str) -> Self {
        Figure { value, unit, what }
    }

    /// Returns the range from the smallest to the largest of some figures of one kind, in words: `1 to 3 rounds`.
    /// `None` if none is finite.
    pub fn range(figures: impl IntoIterator<Item = Figure>) -> Option<String> {
        let mut figures = figures.into_iter().filter(|figure| figure.value.is_finite());
        let first = figures.next()?;
        let (low, high) = figures
            .fold((first.value, first.value), |(low, high), it| (low.min(it.value), high.max(it.value)));
        let [low, high] = [low, high].map(|value| first.unit.show(value));
        let what = if first.what.is_empty() { String::new() } else { format!(" {}", first.what) };
        // `8 to 40 %`, but `900 ms to 1.2 s`.
        let unit = |text: &str| text.rsplit_once(' ').map(|(_, unit)| unit.to_owned());
        let short = low.split(' ').next().filter(|_| unit(&low) == unit(&high)).unwrap_or(&low);
        Some(if low == high { format!("{low}{what}") } else { format!("{short} to {high}{what}") })
    }
}

impl Unit {
    fn show(self, value: f64) -> String {
        match self {
            Unit::Count => format!("{value:.0}"),
            Unit::Share => percent(value),
            Unit::HalfWidth => format!("±{}", percent(value)),
            Unit::Seconds => Seconds(value).to_string(),
            Unit::Factor if value < 9.95 => format!("×{value:.1}"),
            Unit::Factor => format!("×{value:.0}"),
            Unit::Number => significant(value),
        }
    }
}

/// Returns the words of a text without figures, units and quoted names, which differ from case to case.
fn words(text: &str) -> String {
    const UNITS: [&str; 13] = ["ns", "µs", "ms", "s", "B", "KiB", "MiB", "GiB", "TiB", "k", "M", "G", "T"];
    let words = text.split(|c: char| c.is_whitespace() || matches!(c, ',' | ':' | ';' | '(' | ')'));
    let is_fixed = |word: &&str| {
        let differs = |c: char| c.is_ascii_digit() || matches!(c, '`' | '"');
        !word.is_empty() && !word.contains(differs) && !UNITS.contains(word)
    };
    words.filter(is_fixed).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_of_a_kind_are_a_range() {
        let range = |unit, values: &[f64]| {
            Figure::range(values.iter().map(|value| Figure::new(*value, unit, "of it"))).unwrap_or_default()
        };
        assert_eq!(range(Unit::Count, &[3.0, 1.0]), "1 to 3 of it");
        assert_eq!(range(Unit::Count, &[2.0, 2.0]), "2 of it");
        assert_eq!(range(Unit::Share, &[0.0801, 0.4]), "8.0 to 40 % of it");
        assert_eq!(range(Unit::HalfWidth, &[0.02, 81.4]), "±2.0 to ±8140 % of it");
        assert_eq!(range(Unit::Seconds, &[0.0015, f64::NAN]), "1.500 ms of it");
        assert_eq!(range(Unit::Seconds, &[0.0015, 0.002]), "1.500 to 2.000 ms of it");
        assert_eq!(range(Unit::Seconds, &[0.0015, 2.0]), "1.500 ms to 2.000 s of it");
        assert_eq!(range(Unit::Factor, &[1.52, 40.0]), "×1.5 to ×40 of it");
        assert_eq!(range(Unit::Number, &[0.5]), "0.500 of it");
        assert_eq!(range(Unit::Count, &[f64::INFINITY]), "");
    }

    #[test]
    fn notices_with_one_gist_are_alike() {
        let told = |count: u32| Notice::alike("full", format!("{count} × full"));
        assert_eq!((told(1).kind, told(1).gist), (told(2).kind, Some("full".into())));
        assert_ne!(told(1).kind, Notice::alike("late", "1 × late").kind);
    }

    #[test]
    fn texts_that_differ_in_figures_are_of_one_kind() {
        let kind = |text: &str| Notice::of_text(text).kind;
        assert_eq!(kind("took 1.5 ms, of which `x` 20 %"), kind("took 300 µs, of which `y` 4 %"));
        assert_ne!(kind("took 1.5 ms"), kind("takes 1.5 ms"));
    }
}
