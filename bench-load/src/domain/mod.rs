//! Fields of work under load: what a response carries, and which metrics follow from it.
//!
//! A [`Domain`] is a constant that a [`Response`] names. Those of this crate have no privileges: a crate of
//! one's own adds a field by writing such a constant and implementing [`Response`] for its own type.

use bench_core::domain::Better;

use crate::request::Times;

/// Numbers that a response can carry.
pub const MOST_VALUES: usize = 12;

/// A field of work under load.
#[derive(Debug)]
pub struct Domain {
    /// Its name in records and reports: `speech`.
    pub name: &'static str,
    /// Name of the metric that the field looks at first.
    pub primary: &'static str,
    /// Columns of `requests.csv` that hold a response's numbers, in their order, units in the names; at
    /// most [`MOST_VALUES`].
    pub columns: &'static [&'static str],
    /// Columns of `requests.csv` that follow from a request: `rtf`, `ttfa_s`.
    pub derived: &'static [Derived],
    /// Sums over served requests per second of the window.
    pub rates: &'static [Rate],
    /// Sums over served requests, one divided by another.
    pub ratios: &'static [Ratio],
    /// What each served request has one of, or some of, or none.
    pub quantities: &'static [Quantity],
    /// Names of the metrics that are worth a picture against the setting.
    pub plots: &'static [&'static str],
}

/// A column that is computed from a request.
#[derive(Debug)]
pub struct Derived {
    /// Its header, with the unit.
    pub column: &'static str,
    /// Its value; the cell is empty where there is none.
    pub of: fn(&Seen<'_>) -> Option<f64>,
}

/// `Σ of(request) / W`, over served requests and the wall time `W` of the window.
#[derive(Debug)]
pub struct Rate {
    /// Its name in the field: `ASPS`.
    pub name: &'static str,
    /// Its unit: `audio s/s`.
    pub unit: &'static str,
    /// What a request adds; one without it adds nothing.
    pub of: fn(&Seen<'_>) -> Option<f64>,
}

/// `Σ over(request) / Σ under(request)`, over served requests that have both.
#[derive(Debug)]
pub struct Ratio {
    /// Its name in the field: `RTF aggregate`.
    pub name: &'static str,
    /// Its unit: `ratio`.
    pub unit: &'static str,
    /// What a request adds above the line.
    pub over: fn(&Seen<'_>) -> Option<f64>,
    /// What it adds below.
    pub under: fn(&Seen<'_>) -> Option<f64>,
    /// Which way is better.
    pub better: Better,
}

/// Something that is told by its distribution over served requests.
#[derive(Debug)]
pub struct Quantity {
    /// Its name in the field: `TTFA`. Each figure of it adds what it is: `TTFA p95`.
    pub name: &'static str,
    /// Its unit: `s`.
    pub unit: &'static str,
    /// Hands its value, or its values where a request has several, to the function given.
    pub of: fn(&Seen<'_>, &mut dyn FnMut(f64)),
    /// Which way is better.
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

/// A served request, as a domain sees it.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// Its timestamps.
    pub times: Times<'a>,
    /// What is known of its input.
    pub facts: &'a Facts,
    /// The response's numbers, in the order of the domain's columns; NaN where there is none.
    pub values: &'a [f64],
}

impl Seen<'_> {
    /// The response's number in this column, if it has one.
    pub fn value(&self, column: usize) -> Option<f64> {
        self.values.get(column).copied().filter(|value| value.is_finite())
    }
}

/// What is known of an input before it is sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Its text, as it is shown in `requests.csv`.
    pub text: Option<String>,
    /// Characters of its text: Unicode scalar values.
    pub characters: Option<u64>,
    /// Tokens of its text, where they were counted.
    pub tokens: Option<u64>,
    /// Its size in bytes.
    pub bytes: Option<u64>,
}

/// What a request's closure returns: names its domain, and hands over its numbers.
pub trait Response {
    /// The field of work.
    const DOMAIN: &'static Domain;

    /// Fills in what the response carries.
    fn tell(&self, answer: &mut Answer);
}

/// What a response carries, filled in by [`Response::tell`].
#[derive(Clone, Debug)]
pub struct Answer {
    pub(crate) values: [f64; MOST_VALUES],
    pub(crate) format: &'static str,
    pub(crate) warning: Option<String>,
}

impl Default for Answer {
    fn default() -> Self {
        Answer { values: [f64::NAN; MOST_VALUES], format: "", warning: None }
    }
}

impl Answer {
    /// The number in this column of the domain; what is not finite is none. A column beyond
    /// [`MOST_VALUES`] does not exist, and is ignored.
    pub fn number(&mut self, column: usize, value: f64) {
        if let Some(place) = self.values.get_mut(column) {
            *place = value;
        }
    }

    /// What the response is made of: `wav`, `png`.
    pub fn format(&mut self, format: &'static str) {
        self.format = format;
    }

    /// What is odd about the response. It counts as served, and its row says so.
    pub fn warn(&mut self, warning: impl Into<String>) {
        self.warning = Some(warning.into());
    }
}

/// Requests of no field: nothing but their latency.
pub const REQUESTS: Domain = Domain {
    name: "requests",
    primary: "RPS",
    columns: &[],
    derived: &[],
    rates: &[],
    ratios: &[],
    quantities: &[],
    plots: &[],
};

impl Response for () {
    const DOMAIN: &'static Domain = &REQUESTS;

    fn tell(&self, _answer: &mut Answer) {}
}
