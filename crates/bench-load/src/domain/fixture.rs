//! A request that was served, for tests of domains.

use std::collections::HashSet;

use bench_protocol::Better;
use bench_record::Metric;

use super::{Answer, Domain, Facts, Figure, MOST_VALUES, Response, Seen};
use crate::request::{Mark, MarkKind, Times};

/// Columns of `requests.csv` that every domain shares.
const SHARED: [&str; 36] = [
    "run",
    "case",
    "model",
    "round",
    "level",
    "scenario",
    "concurrency",
    "rate",
    "rate_req_per_s",
    "request",
    "client",
    "input",
    "input_text",
    "characters",
    "tokens",
    "input_characters",
    "input_tokens",
    "input_bytes",
    "intended_s",
    "sent_s",
    "first_output_s",
    "end_s",
    "outputs",
    "service_latency_s",
    "scheduled_latency_s",
    "send_lag_s",
    "memory_bytes",
    "memory_peak_bytes",
    "gpu_memory_bytes",
    "format",
    "outcome",
    "success",
    "good",
    "error",
    "warning",
    "domain",
];

/// A request that is sent at 1 s and ends at 3 s, unless a test sets other times.
pub(super) struct Served {
    domain: &'static Domain,
    pub(super) answer: Answer,
    pub(super) facts: Facts,
    sent_ns: u64,
    end_ns: u64,
    marks: Vec<Mark>,
}

impl Served {
    pub(super) fn with<R: Response>(response: R) -> Self {
        let mut answer = Answer::default();
        response.tell(&mut answer);
        Served {
            domain: R::DOMAIN,
            answer,
            facts: Facts::default(),
            sent_ns: 1_000_000_000,
            end_ns: 3_000_000_000,
            marks: Vec::new(),
        }
    }

    pub(super) fn between(self, sent_ms: u64, end_ms: u64) -> Self {
        Served { sent_ns: sent_ms * 1_000_000, end_ns: end_ms * 1_000_000, ..self }
    }

    pub(super) fn outputs(self, at_ms: &[u64]) -> Self {
        self.marked(MarkKind::Output, at_ms)
    }

    pub(super) fn steps(self, at_ms: &[u64]) -> Self {
        self.marked(MarkKind::Step, at_ms)
    }

    pub(super) fn answered(self, at_ms: u64) -> Self {
        self.marked(MarkKind::Answer, &[at_ms])
    }

    fn marked(mut self, kind: MarkKind, at_ms: &[u64]) -> Self {
        self.marks.extend(at_ms.iter().map(|ms| Mark { kind, at_ns: ms * 1_000_000, holds: None }));
        self
    }

    /// Adds outputs, each with the amount of the response that it contains.
    pub(super) fn outputs_of(mut self, at_ms: &[(u64, u32)]) -> Self {
        let mark = |(ms, holds): &(u64, u32)| Mark {
            kind: MarkKind::Output,
            at_ns: ms * 1_000_000,
            holds: Some(*holds),
        };
        self.marks.extend(at_ms.iter().map(mark));
        self
    }

    /// Returns the reason why the request lacks a figure; `None` if it lacks none.
    pub(super) fn missing(&self) -> Option<&'static str> {
        self.see(self.domain.missing)
    }

    pub(super) fn column(&self, name: &str) -> Option<f64> {
        let place = self.domain.columns.iter().position(|column| *column == name).expect(name);
        self.see(|seen| seen.value(place))
    }

    pub(super) fn derived(&self, column: &str) -> Option<f64> {
        let derived = self.domain.derived.iter().find(|derived| derived.column == column).expect(column);
        self.see(derived.of)
    }

    pub(super) fn rate(&self, name: &str) -> Option<f64> {
        let rate = self.domain.rates.iter().find(|rate| rate.name == name).expect(name);
        self.see(rate.of)
    }

    pub(super) fn ratio(&self, name: &str) -> (Option<f64>, Option<f64>) {
        let ratio = self.domain.ratios.iter().find(|ratio| ratio.name == name).expect(name);
        (self.see(ratio.over), self.see(ratio.under))
    }

    pub(super) fn quantity(&self, name: &str) -> Vec<f64> {
        let quantity = self.domain.quantities.iter().find(|quantity| quantity.name == name).expect(name);
        let mut values = Vec::new();
        self.see(|seen| (quantity.of)(seen, &mut |value| values.push(value)));
        values
    }

    fn see<T>(&self, see: impl FnOnce(&Seen<'_>) -> T) -> T {
        let times = Times {
            intended_ns: self.sent_ns,
            sent_ns: self.sent_ns,
            end_ns: self.end_ns,
            marks: &self.marks,
        };
        see(&Seen { times, facts: &self.facts, values: &self.answer.values })
    }
}

/// Checks the rules for every domain: names are unique, well-formed, and refer to something.
pub(super) fn check(domain: &Domain) {
    assert!(domain.columns.len() <= MOST_VALUES, "{} columns", domain.columns.len());
    let mut columns = HashSet::from(SHARED);
    for column in domain.columns.iter().copied().chain(domain.derived.iter().map(|derived| derived.column)) {
        assert!(columns.insert(column), "column {column} twice");
        assert!(column.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'), "{column}");
    }
    let names = metrics(domain);
    let keys: HashSet<_> =
        names.iter().map(|name| Metric::new(name.as_str(), "1", 1.0, Better::Lower).key()).collect();
    assert_eq!(keys.len(), names.len(), "{names:?}");
    for name in domain.plots.iter().chain([&domain.primary]) {
        assert!(names.iter().any(|known| known == name), "{name} is none of {names:?}");
    }
}

/// Names of all metrics of a domain, as they are reported.
pub(super) fn metrics(domain: &Domain) -> Vec<String> {
    let rates = domain.rates.iter().map(|rate| rate.name.to_owned());
    let ratios = domain.ratios.iter().map(|ratio| ratio.name.to_owned());
    let figures = domain.quantities.iter().flat_map(|quantity| {
        quantity.figures.iter().map(|figure| match figure {
            Figure::Mean => format!("{} mean", quantity.name),
            Figure::Share => quantity.name.to_owned(),
            Figure::Percentile(share) => format!("{} p{}", quantity.name, share * 100.0),
        })
    });
    rates.chain(ratios).chain(figures).collect()
}
