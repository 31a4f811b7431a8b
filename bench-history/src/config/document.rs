//! The whole file.

use std::path::Path;

use serde::Deserialize;
use toml::Spanned;

use super::error::Fault;
use super::rule::Written;
use super::{ConfigError, GateSettings, Rule};

/// What a `bench.toml` says.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// `[gate]`: what holds where no rule says otherwise.
    pub gate: GateSettings,
    /// `[[rule]]`: what holds for some cases; of several that fit, the last one has the word.
    pub rules: Vec<Rule>,
}

/// The file as it is written.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Document {
    gate: GateSettings,
    rule: Vec<Spanned<Written>>,
}

impl Config {
    /// Reads a file.
    ///
    /// # Errors
    /// [`ConfigError`]: it cannot be read, is not TOML, or has a key or a value that means nothing.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ConfigError::Io { path: path.to_owned(), source })?;
        Config::parse(&text, path)
    }

    /// Reads the text of a file; `path` is what errors call it.
    ///
    /// # Errors
    /// As [`Config::read`].
    pub fn parse(text: &str, path: &Path) -> Result<Self, ConfigError> {
        let read = || -> Result<Self, Fault> {
            let document: Document = toml::from_str(text)?;
            let rules = document.rule.into_iter().map(Rule::of).collect::<Result<_, _>>()?;
            Ok(Config { gate: document.gate, rules })
        };
        read().map_err(|fault| fault.told(text, path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        Config::parse(text, Path::new("bench.toml")).expect_err(text).to_string()
    }

    #[test]
    fn an_empty_file_asks_for_nothing() {
        let config = Config::parse("", Path::new("bench.toml")).expect("read");
        assert_eq!(config.gate, GateSettings::default());
        assert!(config.rules.is_empty());
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line_and_column() {
        for (text, place, says) in [
            ("[gate]\nthreshhold = \"2%\"\n", "2:1", "unknown field `threshhold`"),
            ("[gaet]\n", "1:2", "unknown field `gaet`"),
            ("[gate]\nthreshold = 0.02\n", "2:13", "expected a string"),
            ("[gate]\nthreshold = \"2 parsecs\"\n", "2:13", "`2 parsecs` is no threshold"),
            ("[gate]\nthreshold = \"5ms\"\n", "2:13", "a share"),
            ("[gate]\nthreshold = \"2%\n", "2:16", ""),
            ("[gate]\n\n# ümläut\nmetrics = [\"time\", 3]\n", "4:20", "expected a string"),
            ("[[rule]]\ncategory = \"slow\"\nthreshold = \"2%\"\n", "2:12", "`performance`"),
            ("[[rule]]\nregex = \"a(\"\nthreshold = \"2%\"\n", "2:9", "regular expression"),
            ("[[rule]]\nlimits = [\"time < 5MB\"]\n", "2:11", "a time"),
            ("[[rule]]\nlimits = [\"time <= 1s\", \"time 5ms\"]\n", "2:25", "one of `<=`"),
            ("[[rule]]\nmetric = \"time\"\nthreshold = \"5MB\"\n", "3:13", "`time` is counted in s"),
            ("[[rule]]\nmetric = \"peak_memory\"\nthreshold = \"5\"\n", "3:13", "counted in bytes"),
            ("[[rule]]\nthreshold = \"5ms\"\n", "2:13", "add `metric`"),
            ("[[rule]]\nmetric = \"time\"\nlimits = [\"time < 5ms\"]\n", "2:10", "goes with a `threshold`"),
            ("[gate]\n\n[[rule]]\ncase = \"x\"\n", "3:1", "neither a `threshold` nor `limits`"),
        ] {
            let message = error(text);
            assert!(message.starts_with(&format!("bench.toml:{place}: ")), "{text}\n{message}");
            assert!(message.contains(says), "{text}\n{message}");
        }
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let message = Config::read(Path::new("no/bench.toml")).expect_err("not there").to_string();
        assert!(message.starts_with("cannot read no/bench.toml: "), "{message}");
    }
}
