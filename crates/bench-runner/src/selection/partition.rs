//! `--partition`: one part of several.

use std::fmt;
use std::str::FromStr;

use bench_stats::seed::hash;
use bench_syntax::UsageError;

/// Part `part` of `of`, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Partition {
    part: u64,
    of: u64,
}

impl Partition {
    /// By the hash of the id: the parts of a suite that run on different machines add up to the whole.
    pub(super) fn holds(self, id: &str) -> bool {
        hash(id) % self.of == self.part - 1
    }
}

impl fmt::Display for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.part, self.of)
    }
}

impl FromStr for Partition {
    type Err = UsageError;

    fn from_str(text: &str) -> Result<Self, UsageError> {
        text.split_once('/')
            .and_then(|(part, of)| {
                Some(Partition { part: part.trim().parse().ok()?, of: of.trim().parse().ok()? })
            })
            .filter(|partition| partition.part >= 1 && partition.part <= partition.of)
            .ok_or_else(|| UsageError::malformed("partition", text, "`k/n` with 1 ≤ k ≤ n, such as `1/4`"))
    }
}
