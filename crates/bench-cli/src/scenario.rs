//! Scenario files of `bench load`: its flags as TOML, and a matrix of values to combine.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use bench_syntax::UsageError;
use bench_syntax::nearest::nearest;
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, CommandFactory};
use toml::{Table, Value};

use crate::arguments::{Arguments, Load};

/// The key of the addresses, which have no flag.
const URL: &str = "url";

/// The key of the table with values to combine.
const MATRIX: &str = "matrix";

/// The flag that passes a load its values from the matrix.
const ARGUMENT: &str = "argument";

/// Flags that belong to a process, and not to a scenario.
const NOT_IN_FILES: [&str; 7] = ["scenario", ARGUMENT, "share", "dry-run", "probe", "self-test", "help"];

/// Flags with the path of a file, which is relative to the scenario file.
const PATHS: [&str; 8] =
    ["input", "replay", "template", "tokenizer", "token-file", "ca-file", "client-cert", "client-key"];

/// Flags of which one replaces the others: if one is typed, those of the file have no effect.
const ONE_OF: [&[&str]; 6] = [
    &["concurrency", "rate", "replay", "offline", "find-rate"],
    &["prompt", "input", "isl", "replay"],
    &["osl", "max-tokens"],
    &["token-env", "token-file"],
    &["ignore-eos", "no-ignore-eos"],
    &["no-metrics", "metrics-url"],
];

/// Flags that have no meaning without another flag, with that flag.
const NEEDS: [(&str, &str); 3] = [("arrival", "rate"), ("replay-speed", "replay"), ("shared-prefix", "isl")];

/// Returns the command lines that a command line stands for: one for each combination of the matrix of its scenario file,
/// or itself if it names no such file. What is typed takes precedence over the file.
///
/// # Errors
/// If the file cannot be read, or has a key or a value that is not one of a scenario.
pub(crate) fn command_lines(typed: Vec<OsString>) -> Result<Vec<Vec<OsString>>, UsageError> {
    // Errors in the command line are reported later, when it is parsed together with the flags of the file.
    let matches = Arguments::command().ignore_errors(true).try_get_matches_from(&typed).ok();
    let load = matches.as_ref().and_then(|matches| matches.subcommand_matches("load"));
    let file = load.and_then(|load| load.get_one::<PathBuf>("scenario").cloned());
    let (Some(load), Some(file)) = (load, file) else { return Ok(vec![typed]) };
    let wrong = |what: String| UsageError(format!("{}: {what}", file.display()));
    let text = std::fs::read_to_string(&file).map_err(|error| wrong(format!("cannot be read: {error}")))?;
    let table: Table = toml::from_str(&text).map_err(|error| wrong(error.to_string()))?;
    let scenario = Scenario::of(table, &file, load).map_err(wrong)?;
    // The flags of the file come right after `bench load`.
    let place = typed.iter().position(|word| word == "load").map_or(typed.len(), |place| place + 1);
    let lines = scenario.combinations().into_iter().map(|flags| {
        let flags = flags.into_iter().map(OsString::from);
        typed[..place].iter().cloned().chain(flags).chain(typed[place..].iter().cloned()).collect()
    });
    Ok(lines.collect())
}

/// The flags of a scenario file, without those that the command line replaces.
struct Scenario {
    /// Flags and addresses, as they would be typed.
    fixed: Vec<String>,
    /// The keys of the matrix, and the values of each.
    matrix: Vec<(String, Vec<Choice>)>,
}

/// A value of the matrix.
struct Choice {
    text: String,
    flags: Vec<String>,
}

impl Scenario {
    /// # Errors
    /// If a key or a value is not one of a scenario; the message names it.
    fn of(mut table: Table, file: &Path, typed: &ArgMatches) -> Result<Self, String> {
        let command = Load::augment_args(Command::new("load"));
        let matrix = match table.remove(MATRIX) {
            Some(Value::Table(matrix)) => matrix,
            Some(_) => return Err(format!("`{MATRIX}` must be a table of lists")),
            None => Table::new(),
        };
        let urls = table.remove(URL);
        if let Some(twice) = matrix.keys().find(|key| table.contains_key(*key)) {
            return Err(format!("`{twice}` is set both for all loads and in `{MATRIX}`"));
        }
        let file = Known { command: &command, folder: file.parent().unwrap_or(Path::new("")) };
        let kept = |key: &str| is_kept(key, typed, table.keys().chain(matrix.keys()));
        let mut fixed = match urls {
            _ if is_typed("urls", typed) => Vec::new(),
            Some(urls) => {
                texts(&urls).ok_or_else(|| format!("`{URL}` must be an address or a list of them"))?
            }
            None => {
                return Err(format!("it names no server: add `{URL} = \"http://…\"`, or type the address"));
            }
        };
        for (key, value) in &table {
            let flags = file.flags(key, value)?;
            fixed.extend(flags.into_iter().filter(|_| kept(key)));
        }
        let mut combined = Vec::new();
        for (key, values) in &matrix {
            let Value::Array(values) = values else {
                return Err(format!("`{MATRIX}.{key}` must be a list: each value of it is another load"));
            };
            let choice = |value| Ok(Choice { text: shown(value), flags: file.flags(key, value)? });
            let each: Vec<Choice> = values.iter().map(choice).collect::<Result<_, String>>()?;
            if each.is_empty() {
                return Err(format!("`{MATRIX}.{key}` has no value"));
            }
            if kept(key) {
                combined.push((key.replace('_', "-"), each));
            }
        }
        Ok(Scenario { fixed, matrix: combined })
    }

    /// Returns the flags of each combination; those of the last key of the matrix change fastest.
    fn combinations(&self) -> Vec<Vec<String>> {
        let mut all = vec![self.fixed.clone()];
        for (key, values) in &self.matrix {
            let extended = |flags: &Vec<String>| -> Vec<Vec<String>> {
                let of = |choice: &Choice| {
                    let place = format!("--{ARGUMENT}={key}={}", choice.text);
                    [&flags[..], &choice.flags, &[place]].concat()
                };
                values.iter().map(of).collect()
            };
            all = all.iter().flat_map(extended).collect();
        }
        all
    }
}

/// The flags that a file may set.
struct Known<'a> {
    command: &'a Command,
    /// The folder of the file.
    folder: &'a Path,
}

impl Known<'_> {
    /// Returns the flags for a key, as they would be typed.
    fn flags(&self, key: &str, value: &Value) -> Result<Vec<String>, String> {
        let name = key.replace('_', "-");
        let flag = self.flag(&name).ok_or_else(|| {
            let names = self.command.get_arguments().filter_map(Arg::get_long);
            let names = names.filter(|name| !NOT_IN_FILES.contains(name)).chain([URL, MATRIX]);
            let near =
                nearest(&name, names).map(|near| format!(", did you mean `{near}`?")).unwrap_or_default();
            format!("unknown key `{key}`{near} (keys are the flags of `bench load` without dashes)")
        })?;
        let is_switch = matches!(flag.get_action(), ArgAction::SetTrue);
        let may_stand_alone = flag.get_num_args().is_some_and(|count| count.min_values() == 0);
        let with = |text: String| {
            let path = Path::new(&text);
            let is_elsewhere = PATHS.contains(&name.as_str()) && path.is_relative();
            let text = if is_elsewhere { self.folder.join(path).display().to_string() } else { text };
            format!("--{name}={text}")
        };
        match value {
            Value::Boolean(true) if is_switch || may_stand_alone => Ok(vec![format!("--{name}")]),
            Value::Boolean(false) if is_switch => Ok(Vec::new()),
            _ if is_switch => Err(format!("`{key}` must be true or false")),
            Value::Table(_) if name == "extra-body" => Ok(vec![with(shown(value))]),
            value => match texts(value) {
                Some(texts) => Ok(texts.into_iter().map(with).collect()),
                None => Err(format!("`{key}` must be a text, a number, or a list of these")),
            },
        }
    }

    fn flag(&self, name: &str) -> Option<&Arg> {
        let is = |arg: &&Arg| arg.get_long() == Some(name) && !NOT_IN_FILES.contains(&name);
        self.command.get_arguments().find(is)
    }
}

/// Whether a flag of the file has an effect: neither it nor one that replaces it is typed, and the flag that it needs
/// is given.
fn is_kept<'a>(key: &str, typed: &ArgMatches, keys: impl Iterator<Item = &'a String>) -> bool {
    let name = key.replace('_', "-");
    let is_typed = |name: &str| is_typed(&name.replace('-', "_"), typed);
    let is_replaced = ONE_OF
        .iter()
        .filter(|group| group.contains(&name.as_str()))
        .any(|group| group.iter().any(|other| is_typed(other)));
    let mut keys = keys.map(|key| key.replace('_', "-"));
    let needed = NEEDS.iter().find(|(flag, _)| *flag == name).map(|(_, needed)| *needed);
    let has_what_it_needs = needed.is_none_or(|needed| {
        let replaced = ONE_OF.iter().filter(|group| group.contains(&needed));
        let is_there = keys.any(|key| key == needed)
            && !replaced.flat_map(|group| group.iter()).any(|other| is_typed(other));
        is_there || is_typed(needed)
    });
    !is_typed(&name) && !is_replaced && has_what_it_needs
}

/// Whether an argument is on the command line.
fn is_typed(id: &str, typed: &ArgMatches) -> bool {
    let is_known = typed.try_contains_id(id).is_ok();
    is_known && typed.value_source(id) == Some(ValueSource::CommandLine)
}

/// Returns a text, a number, or a list of these as texts; `None` for any other value.
fn texts(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::Array(values) => {
            let one = |value: &Value| texts(value).filter(|_| !value.is_array())?.pop();
            values.iter().map(one).collect()
        }
        Value::String(_) | Value::Integer(_) | Value::Float(_) => Some(vec![shown(value)]),
        Value::Boolean(_) | Value::Datetime(_) | Value::Table(_) => None,
    }
}

/// Returns a value as it would be typed.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Integer(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
        Value::Array(values) => values.iter().map(shown).collect::<Vec<_>>().join("+"),
        // Cannot fail: all keys of a TOML table are texts.
        other => serde_json::to_string(other).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests;
