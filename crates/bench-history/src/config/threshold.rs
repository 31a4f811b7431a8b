//! The amount by which a figure may become worse.

use bench_syntax::objective::{Objective, Unit};
use serde::Deserialize;

/// The largest share that is accepted: a larger one is not plausible.
const MOST: f64 = 100.0;

/// The amount by which a figure may become worse.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(try_from = "String")]
pub enum Threshold {
    /// Worse by this share of the earlier value: `"2%"` is 0.02.
    Share(f64),
    /// Worse by this amount: `"200us"`, `"10MiB"`, or `"5"` in the figure's own unit.
    Amount {
        /// The value in seconds or bytes, or as it is written.
        value: f64,
        /// The unit of the threshold.
        unit: Unit,
    },
    /// Worse by any amount: `"any"`.
    Any,
}

impl TryFrom<String> for Threshold {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text.trim() == "any" {
            return Ok(Threshold::Any);
        }
        // A value with its unit is read as in targets.
        let read = Objective::parse(&format!("figure <= {text}")).ok().filter(|target| target.at.is_empty());
        match read.map(|target| (target.value, target.unit)) {
            Some((value, Unit::Ratio)) if text.trim_end().ends_with('%') && value > MOST => Err(format!(
                "`{text}` would let everything pass: expected at most {}%, or \"any\"",
                MOST * 100.0
            )),
            Some((value, Unit::Ratio)) if text.trim_end().ends_with('%') => Ok(Threshold::Share(value)),
            Some((value, unit)) if unit != Unit::Ratio => Ok(Threshold::Amount { value, unit }),
            _ => Err(format!(
                "`{text}` is not a threshold: expected a share such as \"2%\", an amount such as \"200us\" or \
                 \"10MiB\", or \
                 \"any\""
            )),
        }
    }
}

impl Threshold {
    /// Returns the change for the worse that is allowed from `before`, both in `unit`; `None` if the threshold is an
    /// amount in a unit that does not fit.
    pub fn amount(self, before: f64, unit: &str) -> Option<f64> {
        match self {
            Threshold::Share(share) => Some(share * before.abs()),
            Threshold::Amount { value, unit: own } => Some(value / own.in_one(unit)?),
            Threshold::Any => Some(f64::INFINITY),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Threshold, String> {
        Threshold::try_from(text.to_owned())
    }

    #[test]
    fn shares_and_amounts_are_read() {
        assert_eq!(read("2%"), Ok(Threshold::Share(0.02)));
        assert_eq!(read("0.5 %"), Ok(Threshold::Share(0.005)));
        assert_eq!(read("200us"), Ok(Threshold::Amount { value: 2e-4, unit: Unit::Seconds }));
        assert_eq!(read("1MiB"), Ok(Threshold::Amount { value: 1_048_576.0, unit: Unit::Bytes }));
        assert_eq!(read("5"), Ok(Threshold::Amount { value: 5.0, unit: Unit::Own }));
        assert_eq!(read("any"), Ok(Threshold::Any));
        for wrong in
            ["", "%", "two", "-2%", "1.5x", "2% @ batch=8", "2 %%", "inf", "NaN%", "99999999999999999999 %"]
        {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_is_allowed_is_in_the_unit_of_the_figure() {
        let amount = |text: &str, before, unit| read(text).expect(text).amount(before, unit);
        assert_eq!(amount("10%", -2.0, "s"), Some(0.2));
        assert_eq!(amount("200us", 2.0, "s"), Some(2e-4));
        assert_eq!(amount("1ms", 2.0, "ms"), Some(1.0));
        assert_eq!(amount("5", 2.0, "images/s"), Some(5.0));
        assert_eq!(amount("1MiB", 2.0, "s"), None);
        assert_eq!(amount("any", 2.0, "s"), Some(f64::INFINITY));
    }
}
