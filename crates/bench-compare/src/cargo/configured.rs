//! The variables that cargo's configuration sets in `[env]`. `cargo bench` sets them for the programs that it runs; a
//! program that is started without cargo lacks them.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::Path;

use bench_protocol::cargo_home;
use bench_runner::program::Program;
use serde::Deserialize;

#[derive(Deserialize)]
struct Configuration {
    #[serde(default)]
    env: BTreeMap<String, Variable>,
}

/// A variable in the file.
#[derive(Deserialize)]
#[serde(untagged)]
enum Variable {
    Value(String),
    Table {
        value: String,
        /// Whether the value replaces that of an environment variable which is already set.
        #[serde(default)]
        force: bool,
        /// Whether the value is a path relative to the folder that holds `.cargo`.
        #[serde(default)]
        relative: bool,
    },
}

/// Returns the same programs with the variables of cargo's configuration, as cargo finds it from `folder`.
pub(super) fn apply(programs: Vec<Program>, folder: &Path) -> Vec<Program> {
    let variables = configured(folder, |name| std::env::var_os(name).is_some());
    let with_all = |program: Program| {
        variables.iter().fold(program, |program, (name, value)| program.with_variable(name, value))
    };
    programs.into_iter().map(with_all).collect()
}

/// If cargo has started this process by way of a bench target, removes the variables that cargo has set from its
/// configuration: each side of a comparison has its own configuration. A variable that the user has set to exactly the
/// configured value is removed as well, since the two cannot be distinguished. May only be called at the start of
/// `main`, before any other thread exists.
pub fn forget_configured(folder: &Path) {
    // Cargo sets this variable for the programs that it runs; a shell does not.
    if std::env::var_os("CARGO_MANIFEST_DIR").is_none() {
        return;
    }
    for name in given(&configured(folder, |_| false), |name| std::env::var_os(name)) {
        bench_os::forget_variable(name);
    }
}

/// Returns the variables whose values are those of the configuration.
fn given(
    configured: &BTreeMap<String, OsString>,
    value: impl Fn(&str) -> Option<OsString>,
) -> impl Iterator<Item = &str> {
    // Without `PATH` nothing could be started, least of all cargo.
    let is_given = move |(name, configured): &(&String, &OsString)| {
        *name != "PATH" && value(name).as_ref() == Some(*configured)
    };
    configured.iter().filter(is_given).map(|(name, _)| name.as_str())
}

/// Returns the variables to set; `is_set` reports which of them are already set. The nearest of several files takes
/// precedence. Cargo has already rejected values that cannot be read.
fn configured(folder: &Path, is_set: impl Fn(&str) -> bool) -> BTreeMap<String, OsString> {
    let above = folder.ancestors().map(|above| above.join(".cargo"));
    let mut known: BTreeMap<String, Option<OsString>> = BTreeMap::new();
    for configuration in above.chain(cargo_home()) {
        let text = ["config", "config.toml"]
            .iter()
            .find_map(|name| fs::read_to_string(configuration.join(name)).ok());
        let Some(Configuration { env }) = text.and_then(|text| toml::from_str(&text).ok()) else { continue };
        for (name, variable) in env {
            let (value, force) = match variable {
                Variable::Value(value) => (value.into(), false),
                Variable::Table { value, force, relative: false } => (value.into(), force),
                Variable::Table { value, force, relative: true } => {
                    (configuration.parent().unwrap_or(folder).join(value).into_os_string(), force)
                }
            };
            let is_wanted = force || !is_set(&name);
            known.entry(name).or_insert(is_wanted.then_some(value));
        }
    }
    known.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_configuration_gives_a_variable_unless_it_is_set() {
        let folder = tempfile::tempdir().expect("a folder");
        let inner = folder.path().join("member");
        let write = |place: &Path, text: &str| {
            fs::create_dir_all(place.join(".cargo")).expect("folder");
            fs::write(place.join(".cargo/config.toml"), text).expect("written");
        };
        write(folder.path(), "[env]\nTEST_OF_BENCH_A = \"outer\"\nTEST_OF_BENCH_B = \"outer\"\n");
        write(
            &inner,
            "[build]\njobs = 1\n[env]\nTEST_OF_BENCH_A = \"inner\"\nTEST_OF_BENCH_SET = \"no\"\n\
             TEST_OF_BENCH_FORCED = { value = \"yes\", force = true }\nTEST_OF_BENCH_PATH = { value = \"data\", relative = true }\n",
        );
        let found = configured(&inner, |name| ["TEST_OF_BENCH_SET", "TEST_OF_BENCH_FORCED"].contains(&name));
        let found: Vec<(&str, &Path)> = found
            .iter()
            .filter(|(name, _)| name.starts_with("TEST_OF_BENCH_"))
            .map(|(name, value)| (name.as_str(), Path::new(value)))
            .collect();
        let expected = [
            ("TEST_OF_BENCH_A", Path::new("inner")),
            ("TEST_OF_BENCH_B", Path::new("outer")),
            ("TEST_OF_BENCH_FORCED", Path::new("yes")),
            ("TEST_OF_BENCH_PATH", &inner.join("data")),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn what_a_configuration_gives_is_told_from_what_a_person_sets() {
        let configured = [("PATH", "/bin"), ("FAST", "1"), ("SLOW", "2"), ("NEW", "3")]
            .map(|(name, value)| (name.to_owned(), OsString::from(value)));
        let now = |name: &str| match name {
            "PATH" => Some(OsString::from("/bin")),
            "FAST" | "SLOW" => Some(OsString::from("1")),
            _ => None,
        };
        let configured = BTreeMap::from(configured);
        assert_eq!(given(&configured, now).collect::<Vec<_>>(), ["FAST"]);
    }
}
