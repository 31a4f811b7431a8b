//! `--args`: the values that the arguments of a case must have.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use bench_syntax::UsageError;

/// The names of arguments, with the required values of each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Arguments(pub(super) BTreeMap<String, BTreeSet<String>>);

impl Arguments {
    /// Adds the filters of `other`: more values of the same argument widen the selection, another argument narrows it.
    pub fn extend(&mut self, other: Arguments) {
        for (name, values) in other.0 {
            self.0.entry(name).or_default().extend(values);
        }
    }

    /// Returns pairs such as `batch=8`, one for each required value.
    pub fn pairs(&self) -> Vec<String> {
        let of_argument = |(name, values): (&String, &BTreeSet<String>)| {
            values.iter().map(|value| format!("{name}={value}")).collect::<Vec<_>>()
        };
        self.0.iter().flat_map(of_argument).collect()
    }

    /// Whether a case has the required values of its arguments.
    pub(super) fn matches<'a>(&self, argument: impl Fn(&str) -> Option<&'a str>) -> bool {
        self.0.iter().all(|(name, wanted)| {
            argument(name).is_some_and(|value| wanted.iter().any(|text| text.eq_ignore_ascii_case(value)))
        })
    }
}

impl FromStr for Arguments {
    type Err = UsageError;

    /// Parses `batch=8` or `batch=8,dtype=f16`.
    fn from_str(text: &str) -> Result<Self, UsageError> {
        let mut arguments = Arguments::default();
        for part in text.split(',') {
            match part.split_once('=') {
                Some((name, value)) if !name.trim().is_empty() && !value.trim().is_empty() => {
                    arguments.0.entry(name.trim().to_owned()).or_default().insert(value.trim().to_owned());
                }
                _ => {
                    return Err(UsageError::malformed(
                        "filter by arguments",
                        text,
                        "`name=value`, such as `batch=8` or `batch=8,dtype=f16`",
                    ));
                }
            }
        }
        Ok(arguments)
    }
}
