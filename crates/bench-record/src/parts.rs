//! [`Parts`]: the parts of one run that several processes have measured.

use serde::{Deserialize, Serialize};

use bench_syntax::Share;

/// The parts of a run that a record contains. Each process of a fleet measures one part of the suite; a store joins the
/// parts into one run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Parts {
    /// The name of the whole run, which is the same for all its parts.
    pub run: String,
    /// The number of parts of the whole run.
    pub of: u32,
    /// The numbers of the parts that the record contains, counted from 1, in ascending order.
    pub numbers: Vec<u32>,
}

impl Parts {
    /// Creates the description of one part of the run `run`.
    pub fn one(run: &str, share: Share) -> Self {
        Parts { run: run.to_owned(), of: share.of(), numbers: vec![share.rank() + 1] }
    }

    /// Returns the numbers of the parts that are not in the record.
    pub fn missing(&self) -> Vec<u32> {
        (1..=self.of).filter(|number| !self.numbers.contains(number)).collect()
    }

    /// Adds the parts of another record of the same run.
    pub fn add(&mut self, other: &Parts) {
        self.numbers.extend(&other.numbers);
        self.numbers.sort_unstable();
        self.numbers.dedup();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_add_up() {
        let part = |rank| Parts::one("nightly-7", Share::of_rank(rank, 4).expect("a part"));
        let mut parts = part(3);
        parts.add(&part(1));
        parts.add(&part(3));
        assert_eq!((&parts.numbers[..], parts.missing()), (&[2, 4][..], vec![1, 3]));
    }
}
