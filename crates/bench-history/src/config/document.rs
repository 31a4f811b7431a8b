//! The content of a whole `bench.toml`.

use std::path::{Path, PathBuf};

use bench_record::CaseRecord;
use serde::Deserialize;
use toml::Spanned;

use super::error::Fault;
use super::{Alert, ConfigError, GateSettings, PageSettings, Rule, alert, gate, rule};

/// The content of a `bench.toml`.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// The path of the file; empty if none was read.
    pub path: PathBuf,
    /// `[gate]`: the rules for cases without their own rule.
    pub gate: GateSettings,
    /// `[[rule]]`: rules for some cases; if several match, the last one applies.
    pub rules: Vec<Rule>,
    /// `[[alert]]`: recipients of notifications.
    pub alerts: Vec<Alert>,
    /// `[page]`: the links of the page.
    pub page: PageSettings,
}

/// The file as it is written.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Document {
    gate: gate::Written,
    rule: Vec<Spanned<rule::Written>>,
    alert: Vec<Spanned<alert::Written>>,
    page: PageSettings,
}

impl Config {
    /// Reads a file.
    ///
    /// # Errors
    /// [`ConfigError`]: it cannot be read, is not TOML, or has an unknown key or an invalid value.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ConfigError::Io { path: path.to_owned(), source })?;
        Config::parse(&text, path)
    }

    /// Parses the text of a file; `path` is its name in errors.
    ///
    /// # Errors
    /// Same as [`Config::read`].
    pub fn parse(text: &str, path: &Path) -> Result<Self, ConfigError> {
        let read = || -> Result<Self, Fault> {
            let document: Document = toml::from_str(text)?;
            let gate = GateSettings::of(document.gate, text);
            let rules =
                document.rule.into_iter().map(|rule| Rule::of(rule, text)).collect::<Result<_, _>>()?;
            let alerts = document.alert.into_iter().map(Alert::of).collect::<Result<_, _>>()?;
            Ok(Config { path: path.to_owned(), gate, rules, alerts, page: document.page })
        };
        read().map_err(|fault| fault.told(text, path))
    }

    /// Returns how much worse than `before` this figure of this case may become, in its unit; `None` if it is not to be
    /// judged.
    ///
    /// # Errors
    /// [`ConfigError::Malformed`] if the threshold is an amount in a unit that does not fit the figure.
    pub fn allowed(
        &self,
        case: &CaseRecord,
        metric: &str,
        unit: &str,
        before: f64,
    ) -> Result<Option<f64>, ConfigError> {
        let asked = self.gate.metrics.iter().any(|asked| asked == metric);
        let fits = |rule: &&Rule| {
            rule.threshold.is_some()
                && rule.metric.as_deref().map_or(asked, |of| of == metric)
                && rule.fits(case)
        };
        let Some(rule) = self.rules.iter().rev().find(fits) else {
            return Ok(if asked { self.gate.threshold.amount(before, unit) } else { None });
        };
        let amount = rule.threshold.and_then(|threshold| threshold.amount(before, unit));
        let (line, column) = rule.place;
        amount.map(Some).ok_or_else(|| ConfigError::Malformed {
            path: self.path.clone(),
            line,
            column,
            message: format!("`{metric}` of `{}` is measured in {unit}, but the threshold is not", case.id),
        })
    }
}

#[cfg(test)]
mod tests {
    use bench_syntax::Category;

    use super::*;

    fn error(text: &str) -> String {
        Config::parse(text, Path::new("bench.toml")).expect_err(text).to_string()
    }

    #[test]
    fn an_empty_file_asks_for_nothing() {
        let config = Config::parse("", Path::new("bench.toml")).expect("read");
        assert_eq!(config.gate, GateSettings::default());
        assert!(config.rules.is_empty() && config.alerts.is_empty());
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line_and_column() {
        for (text, place, says) in [
            ("[gate]\nthreshhold = \"2%\"\n", "2:1", "unknown field `threshhold`"),
            ("[gaet]\n", "1:2", "unknown field `gaet`"),
            ("[gate]\nthreshold = 0.02\n", "2:13", "expected a string"),
            ("[gate]\nthreshold = \"2 parsecs\"\n", "2:13", "`2 parsecs` is not a threshold"),
            ("[gate]\nthreshold = \"5ms\"\n", "2:13", "a share"),
            ("[gate]\nthreshold = \"2%\n", "2:16", ""),
            ("[gate]\n\n# ümläut\nmetrics = [\"time\", 3]\n", "4:20", "expected a string"),
            ("[[rule]]\ncategory = \"slow\"\nthreshold = \"2%\"\n", "2:12", "`performance`"),
            ("[[rule]]\nregex = \"a(\"\nthreshold = \"2%\"\n", "2:9", "regular expression"),
            ("[[rule]]\nlimits = [\"time < 5MB\"]\n", "2:11", "a time"),
            ("[[rule]]\nlimits = [\"time <= 1s\", \"time 5ms\"]\n", "2:25", "one of `<=`"),
            ("[[rule]]\nmetric = \"time\"\nthreshold = \"5MB\"\n", "3:13", "`time` is measured in s"),
            ("[[rule]]\nmetric = \"peak_memory\"\nthreshold = \"5\"\n", "3:13", "measured in bytes"),
            ("[[rule]]\nthreshold = \"5ms\"\n", "2:13", "add `metric`"),
            ("[[rule]]\nmetric = \"time\"\nlimits = [\"time < 5ms\"]\n", "2:10", "needs a `threshold`"),
            ("[[alert]]\n", "1:1", "one of `webhook`, `command` and `github`"),
            ("[[alert]]\nwebhook = \"A\"\ngithub = \"summary\"\n", "1:1", "one of `webhook`"),
            ("[[alert]]\nwebhook = \"https://x/secret\"\n", "2:11", "environment variable"),
            ("[[alert]]\nwebhook = \"A\"\nshape = \"xml\"\n", "3:9", "unknown variant `xml`"),
            ("[[alert]]\nwebhook = \"A\"\ntimeout = \"soon\"\n", "3:11", "\"soon\""),
            ("[[alert]]\ncommand = []\n", "2:11", "a program"),
            ("[[alert]]\ngithub = \"summary\"\nshape = \"chat\"\n", "3:9", "needs `webhook`"),
            ("[[alert]]\ngithub = \"summary\"\ntimeout = \"1s\"\n", "3:11", "needs `webhook`"),
            ("[page]\ncommit = \"https://h/commit\"\n", "2:10", "`{}` once"),
            ("[page]\nrange = \"https://h/{}\"\n", "2:9", "`{}` twice"),
            ("[page]\ncommit = \"javascript:alert({})\"\n", "2:10", "an address"),
            ("[gate]\n\n[[rule]]\ncase = \"x\"\n", "3:1", "this rule has no effect"),
        ] {
            let message = error(text);
            assert!(message.starts_with(&format!("bench.toml:{place}: ")), "{text}\n{message}");
            assert!(message.contains(says), "{text}\n{message}");
        }
    }

    #[test]
    fn the_page_links_to_a_forge() {
        let text = "[page]\ncommit = \"https://h/commit/{}\"\nrange = \"https://h/compare/{}...{}\"\n";
        let config = Config::parse(text, Path::new("bench.toml")).expect("read");
        let page = (config.page.commit.as_deref(), config.page.range.as_deref());
        assert_eq!(page, (Some("https://h/commit/{}"), Some("https://h/compare/{}...{}")));
    }

    #[test]
    fn the_last_rule_that_fits_has_the_word() {
        let text = "[gate]\nthreshold = \"1%\"\n\n[[rule]]\ncategory = \"unit\"\nthreshold = \"5%\"\n\n\
                    [[rule]]\nmetric = \"ips\"\nthreshold = \"3\"\n\n\
                    [[rule]]\ncase = \"noisy\"\nthreshold = \"any\"\n\n\
                    [[rule]]\nexact = \"unit/noisy\"\nmetric = \"time\"\nthreshold = \"200ms\"\n";
        let config = Config::parse(text, Path::new("bench.toml")).expect("read");
        let unit = |id: &str| CaseRecord::blank(id, Category::Unit);
        let allowed = |case: &CaseRecord, metric: &str, of: &str| config.allowed(case, metric, of, 2.0);
        let other = CaseRecord::blank("m/performance/a", Category::Performance);
        assert_eq!(allowed(&other, "time", "s").expect("asked"), Some(0.02));
        assert_eq!(allowed(&other, "load", "s").expect("nobody asks"), None);
        assert_eq!(allowed(&unit("unit/a"), "time", "s").expect("asked"), Some(0.1));
        assert_eq!(allowed(&unit("unit/a"), "load", "s").expect("nobody asks"), None);
        assert_eq!(allowed(&unit("unit/a"), "ips", "images/s").expect("asked"), Some(3.0));
        assert_eq!(allowed(&unit("unit/noisy"), "peak_memory", "bytes").expect("asked"), Some(f64::INFINITY));
        assert_eq!(allowed(&unit("unit/noisy"), "time", "s").expect("asked"), Some(0.2));
        let text = "[[rule]]\nmetric = \"ips\"\nthreshold = \"3ms\"\n";
        let config = Config::parse(text, Path::new("bench.toml")).expect("read");
        let error = config.allowed(&other, "ips", "images/s", 2.0).expect_err("no time").to_string();
        assert!(error.starts_with("bench.toml:3:13: `ips` of `m/performance/a`"), "{error}");
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let message = Config::read(Path::new("no/bench.toml")).expect_err("not there").to_string();
        assert!(message.starts_with("cannot read no/bench.toml: "), "{message}");
    }
}
