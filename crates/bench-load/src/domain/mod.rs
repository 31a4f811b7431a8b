//! Fields of work under load: the content of a response, and the metrics computed from it.
//!
//! A [`Domain`] is a constant that a [`Response`] names. The fields of this crate have no privileges: your own
//! crate can add a field with such a constant and an implementation of [`Response`] for its own type.

mod classification;
#[cfg(test)]
mod fixture;
mod images;
mod multimodal;
mod speech;
mod streaming;
mod text;

use std::fmt;
use std::sync::Arc;

use bench_protocol::Better;

pub use self::classification::{CLASSIFICATION, Classified};
pub use self::images::{IMAGES, Images};
pub use self::multimodal::{MULTIMODAL, Multimodal};
pub use self::speech::{SPEECH, Speech};
pub use self::text::{Generation, TEXT};
use crate::request::Times;

/// The maximum number of values in a response.
pub const MOST_VALUES: usize = 12;

/// A field of work under load.
#[derive(Debug)]
pub struct Domain {
    /// Its name in records and reports: `speech`.
    pub name: &'static str,
    /// The name of the most important metric of the field.
    pub primary: &'static str,
    /// The columns of `requests.csv` for the numbers of a response, in the same order, with units in the names; at most
    /// [`MOST_VALUES`].
    pub columns: &'static [&'static str],
    /// The columns of `requests.csv` that are computed from a request: `rtf`, `ttfa_s`.
    pub derived: &'static [Derived],
    /// Sums over served requests per second of the window.
    pub rates: &'static [Rate],
    /// Sums over served requests, one divided by another.
    pub ratios: &'static [Ratio],
    /// The quantities of served requests. A request has one value of a quantity, several, or none.
    pub quantities: &'static [Quantity],
    /// The names of the metrics that are plotted against the setting.
    pub plots: &'static [&'static str],
    /// Returns the reason why a served request lacks a figure that its outputs seem to promise; `None` if it lacks
    /// none. The level warns of each reason, with the number of requests. [`nothing_missing`] if the field has no such
    /// figure.
    pub missing: fn(&Seen<'_>) -> Option<&'static str>,
}

/// Returns `None`: no figure is missing.
pub fn nothing_missing(_seen: &Seen<'_>) -> Option<&'static str> {
    None
}

/// A column that is computed from a request.
#[derive(Clone, Copy, Debug)]
pub struct Derived {
    /// Its header, with the unit.
    pub column: &'static str,
    /// Returns the value; the cell is empty if there is none.
    pub of: fn(&Seen<'_>) -> Option<f64>,
}

/// `Σ of(request) / W`, over served requests and the wall time `W` of the window.
#[derive(Clone, Copy, Debug)]
pub struct Rate {
    /// Its name in the field: `ASPS`.
    pub name: &'static str,
    /// Its unit: `audio s/s`.
    pub unit: &'static str,
    /// The value that a request adds; a request without one adds nothing.
    pub of: fn(&Seen<'_>) -> Option<f64>,
}

/// `Σ over(request) / Σ under(request)`, over served requests that have both.
#[derive(Clone, Copy, Debug)]
pub struct Ratio {
    /// Its name in the field: `RTF aggregate`.
    pub name: &'static str,
    /// Its unit: `ratio`.
    pub unit: &'static str,
    /// The value that a request adds to the numerator.
    pub over: fn(&Seen<'_>) -> Option<f64>,
    /// The value that it adds to the denominator.
    pub under: fn(&Seen<'_>) -> Option<f64>,
    /// Whether a lower or a higher value is better.
    pub better: Better,
}

/// A quantity whose distribution over served requests is reported.
#[derive(Clone, Copy, Debug)]
pub struct Quantity {
    /// Its name in the field: `TTFA`. Each figure adds its own name: `TTFA p95`.
    pub name: &'static str,
    /// Its unit: `s`.
    pub unit: &'static str,
    /// Passes its value, or its values if a request has several, to the given function.
    pub of: fn(&Seen<'_>, &mut dyn FnMut(f64)),
    /// Whether a lower or a higher value is better.
    pub better: Better,
    /// The figures that are reported.
    pub figures: &'static [Figure],
}

/// A figure of a distribution.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Figure {
    /// The mean; its metric's name is `NAME mean`.
    Mean,
    /// The mean of zeros and ones, under the quantity's own name.
    Share,
    /// The percentile, as a share, by nearest rank; its metric's name is `NAME p95`.
    Percentile(f64),
}

impl Figure {
    /// The median.
    pub const P50: Figure = Figure::Percentile(0.50);
    /// The 95th percentile.
    pub const P95: Figure = Figure::Percentile(0.95);
    /// The 99th percentile.
    pub const P99: Figure = Figure::Percentile(0.99);
    /// The figures of a latency: its median, and its tail.
    pub const LATENCY: &'static [Figure] = &[Figure::P50, Figure::P95, Figure::P99];
}

/// A served request, as a domain sees it.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// Its timestamps.
    pub times: Times<'a>,
    /// The facts known about its input.
    pub facts: &'a Facts,
    /// The response's numbers, in the order of the domain's columns; NaN if there is none.
    pub values: &'a [f64],
}

impl Seen<'_> {
    /// Returns the number of the response in this column; `None` if there is none.
    pub fn value(&self, column: usize) -> Option<f64> {
        self.values.get(column).copied().filter(|value| value.is_finite())
    }
}

/// The facts that are known about an input before it is sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Its text, as it is shown in `requests.csv`.
    pub text: Option<String>,
    /// Characters of its text: Unicode scalar values.
    pub characters: Option<u64>,
    /// The number of tokens of its text, if they were counted.
    pub tokens: Option<u64>,
    /// Its size in bytes.
    pub bytes: Option<u64>,
}

impl Facts {
    /// Describes a text: its characters and bytes, and its first 200 characters, which fit into a row of a table.
    ///
    /// ```
    /// # use bench_load::domain::Facts;
    /// let facts = Facts::of_text("naïve");
    /// assert_eq!((facts.characters, facts.bytes), (Some(5), Some(6)));
    /// assert_eq!(facts.text.as_deref(), Some("naïve"));
    /// ```
    pub fn of_text(text: &str) -> Self {
        const SHOWN: usize = 200;
        let shown = match text.char_indices().nth(SHOWN) {
            None => text.to_owned(),
            Some(_) => text.chars().take(SHOWN - 1).chain(['…']).collect(),
        };
        Facts {
            text: Some(shown),
            characters: Some(text.chars().count() as u64),
            tokens: None,
            bytes: Some(text.len() as u64),
        }
    }
}

/// The return value of a request's closure: names its domain, and hands over its numbers.
pub trait Response {
    /// The field of work.
    const DOMAIN: &'static Domain;

    /// Fills in the content of the response.
    fn tell(&self, answer: &mut Answer);
}

/// The numbers of a response, filled in by [`Response::tell`].
#[derive(Clone, Debug)]
pub struct Answer {
    pub(crate) values: [f64; MOST_VALUES],
    pub(crate) format: &'static str,
    pub(crate) warning: Option<String>,
    pub(crate) later: Option<Later>,
}

impl Default for Answer {
    fn default() -> Self {
        Answer { values: [f64::NAN; MOST_VALUES], format: "", warning: None, later: None }
    }
}

/// A function that fills in numbers of a response after the level, because they take too long to compute while others
/// are measured.
#[derive(Clone)]
pub(crate) struct Later(Arc<dyn Fn(&mut Answer) + Send + Sync>);

impl Later {
    pub(crate) fn fill_in(&self, answer: &mut Answer) {
        (self.0)(answer);
    }
}

impl fmt::Debug for Later {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Later")
    }
}

impl Answer {
    /// Sets the number in this column of the domain. A value that is not finite is left out. A column beyond
    /// [`MOST_VALUES`] does not exist, and is ignored.
    pub fn number(&mut self, column: usize, value: f64) {
        if let Some(place) = self.values.get_mut(column) {
            *place = value;
        }
    }

    /// Sets the format of the response: `wav`, `png`.
    pub fn format(&mut self, format: &'static str) {
        self.format = format;
    }

    /// Adds a warning about the response. It still counts as served, and its row contains the warning.
    pub fn warn(&mut self, warning: impl Into<String>) {
        let before = self.warning.take().map(|before| before + "; ").unwrap_or_default();
        self.warning = Some(before + &warning.into());
    }

    /// Defers work to `fill_in`, which is called once the level has ended, because it takes time or memory bandwidth
    /// that the level needs. From the first such response of a level on, its requests are kept in memory until then.
    pub fn later(&mut self, fill_in: impl Fn(&mut Answer) + Send + Sync + 'static) {
        self.later = Some(Later(Arc::new(fill_in)));
    }

    /// Sets the number in this column, if there is one.
    fn number_if(&mut self, column: usize, value: Option<f64>) {
        if let Some(value) = value {
            self.number(column, value);
        }
    }

    /// Records all irregularities as one warning.
    fn warn_all(&mut self, warnings: &[String]) {
        if !warnings.is_empty() {
            self.warn(warnings.join("; "));
        }
    }
}

/// Requests of no particular field, with only the metrics that all fields share.
pub const REQUESTS: Domain = Domain {
    name: "requests",
    primary: "RPS",
    columns: &[],
    derived: &[],
    rates: &[],
    ratios: &[],
    quantities: &[],
    plots: &[],
    missing: nothing_missing,
};

impl Response for () {
    const DOMAIN: &'static Domain = &REQUESTS;

    fn tell(&self, _answer: &mut Answer) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_shortened_between_characters() {
        let shown = |text: &str| Facts::of_text(text).text.expect("a text");
        assert_eq!(shown(&"ä".repeat(200)), "ä".repeat(200));
        assert_eq!(shown(&"ä".repeat(201)), "ä".repeat(199) + "…");
        let facts = Facts::of_text(&"ä".repeat(201));
        assert_eq!((facts.characters, facts.bytes, facts.tokens), (Some(201), Some(402), None));
    }

    #[test]
    fn a_number_that_is_none_stays_away() {
        let mut answer = Answer::default();
        answer.number(0, f64::INFINITY);
        answer.number(1, 2.0);
        answer.number(MOST_VALUES, 3.0);
        let seen = Seen { times: Times::default(), facts: &Facts::default(), values: &answer.values };
        assert_eq!([0, 1, 2, MOST_VALUES].map(|column| seen.value(column)), [None, Some(2.0), None, None]);
    }
}
