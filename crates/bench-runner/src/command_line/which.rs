//! The filters of cases that every command understands.

use crate::selection::{Arguments, Ignored, Partition, Pattern, Selection};
use bench_record::RunError;
use bench_syntax::{Category, UsageError};

/// The filters of cases that every command understands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Which {
    /// Only cases whose id contains one of these texts
    pub filters: Vec<String>,
    /// Only these categories: unit, integration, performance
    pub category: Vec<Category>,
    /// Only these models
    pub model: Vec<String>,
    /// Only cases with one of these tags
    pub tag: Vec<String>,
    /// Filters must equal the whole id
    pub exact: bool,
    /// Filters are regular expressions
    pub regex: bool,
    /// Filters are regular expressions that match names, not ids; with `exact`, they must equal the whole name
    pub by_name: bool,
    /// Leave out cases whose id contains this text (with --exact: equals it; with --regex: matches it)
    pub skip: Vec<String>,
    /// Only cases with these arguments: 'batch=8' or 'batch=8,dtype=f16'
    pub args: Vec<Arguments>,
    /// Only the cases of one part of several, such as 1/4; a stable hash of the id assigns each case to a part
    pub partition: Option<Partition>,
    /// Only cases marked `ignore`
    pub ignored: bool,
    /// Also cases marked `ignore`
    pub include_ignored: bool,
}

impl Which {
    /// Parses the filters.
    ///
    /// # Errors
    /// If a regular expression is not valid.
    pub fn selection(&self) -> Result<Selection, RunError> {
        let pattern = |text: &String| match (self.exact, self.regex || self.by_name) {
            (true, _) => Ok(Pattern::Exact(text.clone())),
            (false, true) => Pattern::regex(text),
            (false, false) => Ok(Pattern::Contains(text.clone())),
        };
        let mut arguments = Arguments::default();
        for wanted in &self.args {
            arguments.extend(wanted.clone());
        }
        Ok(Selection {
            categories: self.category.clone(),
            models: self.model.clone(),
            tags: self.tag.clone(),
            patterns: self.filters.iter().map(pattern).collect::<Result<_, UsageError>>()?,
            skip: self.skip.iter().map(pattern).collect::<Result<_, UsageError>>()?,
            by_name: self.by_name,
            arguments,
            partition: self.partition,
            ignored: match (self.ignored, self.include_ignored) {
                (true, _) => Ignored::Only,
                (false, true) => Ignored::Include,
                (false, false) => Ignored::Exclude,
            },
        })
    }

    /// Returns the same filters as flags. `ids` are the ids of the cases that pass the filters; they replace filters by
    /// name.
    pub fn to_flags(&self, ids: &[&str]) -> Vec<String> {
        if self.by_name && !(self.filters.is_empty() && self.skip.is_empty()) {
            return std::iter::once("--exact").chain(ids.iter().copied()).map(str::to_owned).collect();
        }
        let mut flags = self.filters.clone();
        let category = self.category.iter().map(ToString::to_string);
        for (flag, values) in [
            ("--category", category.collect()),
            ("--model", self.model.clone()),
            ("--tag", self.tag.clone()),
            ("--skip", self.skip.clone()),
            ("--args", self.args.iter().flat_map(Arguments::pairs).collect()),
            ("--partition", self.partition.iter().map(ToString::to_string).collect::<Vec<String>>()),
        ] {
            flags.extend(values.into_iter().flat_map(|value| [flag.to_owned(), value]));
        }
        for (flag, given) in [
            ("--exact", self.exact),
            ("--regex", self.regex),
            ("--ignored", self.ignored),
            ("--include-ignored", self.include_ignored),
        ] {
            flags.extend(given.then(|| flag.to_owned()));
        }
        flags
    }
}
