//! What may change a figure without being part of any key: a new kernel begins no new line, but should be named where
//! a line changes with it.

use std::collections::BTreeMap;

use bench_record::Environment;

/// Facts about the machine during a run, by what they are called; what was not known is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Circumstances(BTreeMap<String, String>);

impl Circumstances {
    /// Those of a run.
    pub fn of(environment: &Environment) -> Self {
        let known = [
            ("operating system", &environment.os),
            ("GPU driver", &environment.gpu_driver),
            ("frequency governor", &environment.governor),
        ];
        known.into_iter().filter_map(|(what, value)| Some((what.to_owned(), value.clone()?))).collect()
    }

    /// Each fact and its value.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(what, value)| (what.as_str(), value.as_str()))
    }

    /// What is known of both and differs: `operating system: A → B`.
    pub fn changed(before: &Self, since: &Self) -> Vec<String> {
        let both = before.0.iter().filter_map(|(what, old)| Some((what, old, since.0.get(what)?)));
        both.filter(|(_, old, new)| old != new)
            .map(|(what, old, new)| format!("{what}: {old} → {new}"))
            .collect()
    }
}

impl FromIterator<(String, String)> for Circumstances {
    fn from_iter<T: IntoIterator<Item = (String, String)>>(facts: T) -> Self {
        Circumstances(facts.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_of_both_runs_and_differs_is_told() {
        let run = |os: &str, driver: Option<&str>| {
            let mut environment = Environment::default();
            environment.os = Some(os.to_owned());
            environment.gpu_driver = driver.map(str::to_owned);
            Circumstances::of(&environment)
        };
        let (old, new) = (run("Ubuntu 22.04", None), run("Ubuntu 24.04", Some("580")));
        assert_eq!(Circumstances::changed(&old, &new), ["operating system: Ubuntu 22.04 → Ubuntu 24.04"]);
        assert_eq!(Circumstances::changed(&new, &new), [""; 0]);
        assert_eq!(Circumstances::changed(&Circumstances::default(), &new), [""; 0]);
    }
}
