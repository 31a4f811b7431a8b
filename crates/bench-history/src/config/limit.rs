//! A limit that a figure must keep in every run.

use bench_syntax::objective::{Objective, Quantity};

/// The names of the time of an iteration in the history and in targets.
const TIME: (&str, &str) = ("time", "median");

/// A limit that a figure must keep in every run, whatever it was before, in the grammar of targets:
/// `"time < 5ms"`, `"ttfa_p95 <= 200ms @ concurrency=8"`. `time` is the median.
#[derive(Clone, Debug, PartialEq)]
pub struct Limit {
    /// The text as written.
    pub text: String,
    /// The parsed limit.
    pub target: Objective,
}

impl TryFrom<String> for Limit {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let read = |text: &str| Objective::parse(text).map_err(|error| error.to_string());
        let target = read(&text)?;
        let target = match &target.what {
            // Parsed again under the name in targets, for which the units are known.
            Quantity::Metric(name) if name == TIME.0 => {
                read(&text.replacen(TIME.0, TIME.1, 1)).map_err(|error| error.replace(TIME.1, TIME.0))?
            }
            _ => target,
        };
        Ok(Limit { text: text.trim().to_owned(), target })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_is_the_median() {
        let limit = Limit::try_from(" time < 5ms".to_owned()).expect("a limit");
        assert_eq!((limit.text.as_str(), limit.target.value), ("time < 5ms", 0.005));
        assert_eq!(limit.target.what, Quantity::Metric("median".into()));
        let error = Limit::try_from("time < 5MB".to_owned()).expect_err("a size");
        assert!(error.contains("\"time < 5MB\"") && error.contains("`time` is a time"), "{error}");
    }
}
