//! Selects the cases to run. Cases that are filtered out cost nothing: no setup runs, no model loads.

mod arguments;
mod partition;

use std::collections::BTreeSet;

use bench_protocol::Case;
use bench_record::{CaseRecord, RunError};
use bench_syntax::{Category, UsageError, case_id, nearest};

pub use arguments::Arguments;
pub use bench_syntax::Pattern;
pub use partition::Partition;

/// Filters. An empty selection passes all cases that are not marked `ignore`.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Passes cases of any of these categories.
    pub categories: Vec<Category>,
    /// Passes any of these models.
    pub models: Vec<String>,
    /// Passes any of these tags.
    pub tags: Vec<String>,
    /// Passes ids that match any of these patterns.
    pub patterns: Vec<Pattern>,
    /// Leaves out ids that match any of these patterns.
    pub skip: Vec<Pattern>,
    /// Whether patterns apply to names, as in harnesses whose benchmarks have no category.
    pub by_name: bool,
    /// Passes, for every argument named here, any of these values.
    pub arguments: Arguments,
    /// One part of several, by a stable hash of the id.
    pub partition: Option<Partition>,
    /// How cases marked `ignore` are treated.
    pub ignored: Ignored,
}

/// How cases marked `ignore` are treated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ignored {
    /// They are left out.
    #[default]
    Exclude,
    /// Only they are run.
    Only,
    /// They are run like all others.
    Include,
}

/// A case that can be filtered, from a program's list or from a record.
trait Named {
    fn id(&self) -> &str;
    fn model(&self) -> Option<&str>;
    fn category(&self) -> Category;
    fn tags(&self) -> &[String];
    fn argument(&self, name: &str) -> Option<&str>;
}

impl Named for Case {
    fn id(&self) -> &str {
        &self.id
    }

    fn model(&self) -> Option<&str> {
        self.model.as_deref()
    }

    fn category(&self) -> Category {
        self.category
    }

    fn tags(&self) -> &[String] {
        &self.tags
    }

    fn argument(&self, name: &str) -> Option<&str> {
        self.arguments.get(name)
    }
}

impl Named for CaseRecord {
    fn id(&self) -> &str {
        &self.id
    }

    fn model(&self) -> Option<&str> {
        self.model.as_deref()
    }

    fn category(&self) -> Category {
        self.category
    }

    fn tags(&self) -> &[String] {
        &self.tags
    }

    fn argument(&self, name: &str) -> Option<&str> {
        self.arguments.get(name).map(String::as_str)
    }
}

impl Selection {
    /// Whether the selection names no category, model, tag, pattern or argument.
    pub fn names_nothing(&self) -> bool {
        self.categories.is_empty()
            && self.models.is_empty()
            && self.tags.is_empty()
            && self.patterns.is_empty()
            && self.arguments.0.is_empty()
    }

    /// Whether a case of a record passes the filters.
    pub fn takes_recorded(&self, case: &CaseRecord) -> bool {
        self.passes(case)
    }

    /// Whether a listed case passes the filters and is not left out by its `ignore` mark.
    pub fn takes(&self, case: &Case) -> bool {
        self.passes(case) && self.takes_ignored(case)
    }

    /// Returns the cases that pass all filters, in their order.
    ///
    /// # Errors
    /// [`RunError::Usage`] for a model, tag or argument that no case has, and [`RunError::NoMatch`] if no case
    /// passes. Both list what exists, the nearest first.
    pub fn apply<'a>(&self, cases: &[&'a Case]) -> Result<Vec<&'a Case>, RunError> {
        self.check_names(cases)?;
        let matching: Vec<&Case> = cases.iter().copied().filter(|case| self.matches(*case)).collect();
        if matching.is_empty() {
            return Err(RunError::NoMatch(self.no_match(cases)));
        }
        let ignored = matching.iter().filter(|case| case.ignored.is_some()).count();
        let (wanted, hint) = match self.ignored {
            Ignored::Exclude => {
                (matching.len() - ignored, "all of them are marked `ignore`: add `--include-ignored`")
            }
            Ignored::Only => (ignored, "none of them is marked `ignore`: leave out `--ignored`"),
            Ignored::Include => (matching.len(), ""),
        };
        if wanted == 0 {
            return Err(RunError::NoMatch(format!("{} cases match, but {hint}", matching.len())));
        }
        Ok(cases.iter().copied().filter(|case| self.takes(case)).collect())
    }

    fn passes(&self, case: &impl Named) -> bool {
        self.matches(case) && self.partition.is_none_or(|partition| partition.holds(case.id()))
    }

    /// Whether a case passes all filters but the partition.
    fn matches(&self, case: &impl Named) -> bool {
        let is_met = |pattern: &Pattern| self.is_met(pattern, case.id());
        (self.categories.is_empty() || self.categories.contains(&case.category()))
            && (self.models.is_empty()
                || case.model().is_some_and(|model| self.models.iter().any(|wanted| wanted == model)))
            && (self.tags.is_empty() || case.tags().iter().any(|tag| self.tags.contains(tag)))
            && (self.patterns.is_empty() || self.patterns.iter().any(is_met))
            && !self.skip.iter().any(is_met)
            && self.arguments.matches(|name| case.argument(name))
    }

    /// Whether a pattern is met by an id, or by the name in it.
    fn is_met(&self, pattern: &Pattern, id: &str) -> bool {
        if !self.by_name {
            return pattern.matches(id);
        }
        let name = case_id::free_name(id);
        // Test runners pass the ids that were listed.
        pattern.matches(name) || matches!(pattern, Pattern::Exact(_)) && pattern.matches(id)
    }

    fn takes_ignored(&self, case: &Case) -> bool {
        match self.ignored {
            Ignored::Exclude => case.ignored.is_none(),
            Ignored::Only => case.ignored.is_some(),
            Ignored::Include => true,
        }
    }

    fn check_names(&self, cases: &[&Case]) -> Result<(), UsageError> {
        let models = || cases.iter().filter_map(|case| case.model.as_deref());
        for model in &self.models {
            if !models().any(|known| known == model) {
                return Err(UsageError::unknown("model", model, nearest::rank(model, models())));
            }
        }
        let tags = || cases.iter().flat_map(|case| &case.tags).map(String::as_str);
        for tag in &self.tags {
            if !tags().any(|known| known == tag) {
                return Err(UsageError::unknown("tag", tag, nearest::rank(tag, tags())));
            }
        }
        let arguments = || cases.iter().flat_map(|case| case.arguments.iter());
        for (name, wanted) in &self.arguments.0 {
            let known: BTreeSet<&str> =
                arguments().filter(|(other, _)| *other == name).map(|(_, value)| value).collect();
            if known.is_empty() {
                let names = arguments().map(|(name, _)| name);
                return Err(UsageError::unknown("argument", name, nearest::rank(name, names)));
            }
            if let Some(other) =
                wanted.iter().find(|text| !known.iter().any(|value| text.eq_ignore_ascii_case(value)))
            {
                let known = nearest::rank(other, known).join(", ");
                return Err(UsageError(format!("no case has {name}={other}: `{name}` takes {known}")));
            }
        }
        Ok(())
    }

    /// Returns the message for filters that match nothing, with the nearest cases.
    fn no_match(&self, cases: &[&Case]) -> String {
        /// The number of cases that fit on a screen together with the rest of the message.
        const SHOWN: usize = 15;
        let text = self.patterns.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        let ranked = nearest::rank_ids(&text, cases.iter().map(|case| case.id.as_str()));
        let mut message =
            format!("no case matches these filters; of {} cases, the nearest are:", ranked.len());
        for id in ranked.iter().take(SHOWN) {
            message += &format!("\n  {id}");
        }
        if ranked.len() > SHOWN {
            message += &format!("\n  … and {} more: `--list` shows all", ranked.len() - SHOWN);
        }
        message
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forward(batch: &str) -> Case {
        let mut case = Case::new(format!("resnet/performance/forward[batch={batch}]"), Category::Performance);
        case.model = Some("resnet".into());
        case.name = "forward".into();
        case.tags = vec!["nightly".to_owned()];
        case.arguments = [("batch", batch)].into_iter().collect();
        case.ignored = (batch == "32").then(|| "batch=32 is marked `ignore`".to_owned());
        case
    }

    fn all() -> Vec<Case> {
        ["1", "8", "32"].map(forward).into_iter().chain([Case::new("unit/softmax", Category::Unit)]).collect()
    }

    fn apply(selection: &Selection) -> Result<Vec<String>, RunError> {
        let all = all();
        let cases = selection.apply(&all.iter().collect::<Vec<_>>())?;
        Ok(cases.into_iter().map(|case| case.id.clone()).collect())
    }

    fn ids(selection: &Selection) -> Vec<String> {
        apply(selection).expect("some match")
    }

    #[test]
    fn filters_narrow() {
        assert_eq!(ids(&Selection::default()).len(), 3);
        let performance = Selection { categories: vec![Category::Performance], ..Selection::default() };
        assert_eq!(
            ids(&performance),
            ["resnet/performance/forward[batch=1]", "resnet/performance/forward[batch=8]"]
        );
        let ignored = Selection { ignored: Ignored::Only, ..Selection::default() };
        assert_eq!(ids(&ignored), ["resnet/performance/forward[batch=32]"]);
        let arguments = Selection { arguments: "batch=8".parse().expect("filter"), ..Selection::default() };
        assert_eq!(ids(&arguments), ["resnet/performance/forward[batch=8]"]);
        let skip = Selection { skip: vec![Pattern::Contains("forward".to_owned())], ..Selection::default() };
        assert_eq!(ids(&skip), ["unit/softmax"]);
        let tag = Selection { tags: vec!["nightly".to_owned()], ..Selection::default() };
        assert_eq!(ids(&tag).len(), 2);
    }

    #[test]
    fn every_name_round_trips_exactly() {
        for case in all() {
            let exact = Selection {
                patterns: vec![Pattern::Exact(case.id.clone())],
                ignored: Ignored::Include,
                ..Selection::default()
            };
            assert_eq!(ids(&exact), [case.id.as_str()]);
        }
    }

    #[test]
    fn unknown_names_are_answered_with_the_nearest() {
        let fails = |selection: Selection, wanted: &str| {
            let message = apply(&selection).expect_err("nothing matches").to_string();
            assert!(message.contains(wanted), "{message}");
        };
        fails(
            Selection { models: vec!["resnt".to_owned()], ..Selection::default() },
            "did you mean `resnet`",
        );
        fails(
            Selection { tags: vec!["nightyl".to_owned()], ..Selection::default() },
            "did you mean `nightly`",
        );
        fails(
            Selection { arguments: "bach=1".parse().expect("filter"), ..Selection::default() },
            "did you mean `batch`",
        );
        fails(
            Selection { patterns: vec![Pattern::Contains("forwrad".to_owned())], ..Selection::default() },
            "resnet/performance/forward[batch=1]",
        );
        fails(
            Selection { arguments: "batch=32".parse().expect("filter"), ..Selection::default() },
            "--include-ignored",
        );
    }

    #[test]
    fn partitions_add_up_to_the_whole() {
        let ids: Vec<String> = (0..200).map(|number| format!("resnet/unit/case{number}")).collect();
        let parts: Vec<Partition> =
            ["1/3", "2/3", "3/3"].iter().map(|text| text.parse().expect("partition")).collect();
        for id in &ids {
            assert_eq!(parts.iter().filter(|part| part.holds(id)).count(), 1, "{id}");
        }
        for part in parts {
            assert!(ids.iter().filter(|id| part.holds(id)).count() > 40, "{part:?}");
        }
        for wrong in ["", "0/3", "4/3", "1", "1/0", "-1/3", "a/b"] {
            assert!(wrong.parse::<Partition>().is_err(), "{wrong}");
        }
    }
}
