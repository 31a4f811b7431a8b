//! Whether a comparison of a program with itself leans to one side.

use bench_stats::symmetry_p_value;
use serde::{Deserialize, Serialize};

/// The p-value below which estimates lean clearly to one side. One calibration in a hundred falls below it by chance.
const CLEAR: f64 = 0.01;

/// The side to which the estimates leaned when a program was compared with itself.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Symmetry {
    /// The number of comparisons whose estimate of the change is above 0, whatever their verdict.
    pub slower: u64,
    /// The number of comparisons whose estimate of the change is below 0.
    pub faster: u64,
    /// The two-sided p-value of such an uneven split if both sides are equally likely, as they must be if only chance
    /// distinguishes them ([`symmetry_p_value`]).
    pub p_value: f64,
}

impl Symmetry {
    /// Counts the signs of `changes`. A change of exactly 0 leans to no side.
    pub fn of(changes: impl IntoIterator<Item = f64>) -> Self {
        let (mut slower, mut faster) = (0, 0);
        for change in changes {
            slower += u64::from(change > 0.0);
            faster += u64::from(change < 0.0);
        }
        Symmetry { slower, faster, p_value: symmetry_p_value(slower, faster) }
    }

    /// Whether there are enough estimates to show that one side is clearly favoured, if all lean to it.
    pub fn can_be_broken(&self) -> bool {
        symmetry_p_value(self.slower + self.faster, 0) < CLEAR
    }

    /// Whether one side is clearly favoured.
    pub fn is_broken(&self) -> bool {
        self.p_value < CLEAR
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_clear_imbalance_breaks_symmetry() {
        let of = |slower: usize, faster: usize| {
            Symmetry::of(std::iter::repeat_n(0.01, slower).chain(std::iter::repeat_n(-0.02, faster)))
        };
        assert!(of(16, 2).is_broken() && of(2, 16).is_broken());
        assert!(!of(203, 211).is_broken() && !of(6, 0).is_broken() && !of(0, 0).is_broken());
        assert!(of(8, 0).can_be_broken() && of(4, 4).can_be_broken() && !of(4, 3).can_be_broken());
        assert_eq!((of(3, 5).slower, of(3, 5).faster), (3, 5));
        assert_eq!(Symmetry::of([0.0, f64::NAN]).slower + Symmetry::of([0.0, f64::NAN]).faster, 0);
    }
}
