//! The `[[rule]]` sections of `bench.toml`.

use bench_record::CaseRecord;
use bench_syntax::objective::Unit;
use bench_syntax::{Category, Pattern};
use serde::{Deserialize, Deserializer};
use toml::Spanned;

use super::error::{Fault, line_and_column};
use super::{Limit, Threshold};

/// The figures that every case may have, and their units.
pub(super) const BUILT_IN: [(&str, Unit, &str); 5] = [
    ("time", Unit::Seconds, "s"),
    ("first_call", Unit::Seconds, "s"),
    ("load", Unit::Seconds, "s"),
    ("cpu_time", Unit::Seconds, "s"),
    ("peak_memory", Unit::Bytes, "bytes"),
];

/// A rule for all cases that match it.
#[derive(Clone, Debug)]
pub struct Rule {
    /// The place of its threshold, or of the rule if it has none: line and character, from 1.
    pub place: (usize, usize),
    /// Patterns for the ids of its cases; empty means any id.
    pub patterns: Vec<Pattern>,
    /// The category of its cases; `None` means any.
    pub category: Option<Category>,
    /// The figure to which the threshold applies; `None` means each figure of
    /// [`GateSettings::metrics`](super::GateSettings).
    pub metric: Option<String>,
    /// The amount by which the figure may become worse; `None` if the rule only has limits.
    pub threshold: Option<Threshold>,
    /// The limits that each run must keep.
    pub limits: Vec<Limit>,
}

/// A rule as written in the file.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Written {
    /// A text that the ids contain.
    case: Option<String>,
    /// The whole id.
    exact: Option<String>,
    /// A regular expression that matches somewhere in the ids.
    #[serde(deserialize_with = "regex")]
    regex: Option<Pattern>,
    category: Option<Category>,
    metric: Option<Spanned<String>>,
    threshold: Option<Spanned<Threshold>>,
    limits: Vec<Spanned<String>>,
}

fn regex<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Pattern>, D::Error> {
    let text = String::deserialize(deserializer)?;
    Pattern::regex(&text).map(Some).map_err(serde::de::Error::custom)
}

impl Rule {
    /// Reads the rule written in `text`.
    pub(super) fn of(written: Spanned<Written>, text: &str) -> Result<Self, Fault> {
        let place = written.span();
        let Written { case, exact, regex, category, metric, threshold, limits } = written.into_inner();
        match (&metric, &threshold) {
            (None, None) if limits.is_empty() => {
                return Err(Fault::at(place, "this rule has no effect: add a `threshold` or `limits`"));
            }
            (Some(metric), None) => {
                let message =
                    "`metric` needs a `threshold`; a limit names its figure itself, as in \"time < 5ms\"";
                return Err(Fault::at(metric.span(), message));
            }
            (metric, Some(threshold)) => {
                let name = metric.as_ref().map(|metric| metric.get_ref().as_str());
                check(name, *threshold.get_ref()).map_err(|message| Fault::at(threshold.span(), message))?;
            }
            (None, None) => {}
        }
        let limit = |text: Spanned<String>| {
            let place = text.span();
            Limit::try_from(text.into_inner()).map_err(|message| Fault::at(place, message))
        };
        let patterns = [case.map(Pattern::Contains), exact.map(Pattern::Exact), regex];
        let decisive = threshold.as_ref().map_or(place.start, |threshold| threshold.span().start);
        Ok(Rule {
            place: line_and_column(text, decisive),
            patterns: patterns.into_iter().flatten().collect(),
            category,
            metric: metric.map(Spanned::into_inner),
            threshold: threshold.map(Spanned::into_inner),
            limits: limits.into_iter().map(limit).collect::<Result<_, _>>()?,
        })
    }

    /// Whether the rule applies to this case.
    pub fn fits(&self, case: &CaseRecord) -> bool {
        self.category.is_none_or(|category| category == case.category)
            && self.patterns.iter().all(|pattern| pattern.matches(&case.id))
    }

    /// Whether the rule may apply to the case with this id.
    pub(super) fn may_fit(&self, id: &str) -> bool {
        self.patterns.iter().all(|pattern| pattern.matches(id))
    }
}

/// Checks that the unit of a threshold fits the figure.
fn check(metric: Option<&str>, threshold: Threshold) -> Result<(), String> {
    let Threshold::Amount { unit, .. } = threshold else { return Ok(()) };
    let Some(metric) = metric else {
        return Err("an amount needs a figure: add `metric`, or write a share, such as \"2%\"".to_owned());
    };
    match BUILT_IN.iter().find(|(name, ..)| *name == metric) {
        Some((_, own, told)) if unit != *own => Err(format!(
            "`{metric}` is measured in {told}: expected an amount in that unit, or a share, such as \"2%\""
        )),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::Config;

    fn rule(text: &str) -> Rule {
        let text = format!("[[rule]]\n{text}\nthreshold = \"2%\"\n");
        Config::parse(&text, Path::new("bench.toml")).expect("read").rules.remove(0)
    }

    #[test]
    fn a_rule_fits_where_all_that_it_names_fits() {
        let case = |id: &str, category| CaseRecord::blank(id, category);
        let forward = case("resnet/performance/forward[batch=8]", Category::Performance);
        let softmax = case("unit/softmax", Category::Unit);
        for (text, fits) in [
            ("", [true, true]),
            ("case = \"resnet/\"", [true, false]),
            ("exact = \"unit/softmax\"", [false, true]),
            ("exact = \"unit/soft\"", [false, false]),
            ("regex = 'batch=(8|16)'", [true, false]),
            ("category = \"unit\"", [false, true]),
            ("category = \"unit\"\ncase = \"resnet\"", [false, false]),
            ("case = \"forward\"\nregex = '=8'", [true, false]),
        ] {
            let rule = rule(text);
            assert_eq!([rule.fits(&forward), rule.fits(&softmax)], fits, "{text}");
        }
    }
}
