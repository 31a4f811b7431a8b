//! Circumstances that can change a figure without being part of any key: a new kernel begins no new line, but should
//! be named if a line changes with it.

use std::collections::BTreeMap;

use bench_record::Environment;

/// Facts about the machine during a run, by their names; unknown ones are absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Circumstances(BTreeMap<String, String>);

impl Circumstances {
    /// Returns the circumstances of a run.
    pub fn of(environment: &Environment) -> Self {
        let known = [
            ("operating system", &environment.os),
            ("GPU driver", &environment.gpu_driver),
            ("frequency governor", &environment.governor),
        ];
        known.into_iter().filter_map(|(what, value)| Some((what.to_owned(), value.clone()?))).collect()
    }

    /// Returns the name and the value of each fact.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(what, value)| (what.as_str(), value.as_str()))
    }

    /// Lists the values that are known on both sides and differ: `operating system: A → B`.
    pub fn changed(before: &Self, since: &Self) -> Vec<String> {
        let both = before.0.iter().filter_map(|(what, old)| Some((what, old, since.0.get(what)?)));
        both.filter(|(_, old, new)| old != new)
            .map(|(what, old, new)| {
                let (same, old, new) = apart(old, new);
                let around = if same { " …" } else { "" };
                format!("{what}:{around} {old} → {new}")
            })
            .collect()
    }
}

/// Returns two values without their common beginning, and whether they have one: a new kernel may explain a change,
/// and must not be hidden by the name of the distribution.
fn apart<'a>(old: &'a str, new: &'a str) -> (bool, &'a str, &'a str) {
    const BETWEEN: &str = ", ";
    let (mut old_rest, mut new_rest) = (old, new);
    while let (Some((one, old_after)), Some((other, new_after))) =
        (old_rest.split_once(BETWEEN), new_rest.split_once(BETWEEN))
        && one == other
    {
        (old_rest, new_rest) = (old_after, new_after);
    }
    (old_rest.len() < old.len(), old_rest, new_rest)
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
        let kernel =
            |version: &str| run(&format!("Linux (Debian GNU/Linux 12), kernel Linux {version}"), None);
        assert_eq!(
            Circumstances::changed(&kernel("6.18.44-fc-v782"), &kernel("6.19.2")),
            ["operating system: … kernel Linux 6.18.44-fc-v782 → kernel Linux 6.19.2"]
        );
        assert_eq!(
            Circumstances::changed(&run("Ubuntu é", None), &run("Debian 12", None)),
            ["operating system: Ubuntu é → Debian 12"]
        );
        assert_eq!(Circumstances::changed(&new, &new), [""; 0]);
        assert_eq!(Circumstances::changed(&Circumstances::default(), &new), [""; 0]);
    }
}
