//! `--partition`: one part of several.

use std::str::FromStr;

use crate::error::UsageError;

/// Part `part` of `of`, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Partition {
    part: u64,
    of: u64,
}

impl Partition {
    /// The hash must be the same in every build and on every machine, so that the parts of a suite
    /// that run on different machines add up to the whole: FNV-1a, 64 bits.
    pub(super) fn holds(self, id: &str) -> bool {
        let hash = id.bytes().fold(0xcbf2_9ce4_8422_2325u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        crate::plan::mix(hash) % self.of == self.part - 1
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
