//! Compares the names in a `bench.toml` with the existing cases and figures.

use std::collections::BTreeSet;

use bench_record::Record;
use bench_syntax::nearest;

use super::rule::BUILT_IN;
use super::{Config, ConfigError};
use crate::figure::figures;
use crate::store::Series;

impl Config {
    /// Checks that every named figure and case exists, in the run or in its history: a wrong name would let everything
    /// pass.
    ///
    /// # Errors
    /// [`ConfigError::Malformed`] for the first name that does not exist, with the nearest one.
    pub fn check(&self, record: &Record, history: &[Series]) -> Result<(), ConfigError> {
        let own = record.cases.iter().flat_map(figures).map(|figure| figure.metric);
        let known: BTreeSet<String> = BUILT_IN
            .iter()
            .map(|(name, ..)| (*name).to_owned())
            .chain(own)
            .chain(history.iter().map(|series| series.key.metric.clone()))
            .collect();
        let of_rules = self.rules.iter().filter_map(|rule| Some((rule.place, rule.metric.as_ref()?)));
        let asked = self.gate.metrics.iter().map(|metric| (self.gate.place, metric)).chain(of_rules);
        for (place, metric) in asked {
            if !known.contains(metric) {
                let names = || known.iter().map(String::as_str);
                let near = nearest::question(metric, names());
                let there =
                    if near.is_empty() { format!(": there is {}", nearest::list(names())) } else { near };
                return Err(self.wrong(place, format!("no case has a figure `{metric}`{there}")));
            }
        }
        for rule in &self.rules {
            // A run that was filtered does not hold every case; of those in the history only the id is known.
            let fits = record.cases.iter().any(|case| rule.fits(case))
                || history.iter().any(|series| rule.may_fit(&series.key.case));
            if !fits {
                let ids = record.cases.iter().map(|case| case.id.as_str());
                let ids = ids.chain(history.iter().map(|series| series.key.case.as_str()));
                let wanted = rule.patterns.first().map(ToString::to_string).unwrap_or_default();
                let near =
                    nearest::rank_ids(&wanted, ids).first().map(|id| format!("; the nearest is `{id}`"));
                let message = format!("this rule matches no case{}", near.unwrap_or_default());
                return Err(self.wrong(rule.place, message));
            }
        }
        Ok(())
    }

    fn wrong(&self, (line, column): (usize, usize), message: String) -> ConfigError {
        ConfigError::Malformed { path: self.path.clone(), line, column, message }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::store::tests::record;

    #[test]
    fn what_is_named_must_exist() {
        let record = record("one", 1, &[("resnet/performance/forward", 1.0)]);
        let check =
            |text: &str| Config::parse(text, Path::new("bench.toml")).expect("read").check(&record, &[]);
        check("").expect("the default figures are there");
        check("[[rule]]\ncase = \"resnet\"\nthreshold = \"any\"\n").expect("a case");
        for (text, says) in [
            (
                "[gate]\nmetrics = [\"time\", \"tiem\"]\n",
                "2:11: no case has a figure `tiem`: did you mean `time`?",
            ),
            ("[gate]\nmetrics = [\"zebra\"]\n", "`zebra`: there is `cpu_time`"),
            ("[[rule]]\nmetric = \"peak_memroy\"\nthreshold = \"2%\"\n", "did you mean `peak_memory`?"),
            (
                "[[rule]]\ncase = \"reznet\"\nlimits = [\"time < 1s\"]\n",
                "the nearest is `resnet/performance/forward`",
            ),
            (
                "[[rule]]\ncategory = \"integration\"\nlimits = [\"time < 1s\"]\n",
                "1:1: this rule matches no case",
            ),
        ] {
            let error = check(text).expect_err(text).to_string();
            assert!(error.starts_with("bench.toml:") && error.contains(says), "{error}");
        }
    }
}
