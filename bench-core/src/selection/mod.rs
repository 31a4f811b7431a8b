//! Which cases are run. What is filtered out costs nothing: no setup runs, no model loads.

mod arguments;
mod partition;
mod pattern;

use std::collections::BTreeSet;

use crate::benchmark::Category;
use crate::case::Case;
use crate::error::{RunError, UsageError};
use crate::nearest;

pub use arguments::Arguments;
pub use partition::Partition;
pub use pattern::Pattern;

/// Filters; an empty one lets everything through that is not marked `ignore`.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Any of these categories.
    pub categories: Vec<Category>,
    /// Any of these models.
    pub models: Vec<String>,
    /// Any of these tags.
    pub tags: Vec<String>,
    /// Any of these patterns, on the id.
    pub patterns: Vec<Pattern>,
    /// None of these patterns, on the id.
    pub skip: Vec<Pattern>,
    /// For every argument named here, one of the values.
    pub arguments: Arguments,
    /// One part of several, by a stable hash of the id.
    pub partition: Option<Partition>,
    /// What becomes of cases marked `ignore`.
    pub ignored: Ignored,
}

/// What becomes of cases marked `ignore`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ignored {
    /// They are left out.
    #[default]
    Exclude,
    /// They alone are run.
    Only,
    /// They are run like all others.
    Include,
}

impl Selection {
    /// Whether the filters ask for nothing in particular.
    #[cfg(feature = "cli")]
    pub(crate) fn names_nothing(&self) -> bool {
        self.categories.is_empty()
            && self.models.is_empty()
            && self.tags.is_empty()
            && self.patterns.is_empty()
            && self.arguments.0.is_empty()
    }

    /// Whether a case with this id, of another record, would have been looked for.
    pub fn would_take(&self, case: &crate::record::CaseRecord) -> bool {
        (self.categories.is_empty() || self.categories.contains(&case.category))
            && (self.models.is_empty()
                || case.model.as_ref().is_some_and(|model| self.models.contains(model)))
            && (self.tags.is_empty() || case.tags.iter().any(|tag| self.tags.contains(tag)))
            && (self.patterns.is_empty() || self.patterns.iter().any(|pattern| pattern.matches(&case.id)))
            && !self.skip.iter().any(|pattern| pattern.matches(&case.id))
            && self
                .arguments
                .0
                .iter()
                .all(|(name, wanted)| case.arguments.get(name).is_some_and(|value| wanted.contains(value)))
            && self.partition.is_none_or(|partition| partition.holds(&case.id))
    }

    /// The cases that pass all filters.
    ///
    /// # Errors
    /// [`RunError::Usage`] for a model, tag or argument that no case has, and [`RunError::NoMatch`] when
    /// nothing passes; both say what there is, nearest first.
    pub fn apply(&self, cases: Vec<Case>) -> Result<Vec<Case>, RunError> {
        self.check_names(&cases).map_err(|UsageError(message)| UsageError(message + &elsewhere()))?;
        let matching: Vec<&Case> = cases.iter().filter(|case| self.matches(case)).collect();
        if matching.is_empty() {
            return Err(RunError::NoMatch(self.no_match(&cases) + &elsewhere()));
        }
        let ignored = matching.iter().filter(|case| case.ignored().is_some()).count();
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
        Ok(cases
            .into_iter()
            .filter(|case| {
                self.matches(case)
                    && self.takes(case)
                    && self.partition.is_none_or(|partition| partition.holds(case.id()))
            })
            .collect())
    }

    fn matches(&self, case: &Case) -> bool {
        let benchmark = case.benchmark();
        (self.categories.is_empty() || self.categories.contains(&benchmark.category))
            && (self.models.is_empty()
                || benchmark.model.is_some_and(|model| self.models.iter().any(|wanted| wanted == model)))
            && (self.tags.is_empty()
                || benchmark.tags.iter().any(|tag| self.tags.iter().any(|wanted| wanted == tag)))
            && (self.patterns.is_empty() || self.patterns.iter().any(|pattern| pattern.matches(case.id())))
            && !self.skip.iter().any(|pattern| pattern.matches(case.id()))
            && self.arguments.matches(case)
    }

    fn takes(&self, case: &Case) -> bool {
        match self.ignored {
            Ignored::Exclude => case.ignored().is_none(),
            Ignored::Only => case.ignored().is_some(),
            Ignored::Include => true,
        }
    }

    fn check_names(&self, cases: &[Case]) -> Result<(), UsageError> {
        let benchmarks = || cases.iter().map(Case::benchmark);
        for model in &self.models {
            if !benchmarks().any(|benchmark| benchmark.model == Some(model)) {
                return Err(UsageError::unknown(
                    "model",
                    model,
                    nearest::rank(model, benchmarks().filter_map(|benchmark| benchmark.model)),
                ));
            }
        }
        for tag in &self.tags {
            if !benchmarks().any(|benchmark| benchmark.tags.contains(&tag.as_str())) {
                return Err(UsageError::unknown(
                    "tag",
                    tag,
                    nearest::rank(tag, benchmarks().flat_map(|benchmark| benchmark.tags.iter().copied())),
                ));
            }
        }
        for (name, wanted) in &self.arguments.0 {
            let axes = || benchmarks().flat_map(|benchmark| benchmark.axes.iter());
            let known: BTreeSet<String> = axes()
                .filter(|axis| axis.name == name)
                .flat_map(|axis| (0..axis.len).map(axis.label))
                .collect();
            if known.is_empty() {
                return Err(UsageError::unknown(
                    "argument",
                    name,
                    nearest::rank(name, axes().map(|axis| axis.name)),
                ));
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

    /// What there is, nearest to what was asked for.
    fn no_match(&self, cases: &[Case]) -> String {
        /// A screenful, with room for the rest of the message.
        const SHOWN: usize = 15;
        let text = self.patterns.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        let ranked = nearest::rank_ids(&text, cases.iter().map(Case::id));
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

/// cargo starts every bench target with the same filters, and stops at the first that fails.
fn elsewhere() -> String {
    let target = crate::runner::own_target();
    format!("\n(this is the bench target `{target}`; to ask another one: `cargo bench --bench NAME -- …`)")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::benchmark::{Axis, Benchmark, Ignore, Overrides, Source};

    static FORWARD: Benchmark = Benchmark {
        name: "forward",
        model: Some("resnet"),
        category: Category::Performance,
        tags: &["nightly"],
        targets: &[],
        axes: &[Axis { name: "batch", len: 3, label: |i| ["1", "8", "32"][i].to_owned() }],
        settings: Overrides::NONE,
        ignore: Ignore::When(&[Axis { name: "batch", len: 1, label: |_| "32".to_owned() }]),
        source: Source { module: "models::resnet", file: "resnet.rs", line: 1 },
        call: |_, _| Ok(()),
    };
    static SOFTMAX: Benchmark = Benchmark {
        name: "softmax",
        model: None,
        category: Category::Unit,
        tags: &[],
        targets: &[],
        axes: &[],
        settings: Overrides::NONE,
        ignore: Ignore::No,
        source: Source { module: "suite", file: "suite.rs", line: 1 },
        call: |_, _| Ok(()),
    };

    fn all() -> Vec<Case> {
        Case::all_of(&FORWARD).chain(Case::all_of(&SOFTMAX)).collect()
    }

    fn ids(selection: &Selection) -> Vec<String> {
        selection
            .apply(all())
            .map(|cases| cases.iter().map(|case| case.id().to_owned()).collect())
            .expect("some match")
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
                patterns: vec![Pattern::Exact(case.id().to_owned())],
                ignored: Ignored::Include,
                ..Selection::default()
            };
            assert_eq!(ids(&exact), [case.id()]);
        }
    }

    #[test]
    fn unknown_names_are_answered_with_the_nearest() {
        let fails = |selection: Selection, wanted: &str| {
            let message = selection.apply(all()).expect_err("nothing matches").to_string();
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
