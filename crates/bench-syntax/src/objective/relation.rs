//! The side of a limit on which a figure should lie.

/// The side of a limit on which a figure should lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// `<=`
    AtMost,
    /// `<`
    Below,
    /// `>=`
    AtLeast,
    /// `>`
    Above,
}

impl Relation {
    /// Whether `value` lies on the right side of `limit`.
    pub fn holds(self, value: f64, limit: f64) -> bool {
        match self {
            Relation::AtMost => value <= limit,
            Relation::Below => value < limit,
            Relation::AtLeast => value >= limit,
            Relation::Above => value > limit,
        }
    }

    /// Returns the share of `limit` that `value` reaches, from 0 to 1: `limit / value` if less is better, `value /
    /// limit` if more is, and 1 if the limit is met.
    pub fn attainment(self, value: f64, limit: f64) -> f64 {
        if self.holds(value, limit) {
            return 1.0;
        }
        let share = match self {
            Relation::AtMost | Relation::Below => limit / value,
            Relation::AtLeast | Relation::Above => value / limit,
        };
        // 0 / 0 of a limit that must not be reached, and figures below zero.
        if share.is_nan() { 0.0 } else { share.clamp(0.0, 1.0) }
    }
}
