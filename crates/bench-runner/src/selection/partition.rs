//! `--partition`: one part of several.

use std::fmt;
use std::str::FromStr;

use bench_stats::seed::hash;
use bench_syntax::{Share, UsageError};

/// One part of several, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Partition(Share);

impl Partition {
    /// Whether a case belongs to this part, by the hash of its id: the parts of a suite that run on different machines
    /// add up to the whole.
    pub(super) fn holds(self, id: &str) -> bool {
        hash(id) % u64::from(self.0.of()) == u64::from(self.0.rank())
    }

    /// Returns the part as a share of the whole.
    pub fn share(self) -> Share {
        self.0
    }
}

impl From<Share> for Partition {
    fn from(share: Share) -> Self {
        Partition(share)
    }
}

impl fmt::Display for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Partition {
    type Err = UsageError;

    fn from_str(text: &str) -> Result<Self, UsageError> {
        let wrong = |_| UsageError::malformed("partition", text, "`k/n` with 1 ≤ k ≤ n, such as `1/4`");
        text.parse().map(Partition).map_err(wrong)
    }
}
