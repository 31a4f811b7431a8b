//! A bench target without the runner: it lists its cases and runs each once; measuring is left to the `bench` command.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use bench_protocol::{Case, INSTALL, Listing, PROTOCOL, PROTOCOL_FLAG, RUNNER_VARIABLE, bench_command};

use bench_syntax::case_id;

use crate::dynamic::{self, discover};
use crate::registered::Registered;
use crate::{build, registry};

mod alone;

pub(crate) use alone::Alone;

/// The exit code if a benchmark failed.
const FAILED: u8 = 1;

/// The exit code for wrong usage.
const USAGE: u8 = 2;

/// The help text of a program without a runner.
const HELP: &str = "\
Lists the benchmarks that are linked into this executable, or runs each once

Usage: cargo bench -- [OPTIONS] [FILTER]...

Options:
      --list              List cases instead of running them
      --format <FORMAT>   How to list: terse, json
      --exact             Filters must equal the whole id
      --skip <FILTER>     Leave out cases whose id contains this text
      --ignored           Only cases marked `ignore`
      --include-ignored   Also cases marked `ignore`
      --in-process        Measure for a second in this process, for debuggers and profilers
  -h, --help              Print help

This program is built without the runner: all other flags are those of `bench run --help`, which `cargo bench` starts.
";

/// The request on the command line.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Asked {
    help: bool,
    list: bool,
    format: Option<String>,
    bench: bool,
    exact: bool,
    ignored: bool,
    include_ignored: bool,
    filters: Vec<String>,
    skip: Vec<String>,
    in_process: bool,
    test: bool,
    /// Whether filters apply to names, which are ids without the category.
    by_name: bool,
}

/// Does what the command line asks for.
pub(crate) fn run(crates: &[&'static str]) -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let cases = match registry::cases(crates) {
        Ok(cases) => cases,
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::from(USAGE);
        }
    };
    match Asked::read(&arguments) {
        Ok(asked) if asked.help => {
            print!("{HELP}");
            ExitCode::SUCCESS
        }
        Ok(asked) if asked.list => {
            let listed = cases.iter().filter(|case| {
                // As in libtest, cases marked `ignore` are listed with all others, and alone with `--ignored`.
                asked.takes(case.id()) && (!asked.ignored || case.ignored().is_some())
            });
            list(&asked, listed, Registered::id, |case| case.clone().listed())
        }
        Ok(asked) if asked.in_process || !asked.bench => alone(asked, &cases),
        // The runner decides about arguments that this program does not know.
        Ok(_) | Err(_) if arguments.iter().any(|argument| argument == "--bench") => {
            ExitCode::from(hand_over(&arguments, &[]))
        }
        Ok(_) => ExitCode::SUCCESS,
        Err(unknown) => {
            eprintln!("error: {}", for_the_runner(&unknown));
            ExitCode::from(USAGE)
        }
    }
}

impl Asked {
    /// Reads the arguments that `cargo bench`, `cargo test`, nextest and the runner pass; `Err` with the first argument
    /// that is none of these.
    fn read(arguments: &[String]) -> Result<Self, String> {
        let mut asked = Asked::default();
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().cloned().ok_or_else(|| argument.clone());
            match argument.as_str() {
                "--help" | "-h" => asked.help = true,
                "--list" => asked.list = true,
                "--format" => asked.format = Some(value()?),
                "--bench" => asked.bench = true,
                "--exact" => asked.exact = true,
                "--ignored" => asked.ignored = true,
                "--include-ignored" => asked.include_ignored = true,
                "--skip" => asked.skip.push(value()?),
                "--in-process" => asked.in_process = true,
                "--test" => asked.test = true,
                "--nocapture" | "--no-capture" | "--show-output" => {}
                "--test-threads" | "-Z" => drop(value()?),
                filter if !filter.starts_with('-') => asked.filters.push(filter.to_owned()),
                unknown => return Err(unknown.to_owned()),
            }
        }
        Ok(asked)
    }

    fn takes(&self, id: &str) -> bool {
        let name = if self.by_name { case_id::free_name(id) } else { id };
        let matches = |filter: &String| {
            if self.exact { id == filter || name == filter } else { name.contains(filter.as_str()) }
        };
        (self.filters.is_empty() || self.filters.iter().any(matches)) && !self.skip.iter().any(matches)
    }

    /// Whether a case should run; `is_ignored` is whether it is marked `ignore`. Marked cases run only with `--ignored`
    /// or `--include-ignored`.
    fn wants(&self, is_ignored: bool) -> bool {
        match (self.ignored, self.include_ignored) {
            (true, _) => is_ignored,
            (false, true) => true,
            (false, false) => !is_ignored,
        }
    }

    /// Returns the cases to run.
    fn chosen<'a>(&self, cases: &'a [Registered]) -> Vec<&'a Registered> {
        cases.iter().filter(|case| self.takes(case.id()) && self.wants(case.ignored().is_some())).collect()
    }
}

/// Prints the ids of `cases`, or the cases themselves.
fn list<'a, T: 'a>(
    asked: &Asked,
    cases: impl Iterator<Item = &'a T>,
    id: impl Fn(&T) -> &str,
    case: impl Fn(&T) -> Case,
) -> ExitCode {
    match asked.format.as_deref() {
        Some("json") => println!("{}", Listing::new(build::build(), cases.map(case).collect()).to_json()),
        Some("terse") => cases.for_each(|case| println!("{}: benchmark", id(case))),
        _ => cases.for_each(|case| println!("{}", id(case))),
    }
    ExitCode::SUCCESS
}

/// Does what the command line asks for, with cases that register while the program runs. Returns only if this process
/// must run them itself.
pub(crate) fn begin_dynamic(has_end: bool) -> Alone {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let ended = match Asked::read(&arguments) {
        Ok(asked) if asked.help => {
            print!("{HELP}");
            Ok(())
        }
        Ok(asked) if asked.list => {
            let asked = Asked { by_name: true, ..asked };
            discover().map_err(|message| (message, FAILED)).map(|listing| {
                let taken =
                    |case: &&Case| asked.takes(&case.id) && (!asked.ignored || case.ignored.is_some());
                list(&asked, listing.cases.iter().filter(taken), |case| &case.id, Case::clone);
            })
        }
        Ok(asked) if asked.in_process || asked.test || !asked.bench => {
            return Alone::new(Asked { by_name: true, ..asked }, has_end);
        }
        Ok(_) | Err(_) if arguments.iter().any(|argument| argument == "--bench") => {
            let code = hand_over(&arguments, &[dynamic::BY_NAME]);
            std::process::exit(i32::from(code));
        }
        Ok(_) => Ok(()),
        Err(unknown) => Err((for_the_runner(&unknown), USAGE)),
    };
    let code = ended.map_or_else(
        |(message, code)| {
            eprintln!("error: {message}");
            code
        },
        |()| 0,
    );
    std::process::exit(i32::from(code))
}

/// Returns the message about an argument that only the runner knows.
fn for_the_runner(unknown: &str) -> String {
    format!(
        "`{unknown}` is for the runner, which this program is built without: run `bench run`, or turn on the feature `runner` of bench-core"
    )
}

/// Runs each of the cases in this process.
fn alone(asked: Asked, cases: &[Registered]) -> ExitCode {
    let chosen = asked.chosen(cases);
    if !asked.in_process {
        println!("\nrunning {} {}", chosen.len(), if chosen.len() == 1 { "test" } else { "tests" });
    }
    let mut alone = Alone::new(asked, true);
    for case in chosen {
        alone.try_case(case.id(), &mut |bencher| case.call(bencher));
    }
    alone.conclude()
}

/// Lets the `bench` command run this program, with the same arguments.
///
/// `more` are further arguments. Returns the exit code.
fn hand_over(arguments: &[String], more: &[&str]) -> u8 {
    let handed_over = find_runner().and_then(|bench| {
        let own = std::env::current_exe()
            .map_err(|error| format!("cannot find this program's own file: {error}"))?;
        let arguments = arguments.iter().filter(|argument| *argument != "--bench");
        let ended = Command::new(&bench).arg("run").arg(own).args(arguments).args(more).status();
        ended.map_err(|error| format!("cannot run the `bench` command ({}): {error}", bench.display()))
    });
    match handed_over {
        Ok(status) => status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(FAILED),
        Err(message) => {
            eprintln!("error: {message}");
            USAGE
        }
    }
}

/// Returns the `bench` command, if it supports this version of the protocol.
fn find_runner() -> Result<PathBuf, String> {
    match bench_command() {
        Some(bench) => check_protocol(&bench).map(|()| bench),
        None => Err(format!(
            "this bench target is built without the runner: install the `bench` command ({INSTALL}), name it with {RUNNER_VARIABLE}, or turn on the feature `runner` of bench-core"
        )),
    }
}

fn check_protocol(bench: &Path) -> Result<(), String> {
    let wrong = |found: String| {
        format!(
            "{} {found}, this bench target version {PROTOCOL}: install the `bench` command that goes with it ({INSTALL}), or turn on the feature `runner` of bench-core",
            bench.display()
        )
    };
    let answer = Command::new(bench).arg(PROTOCOL_FLAG).stdin(Stdio::null()).output();
    let answer =
        answer.map_err(|error| format!("cannot run the `bench` command ({}): {error}", bench.display()))?;
    let version = std::str::from_utf8(&answer.stdout).ok().and_then(|text| text.trim().parse::<u32>().ok());
    match version.filter(|_| answer.status.success()) {
        Some(PROTOCOL) => Ok(()),
        Some(other) => Err(wrong(format!("speaks version {other} of the worker protocol"))),
        None => Err(wrong("does not say which version of the worker protocol it speaks".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(arguments: &[&str]) -> Result<Asked, String> {
        Asked::read(&arguments.iter().map(|argument| (*argument).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn what_cargo_and_nextest_pass_is_understood() {
        let asked = read(&["--list", "--format", "terse", "--ignored"]).expect("nextest");
        assert!(asked.list && asked.ignored && asked.format.as_deref() == Some("terse"));
        let asked = read(&["unit/x", "--exact", "--nocapture"]).expect("nextest");
        assert!(asked.exact && asked.filters == ["unit/x"] && !asked.bench);
        assert!(read(&["--bench"]).expect("cargo").bench);
        assert_eq!(read(&["--max-time", "1s"]), Err("--max-time".to_owned()));
        assert_eq!(read(&["--format"]), Err("--format".to_owned()));
    }

    #[cfg(unix)]
    #[test]
    fn a_runner_of_another_version_is_refused() {
        use std::os::unix::fs::PermissionsExt;

        let folder = tempfile::tempdir().expect("a folder");
        let bench = folder.path().join("bench");
        let answered = |script: &str| {
            std::fs::write(&bench, format!("#!/bin/sh\n{script}\n")).expect("written");
            std::fs::set_permissions(&bench, PermissionsExt::from_mode(0o755)).expect("executable");
            check_protocol(&bench)
        };
        assert_eq!(answered(&format!("test $1 = --protocol && echo {PROTOCOL}")), Ok(()));
        for (script, said) in [
            ("echo 1", "speaks version 1 of the worker protocol, this bench target version"),
            ("echo hello", "does not say which version"),
            ("exit 2", "does not say which version"),
            ("echo 2; exit 1", "does not say which version"),
        ] {
            let error = answered(script).expect_err(script);
            assert!(error.contains(said) && error.contains("feature `runner`"), "{error}");
            assert_eq!(error.lines().count(), 1);
        }
        let error = check_protocol(&folder.path().join("missing")).expect_err("missing");
        assert!(error.starts_with("cannot run the `bench` command ("), "{error}");
    }
}
