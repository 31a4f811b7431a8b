//! The part of the system that a benchmark exercises.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use crate::{UsageError, nearest};

/// The part of the system that a benchmark exercises.
///
/// ```
/// use bench_syntax::Category;
///
/// assert_eq!("performance".parse(), Ok(Category::Performance));
/// assert_eq!(Category::of_id("resnet/unit/conv[k=3]"), Some((Some("resnet"), Category::Unit)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize), serde(rename_all = "lowercase"))]
pub enum Category {
    /// One layer, one function.
    Unit,
    /// The whole way from input file to answer.
    Integration,
    /// Throughput and latency of the whole model.
    Performance,
}

impl Category {
    /// All categories, in the order in which they are shown.
    pub const ALL: [Category; 3] = [Category::Unit, Category::Integration, Category::Performance];

    /// Returns the name as written in the attribute, in filters and in case ids.
    pub const fn name(self) -> &'static str {
        match self {
            Category::Unit => "unit",
            Category::Integration => "integration",
            Category::Performance => "performance",
        }
    }

    /// Returns the model and the category in the id of a case: `model/category/name[…]` or `category/name[…]`. Names
    /// from elsewhere may have further parts; `None` if no part is a category.
    pub fn of_id(id: &str) -> Option<(Option<&str>, Category)> {
        let mut parts = id.split('[').next().unwrap_or(id).split('/');
        let known = |part: &str| Category::ALL.into_iter().find(|category| category.name() == part);
        let (first, second, third) = (parts.next()?, parts.next()?, parts.next());
        // The name comes last, and may be called like a category itself.
        match third.and_then(|_| known(second)) {
            Some(category) => Some((Some(first), category)),
            None => known(first).map(|category| (None, category)),
        }
    }

    /// Returns the default budget of a case of this category: 3 s for a unit case, 10 s for the others, over all of
    /// its rounds.
    pub const fn default_budget(self) -> Duration {
        match self {
            Category::Unit => Duration::from_secs(3),
            Category::Integration | Category::Performance => Duration::from_secs(10),
        }
    }
}

impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Category {
    type Err = UsageError;

    fn from_str(text: &str) -> Result<Self, UsageError> {
        Category::ALL.into_iter().find(|category| category.name() == text).ok_or_else(|| {
            UsageError::unknown("category", text, nearest::rank(text, Category::ALL.map(Category::name)))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_says_model_and_category() {
        for (id, said) in [
            ("resnet50/performance/forward[batch=8]", Some((Some("resnet50"), Category::Performance))),
            ("unit/softmax", Some((None, Category::Unit))),
            ("unit/unit", Some((None, Category::Unit))),
            ("m/integration/x[path=a%2Fb]", Some((Some("m"), Category::Integration))),
            ("performance/fib/20", Some((None, Category::Performance))),
            ("performance/a/b/c", Some((None, Category::Performance))),
            ("imported from elsewhere", None),
            ("a/b[c/unit/d]", None),
        ] {
            assert_eq!(Category::of_id(id), said, "{id}");
        }
    }

    #[test]
    fn an_unknown_category_is_answered_with_the_nearest() {
        let message = "performence".parse::<Category>().expect_err("no such category").to_string();
        assert!(message.contains("did you mean `performance`"), "{message}");
    }
}
