//! The values given on the command line and in the environment, by flag.

use std::ffi::OsString;
use std::fmt::Display;

use bench_syntax::Share;
use bench_syntax::nearest::nearest;

use super::flag::{self, FILTERS, Flag};
use super::foreign::Foreign;
use super::stop::Stop;

/// The place at which a value was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    CommandLine,
    Environment,
    /// The value that this engine gives to the processes that it has started.
    Engine(&'static str),
}

/// The flags that engines set: `run-id` must come after `partition` in the table of flags.
const PARTITION: &str = "partition";
const RUN_ID: &str = "run-id";

/// The given values, in this order: the command line, then the environment for flags that are not on it.
#[derive(Debug, Default)]
pub(super) struct Given(Vec<(&'static Flag, Origin, String)>);

/// Pairs of flags of which at most one may be given.
const CONFLICTS: [(&str, &str); 1] = [("compare", "against")];

impl Given {
    /// Reads the arguments of `program` and the variables that `variable` finds.
    ///
    /// # Errors
    /// A request for help, an unknown flag, a missing or unexpected value, a flag that is given too often.
    pub(super) fn read(
        program: &str,
        arguments: impl IntoIterator<Item = OsString>,
        variable: impl Fn(&str) -> Option<OsString>,
    ) -> Result<Self, Stop> {
        let arguments: Vec<String> =
            arguments.into_iter().map(OsString::into_string).collect::<Result<_, _>>().map_err(|wrong| {
                Stop::wrong(format!("expected UTF-8, found {wrong:?} on the command line"))
            })?;
        let mut reader = Reader { program, rest: arguments.iter(), given: Given::default() };
        reader.read()?;
        let mut given = reader.given;
        given.check(program)?;
        given.add_environment(variable)?;
        given.check_conflicts(program)?;
        Ok(given)
    }

    fn add(&mut self, flag: &'static Flag, origin: Origin, value: &str) {
        if flag.commas {
            self.0.extend(value.split(',').map(|value| (flag, origin, value.to_owned())));
        } else {
            self.0.push((flag, origin, value.to_owned()));
        }
    }

    fn add_environment(&mut self, variable: impl Fn(&str) -> Option<OsString>) -> Result<(), Stop> {
        for flag in flag::all() {
            if self.values(flag.name).next().is_some() {
                continue;
            }
            let found = flag.variables().find_map(|name| variable(&name).map(|value| (name, value)));
            let Some((name, value)) = found else {
                match flag.name {
                    PARTITION => self.add_part(flag, &variable)?,
                    RUN_ID => self.add_run_id(flag, &variable),
                    _ => {}
                }
                continue;
            };
            let value = value
                .into_string()
                .map_err(|wrong| Stop::wrong(format!("expected UTF-8, found {name}={wrong:?}")))?;
            if flag.value.is_some() || is_true(flag, &value)? {
                self.add(flag, Origin::Environment, &value);
            }
        }
        Ok(())
    }

    /// Adds the part that this process measures, if an engine has started it as one of several.
    fn add_part(
        &mut self,
        flag: &'static Flag,
        variable: impl Fn(&str) -> Option<OsString>,
    ) -> Result<(), Stop> {
        let variable = |name: &str| variable(name).and_then(|value| value.into_string().ok());
        let found = Share::from_environment(variable).map_err(|wrong| Stop::wrong(wrong.to_string()))?;
        if let Some((share, engine)) = found {
            self.add(flag, Origin::Engine(engine), &share.to_string());
        }
        Ok(())
    }

    /// Adds the name of the run that the engine's processes measure together, such as those of one step of Slurm.
    fn add_run_id(&mut self, flag: &'static Flag, variable: impl Fn(&str) -> Option<OsString>) {
        let Some(Origin::Engine(engine)) = self.origin(PARTITION) else { return };
        let variable = |name: &str| variable(name).and_then(|value| value.into_string().ok());
        if let Some(name) = Share::run_by(engine, variable) {
            self.add(flag, Origin::Engine(engine), &name);
        }
    }

    /// Checks that no flag is given more often than it may be.
    fn check(&self, program: &str) -> Result<(), Stop> {
        // Cargo passes `--bench` itself, so that a person who types it gives it twice.
        let once = |flag: &Flag| !flag.repeats && flag.heading.is_some();
        let mut once = self.0.iter().filter(|(flag, ..)| once(flag)).map(|(flag, ..)| flag);
        let mut seen: Vec<&str> = Vec::new();
        match once.find(|flag| {
            seen.contains(&flag.name) || {
                seen.push(flag.name);
                false
            }
        }) {
            Some(twice) => {
                let message = format!("the argument '{}' cannot be used multiple times", twice.usage());
                Err(Stop::misused(program, message, &[]))
            }
            None => Ok(()),
        }
    }

    fn check_conflicts(&self, program: &str) -> Result<(), Stop> {
        for (one, other) in CONFLICTS {
            let mut both =
                self.0.iter().map(|(flag, ..)| *flag).filter(|flag| [one, other].contains(&flag.name));
            if let (Some(first), Some(second)) = (both.next(), both.next()) {
                let mut used = self.on_command_line();
                used.retain(|flag| flag.name != second.name);
                let message =
                    format!("the argument '{}' cannot be used with '{}'", first.usage(), second.usage());
                return Err(Stop::misused(program, message, &used));
            }
        }
        Ok(())
    }

    fn on_command_line(&self) -> Vec<&'static Flag> {
        let here = self.0.iter().filter(|(_, origin, _)| *origin == Origin::CommandLine);
        here.map(|(flag, ..)| *flag).collect()
    }

    /// Returns the texts that were given for the flag with this name.
    pub(super) fn values(&self, name: &'static str) -> impl Iterator<Item = &str> {
        debug_assert!(flag::all().any(|flag| flag.name == name), "no flag is called {name}");
        self.0.iter().filter(move |(flag, ..)| flag.name == name).map(|(.., value)| value.as_str())
    }

    /// Returns the place at which the flag of this name was given; `None` if it was not.
    pub(super) fn origin(&self, name: &'static str) -> Option<Origin> {
        self.0.iter().find(|(flag, ..)| flag.name == name).map(|(_, origin, _)| *origin)
    }

    /// Whether a switch is on.
    pub(super) fn is_on(&self, name: &'static str) -> bool {
        self.origin(name).is_some()
    }

    /// Returns the parsed values of a flag.
    ///
    /// # Errors
    /// The first one that `parse` refuses.
    pub(super) fn all<T, E: Display>(
        &self,
        name: &'static str,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Result<Vec<T>, Stop> {
        let of_flag = self.0.iter().filter(|(flag, ..)| flag.name == name);
        let read = |(flag, _, value): &(&'static Flag, Origin, String)| {
            parse(value).map_err(|error| Stop::invalid(flag, value, error))
        };
        debug_assert!(flag::all().any(|flag| flag.name == name), "no flag is called {name}");
        of_flag.map(read).collect()
    }

    /// Returns the parsed value of a flag that can be given once; `None` if it was not given.
    ///
    /// # Errors
    /// When `parse` refuses it.
    pub(super) fn one<T, E: Display>(
        &self,
        name: &'static str,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Result<Option<T>, Stop> {
        Ok(self.all(name, parse)?.pop())
    }

    /// Returns the text of a flag that can be given once; `None` if it was not given.
    pub(super) fn text(&self, name: &'static str) -> Option<String> {
        self.values(name).next().map(str::to_owned)
    }

    /// Removes a flag, as if it had not been given.
    pub(super) fn turn_off(&mut self, name: &'static str) {
        self.0.retain(|(flag, ..)| flag.name != name);
    }
}

fn is_true(flag: &Flag, value: &str) -> Result<bool, Stop> {
    match value.to_lowercase().as_str() {
        "y" | "yes" | "t" | "true" | "on" | "1" => Ok(true),
        "n" | "no" | "f" | "false" | "off" | "0" => Ok(false),
        _ => Err(Stop::invalid(flag, value, "value was not a boolean")),
    }
}

struct Reader<'a> {
    program: &'a str,
    rest: std::slice::Iter<'a, String>,
    given: Given,
}

impl Reader<'_> {
    fn read(&mut self) -> Result<(), Stop> {
        while let Some(argument) = self.rest.next() {
            if argument == "--" {
                for filter in self.rest.by_ref() {
                    self.given.add(&FILTERS, Origin::CommandLine, filter);
                }
            } else if let Some(long) = argument.strip_prefix("--") {
                self.long(long)?;
            } else if let Some(letters) = argument.strip_prefix('-').filter(|letters| !letters.is_empty()) {
                self.short(letters)?;
            } else {
                self.given.add(&FILTERS, Origin::CommandLine, argument);
            }
        }
        Ok(())
    }

    /// Reads `--name`, `--name=value` or `--name value`, without the dashes.
    fn long(&mut self, text: &str) -> Result<(), Stop> {
        let (name, value) = match text.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (text, None),
        };
        match (Flag::named(name), name) {
            (Some(flag), _) => self.take(flag, value),
            (None, "help") => Err(Stop::Help),
            (None, _) => Err(self.unknown(&format!("--{name}"))),
        }
    }

    /// Reads `q`, `qv` or `Zvalue`, without the dash.
    fn short(&mut self, letters: &str) -> Result<(), Stop> {
        for (at, letter) in letters.char_indices() {
            let rest = &letters[at + letter.len_utf8()..];
            match Flag::lettered(letter) {
                Some(flag) if flag.value.is_some() && !rest.is_empty() => {
                    return self.take(flag, Some(rest.strip_prefix('=').unwrap_or(rest)));
                }
                Some(flag) => self.take(flag, None)?,
                None if letter == 'h' => return Err(Stop::Help),
                None => return Err(self.unknown(&format!("-{letter}"))),
            }
        }
        Ok(())
    }

    fn take(&mut self, flag: &'static Flag, value: Option<&str>) -> Result<(), Stop> {
        let value = match (flag.value, value) {
            (None, None) => "",
            (None, Some(value)) => {
                let message =
                    format!("unexpected value '{value}' for '{}' found; no more were expected", flag.usage());
                let mut used = self.given.on_command_line();
                used.push(flag);
                return Err(Stop::misused(self.program, message, &used));
            }
            (Some(_), Some(value)) => value,
            (Some(_), None) => self.following(flag)?,
        };
        let value = value.to_owned();
        self.given.add(flag, Origin::CommandLine, &value);
        Ok(())
    }

    /// Takes the next argument as the value of a flag.
    fn following(&mut self, flag: &Flag) -> Result<&str, Stop> {
        let looks_like_a_flag = |text: &str| text.len() > 1 && text.starts_with('-');
        match self.rest.clone().next() {
            Some(next) if flag.hyphens || !looks_like_a_flag(next) => {
                self.rest.next();
                Ok(next)
            }
            Some(next) if self.is_unknown(next) => Err(self.unknown(next)),
            _ => {
                Err(Stop::wrong(format!("a value is required for '{}' but none was supplied", flag.usage())))
            }
        }
    }

    fn is_unknown(&self, argument: &str) -> bool {
        match argument.strip_prefix("--") {
            Some(long) => {
                let name = long.split('=').next().unwrap_or(long);
                !(name.is_empty() || name == "help" || Flag::named(name).is_some())
            }
            None => argument
                .chars()
                .nth(1)
                .is_some_and(|letter| letter != 'h' && Flag::lettered(letter).is_none()),
        }
    }

    fn unknown(&self, argument: &str) -> Stop {
        if let Some(foreign) = Foreign::named(argument) {
            let name = argument.split('=').next().unwrap_or(argument);
            let message = format!("'{name}' is a flag of {}\n\n  tip: {}", foreign.tool, foreign.instead);
            return Stop::misused(self.program, message, &[]);
        }
        let shown = flag::all().filter(|flag| flag.heading.is_some() && flag.name != FILTERS.name);
        let similar = argument
            .strip_prefix("--")
            .and_then(|name| nearest(name, shown.map(|flag| flag.name)))
            .and_then(Flag::named);
        let (tip, used) = match similar {
            Some(flag) => {
                let mut used = self.given.on_command_line();
                used.push(flag);
                (format!("a similar argument exists: '--{}'", flag.name), used)
            }
            None => (format!("to pass '{argument}' as a value, use '-- {argument}'"), Vec::new()),
        };
        let message = format!("unexpected argument '{argument}' found\n\n  tip: {tip}");
        Stop::misused(self.program, message, &used)
    }
}
