//! Conditions that a request or a level must meet.

use bench_record::{Metric, SloCondition};
use bench_syntax::UsageError;
use bench_syntax::quantity::parse_duration;

use crate::domain::{Domain, Seen};
use crate::report::figure;

/// The latencies that a request has in every field.
const LATENCIES: [&str; 3] = ["latency", "service_latency", "scheduled_latency"];

/// Conditions of a service-level objective: a request is good if it meets all of them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Slo {
    conditions: Vec<Condition>,
}

/// One condition.
#[derive(Clone, Debug, PartialEq)]
struct Condition {
    text: String,
    key: String,
    at_most: bool,
    limit: f64,
}

impl Slo {
    /// Reads conditions: `ttft <= 200ms`, `latency_p99 <= 1s`, `rtf <= 1`, `output_tokens_s >= 10`. The name is that of
    /// a quantity (for each request) or of a metric (for a level), in lower case with `_`; a limit with a unit of time
    /// is converted to seconds.
    ///
    /// ```
    /// use bench_load::slo::Slo;
    ///
    /// assert!(Slo::parse(["ttft <= 200ms", "output_tokens_s >= 10"]).is_ok());
    /// assert!(Slo::parse(["ttft < fast"]).is_err());
    /// ```
    ///
    /// # Errors
    /// The fault in a condition.
    pub fn parse<'a>(conditions: impl IntoIterator<Item = &'a str>) -> Result<Self, UsageError> {
        conditions
            .into_iter()
            .map(Condition::parse)
            .collect::<Result<_, _>>()
            .map(|conditions| Slo { conditions })
    }

    /// Checks that each condition names a quantity of a request of this field: no request would meet a misspelt one.
    ///
    /// # Errors
    /// The first condition that does not, with the names that exist.
    pub(crate) fn of_requests(&self, domain: &Domain) -> Result<(), UsageError> {
        let known = || LATENCIES.iter().map(|name| (*name).to_owned());
        let known: Vec<String> =
            known().chain(domain.quantities.iter().map(|quantity| key_of(quantity.name))).collect();
        self.among(&known, &format!("a request of the field `{}`", domain.name))
    }

    /// Checks that each condition names a metric of the level.
    ///
    /// # Errors
    /// The first condition that does not, with the names that exist.
    pub(crate) fn of_level(&self, metrics: &[Metric]) -> Result<(), UsageError> {
        let known: Vec<String> = metrics.iter().map(Metric::key).collect();
        self.among(&known, "the level")
    }

    fn among(&self, known: &[String], whose: &str) -> Result<(), UsageError> {
        match self.conditions.iter().find(|condition| !known.contains(&condition.key)) {
            None => Ok(()),
            Some(condition) => Err(UsageError(format!(
                "`{}`: {whose} has no `{}`; it has {}",
                condition.text,
                condition.key,
                known.join(", ")
            ))),
        }
    }

    /// Returns the conditions for the record: of requests, or of the level as a whole.
    pub(crate) fn recorded(&self, of_requests: bool) -> Vec<SloCondition> {
        let recorded = |Condition { text, key, at_most, limit }: &Condition| {
            let mut condition = SloCondition::of_requests(text.as_str(), key.as_str(), *at_most, *limit);
            condition.of_requests = of_requests;
            condition
        };
        self.conditions.iter().map(recorded).collect()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.conditions.is_empty()
    }

    /// Whether a served request meets every condition. A request without the quantity does not.
    pub(crate) fn meets(&self, domain: &Domain, seen: &Seen<'_>, latency_s: f64) -> bool {
        self.conditions.iter().all(|condition| {
            let figure = match condition.key.as_str() {
                "latency" => Some(latency_s),
                "service_latency" => Some(seen.times.service_latency_s()),
                "scheduled_latency" => Some(seen.times.scheduled_latency_s()),
                key => {
                    let mut worst: Option<f64> = None;
                    for quantity in domain.quantities.iter().filter(|quantity| key_of(quantity.name) == key) {
                        (quantity.of)(seen, &mut |value| {
                            let further = if condition.at_most { f64::max } else { f64::min };
                            worst = Some(worst.map_or(value, |worst| further(worst, value)));
                        });
                    }
                    worst
                }
            };
            figure.is_some_and(|figure| condition.holds(figure))
        })
    }

    /// Returns the reasons why a level does not meet the conditions; empty if it does. A percentile that too few
    /// requests support does not meet them.
    pub(crate) fn misses(&self, metrics: &[Metric]) -> Vec<String> {
        self.conditions
            .iter()
            .filter_map(|condition| {
                let Some(metric) = metrics.iter().find(|metric| metric.key() == condition.key) else {
                    return Some(format!("`{}`: there is no such figure here", condition.text));
                };
                if !condition.holds(metric.value) {
                    let found = figure(metric.value, &metric.unit);
                    return Some(format!("`{}` is not met: {found}", condition.text));
                }
                (metric.supported == Some(false))
                    .then(|| format!("`{}`: too few requests for this percentile", condition.text))
            })
            .collect()
    }
}

impl Condition {
    fn parse(text: &str) -> Result<Self, UsageError> {
        let wrong = |what: &str| UsageError(format!("`{text}`: {what}, as in `ttft_p95 <= 200ms`"));
        let (at_most, (name, limit)) = match (text.split_once("<="), text.split_once(">=")) {
            (Some(parts), None) => (true, parts),
            (None, Some(parts)) => (false, parts),
            _ => return Err(wrong("expected a name, `<=` or `>=`, and a limit")),
        };
        let (key, limit) = (name.trim(), limit.trim());
        if key.is_empty() || !key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
            return Err(wrong("expected a name of lower-case letters, digits and `_`"));
        }
        let number = match limit.parse::<f64>() {
            Ok(number) => number,
            Err(_) => parse_duration(limit)
                .map(|duration| duration.as_secs_f64())
                .map_err(|_| wrong("expected a number or a time as limit"))?,
        };
        if !(number.is_finite() && number >= 0.0) {
            return Err(wrong("expected a limit of at least 0"));
        }
        Ok(Condition { text: text.trim().to_owned(), key: key.to_owned(), at_most, limit: number })
    }

    fn holds(&self, figure: f64) -> bool {
        if self.at_most { figure <= self.limit } else { figure >= self.limit }
    }
}

/// Returns the name of a quantity as it is written in conditions.
fn key_of(name: &str) -> String {
    name.to_lowercase().replace([' ', '/', '-'], "_")
}

#[cfg(test)]
mod tests {
    use bench_protocol::Better;

    use super::*;

    #[test]
    fn a_level_meets_or_says_what_it_misses() {
        let slo = Slo::parse(["latency_p99 <= 200ms", "rps >= 10"]).expect("conditions");
        let metrics = |p99, supported, rps| {
            vec![
                Metric::new("latency p99", "s", p99, Better::Lower).with_support(supported),
                Metric::new("RPS", "req/s", rps, Better::Higher),
            ]
        };
        assert!(slo.misses(&metrics(0.2, true, 10.0)).is_empty());
        assert_eq!(slo.misses(&metrics(0.3, true, 10.0)), ["`latency_p99 <= 200ms` is not met: 300.0 ms"]);
        assert!(slo.misses(&metrics(0.1, false, 10.0))[0].contains("too few"));
        assert!(slo.misses(&metrics(0.1, true, 9.0))[0].contains("rps"));
        assert!(slo.misses(&[])[0].contains("no such figure"));
    }

    #[test]
    fn a_name_that_nothing_has_is_refused_with_those_that_there_are() {
        let slo = |condition| Slo::parse([condition]).expect("a condition");
        for known in ["ttft <= 1s", "latency <= 1s", "prefill_tokens_s >= 10"] {
            assert_eq!(slo(known).of_requests(&crate::domain::TEXT), Ok(()), "{known}");
        }
        let told =
            |condition| slo(condition).of_requests(&crate::domain::TEXT).expect_err("unknown").to_string();
        assert!(
            told("ttff <= 1s")
                .starts_with("`ttff <= 1s`: a request of the field `text` has no `ttff`; it has latency,")
        );
        assert!(told("ttft_p95 <= 1s").contains("ttft,"), "a percentile is of a level");
        assert!(told("rtf <= 1").contains("no `rtf`"));
        let metrics = [Metric::new("latency p99", "s", 1.0, Better::Lower)];
        assert_eq!(slo("latency_p99 <= 1s").of_level(&metrics), Ok(()));
        let unknown = slo("latency_p9 <= 1s").of_level(&metrics).expect_err("unknown").to_string();
        assert_eq!(unknown, "`latency_p9 <= 1s`: the level has no `latency_p9`; it has latency_p99");
    }

    #[test]
    fn what_is_no_condition_is_refused() {
        for text in ["", "ttft", "ttft < 1s", "<= 1s", "ttft <= ", "ttft <= -1", "ttft <= NaN", "a b <= 1"] {
            assert!(Slo::parse([text]).is_err(), "{text}");
        }
    }
}
