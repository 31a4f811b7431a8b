//! The share of a machine in the change of a case.

use bench_stats as stats;

use crate::trend::Turn;

/// The number of standard errors from the machine's share beyond which a case has changed by more or less than the
/// machine.
const CLEAR: f64 = 4.0;

/// The smallest rest that a case keeps as its own change, as a share of its level: the smallest shift of interest.
const SMALLEST: f64 = 0.005;

/// The common part of the cases that changed on one night, in logarithms.
#[derive(Clone, Copy, Debug)]
pub(super) struct Share {
    common: f64,
    /// The spread of the cases.
    spread: f64,
}

impl Share {
    /// Takes the median of the shifts; `None` if no change has one.
    pub(super) fn of<'a>(turns: impl Iterator<Item = &'a Turn>) -> Option<Self> {
        let by = stats::sorted(&turns.filter_map(|turn| turn.shift).map(f64::ln_1p).collect::<Vec<_>>());
        let common = stats::median(&by).filter(|common| common.is_finite())?;
        Some(Share { common, spread: stats::robust_deviation(&by).unwrap_or(0.0) })
    }

    /// Returns the share: 0.03 is three per cent more.
    pub(super) fn shift(self) -> f64 {
        self.common.exp_m1()
    }

    /// Returns the part of a change that the machine has added, and the part of the case itself; `None` if the machine
    /// has added all of it. That is the rule: most changes differ from the machine's share by no more than the spread
    /// of the cases and their own error explain.
    pub(super) fn taken_out_of(self, turn: Turn) -> (Turn, Option<Turn>) {
        let Some(by) = turn.shift.map(f64::ln_1p).filter(|by| by.is_finite()) else { return (turn, None) };
        let own = by - self.common;
        // The standard error of the change is its size divided by `z`.
        let error = self.spread.hypot(by / turn.z.abs().max(1.0));
        if own.abs() < (CLEAR * error).max(SMALLEST) {
            return (turn, None);
        }
        let between = turn.before * self.common.exp();
        let own = Turn {
            before: between,
            shift: Some(own.exp_m1()),
            // Of a change for the worse, a rest in the other direction is for the better, and vice versa.
            worse: turn.worse == ((own > 0.0) == (by > 0.0)),
            of_machine: Some(self.shift()),
            ..turn.clone()
        };
        (Turn { after: between, shift: Some(self.shift()), ..turn }, Some(own))
    }
}
