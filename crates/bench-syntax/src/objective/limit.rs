//! A limit on one figure.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use crate::UsageError;
use crate::objective::{Relation, Unit, grammar};

/// A limit on one figure. `#[benchmark(targets("…"))]` writes it as a constant; [`Objective::parse`] reads the same
/// grammar at run time.
///
/// ```
/// use bench_syntax::objective::{Quantity, Relation, Objective, Unit};
///
/// let target = Objective::parse("ttfa_p95 <= 200ms @ concurrency=8")?;
/// assert_eq!(target.what, Quantity::Metric("ttfa_p95".into()));
/// assert_eq!((target.relation, target.value, target.unit), (Relation::AtMost, 0.2, Unit::Seconds));
/// assert_eq!((&*target.at[0].name, &*target.at[0].value), ("concurrency", "8"));
/// # Ok::<(), bench_syntax::UsageError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Objective {
    /// The text as written.
    pub text: Cow<'static, str>,
    /// The limited quantity.
    pub what: Quantity,
    /// The side of the limit on which the value should lie.
    pub relation: Relation,
    /// The limit, in [`unit`](Self::unit).
    pub value: f64,
    /// The unit of the limit.
    pub unit: Unit,
    /// The cases, by an argument, or the levels, by a setting, to which it is restricted; all must agree.
    pub at: Cow<'static, [Setting]>,
}

/// The limited quantity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Quantity {
    /// A figure, by its name or a metric's `key`.
    Metric(Cow<'static, str>),
    /// The speed of the case relative to another case of the same run, which is given by its id. An id without
    /// arguments means the case with the same arguments or, if there is none, the case without arguments.
    SpeedupOverCase(Cow<'static, str>),
    /// The speed of the case relative to an earlier run, by its name.
    SpeedupOverRun(Cow<'static, str>),
}

/// An argument of a case, or a setting of a level, and the value that it must have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Its name.
    pub name: Cow<'static, str>,
    /// Its value, as in reports.
    pub value: Cow<'static, str>,
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.name, self.value)
    }
}

impl Objective {
    /// Reads `NAME OP VALUE [@ KEY=VALUE[,KEY=VALUE]]`, as the attribute does.
    ///
    /// # Errors
    /// The fault of the text, and a correct example.
    pub fn parse(text: &str) -> Result<Self, UsageError> {
        use grammar::What;
        let owned = |text: &str| Cow::Owned(text.to_owned());
        let parsed = grammar::parse(text).map_err(|fault| UsageError(fault.message(text)))?;
        Ok(Objective {
            text: owned(text.trim()),
            what: match parsed.what {
                What::Metric(name) => Quantity::Metric(owned(name)),
                What::SpeedupOverCase(id) => Quantity::SpeedupOverCase(owned(id)),
                What::SpeedupOverRun(run) => Quantity::SpeedupOverRun(owned(run)),
            },
            relation: parsed.relation,
            value: parsed.value,
            unit: parsed.unit,
            at: parsed
                .at
                .iter()
                .map(|(name, value)| Setting { name: owned(name), value: owned(value) })
                .collect(),
        })
    }
}

impl FromStr for Objective {
    type Err = UsageError;

    fn from_str(text: &str) -> Result<Self, UsageError> {
        Objective::parse(text)
    }
}

impl fmt::Display for Objective {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sides_and_shares() {
        use Relation::{Above, AtLeast, AtMost, Below};
        for (relation, value, limit, holds, attainment) in [
            (AtMost, 5.0, 5.0, true, 1.0),
            (Below, 5.0, 5.0, false, 1.0),
            (AtMost, 10.0, 5.0, false, 0.5),
            (AtMost, 1.0, 0.0, false, 0.0),
            (AtMost, 0.0, 0.0, true, 1.0),
            (Below, 0.0, 0.0, false, 0.0),
            (AtLeast, 5.0, 5.0, true, 1.0),
            (Above, 5.0, 5.0, false, 1.0),
            (AtLeast, 4.0, 5.0, false, 0.8),
            (AtLeast, -4.0, 5.0, false, 0.0),
            (AtLeast, 50.0, 5.0, true, 1.0),
        ] {
            assert_eq!(relation.holds(value, limit), holds, "{relation:?} {value} {limit}");
            assert_eq!(relation.attainment(value, limit), attainment, "{relation:?} {value} {limit}");
        }
    }

    #[test]
    fn what_is_no_target_is_answered_with_what_would_be_right() {
        let message = Objective::parse("median 5s").expect_err("no comparison").to_string();
        assert!(
            message.contains("instead of one of `<=`") && message.contains("\"median <= 5s\""),
            "{message}"
        );
        let target: Objective = " speedup(run:base) > 1.5x ".parse().expect("a target");
        assert_eq!(target.what, Quantity::SpeedupOverRun("base".into()));
        assert_eq!(target.to_string(), "speedup(run:base) > 1.5x");
    }
}
