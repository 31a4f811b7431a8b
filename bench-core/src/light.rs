//! A bench target without the runner: it lists its cases and runs each once; measuring is left to the `bench` command.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use bench_protocol::{
    Assignment, Frame, INSTALL, Listing, Mode, PROTOCOL, PROTOCOL_FLAG, RUNNER_VARIABLE, bench_command,
};

use crate::error::Error;
use crate::registered::Registered;
use crate::worker::{self, Sink};
use crate::{build, registry};

/// A benchmark failed.
const FAILED: u8 = 1;

/// Something that the person at the keyboard can put right.
const USAGE: u8 = 2;

/// What this program can do alone.
const HELP: &str = "\
Lists the benchmarks that are linked into this executable, or runs each once

Usage: cargo bench -- [OPTIONS] [FILTER]...

Options:
      --list              List cases instead of running them
      --format <FORMAT>   How to list: terse, json
      --exact             Filters must equal the whole id
      --skip <FILTER>     Leave out cases whose id contains this text
      --ignored           Only cases marked `ignore`
      --include-ignored   Cases marked `ignore`, too
      --in-process        Measure for a second in this process, for debuggers and profilers
  -h, --help              Print help

This program is built without the runner: all other flags are those of `bench run --help`, which `cargo bench` starts.
";

/// What the command line asks for.
#[derive(Debug, Default, PartialEq, Eq)]
struct Asked {
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
}

/// Does what the command line says.
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
        Ok(asked) if asked.list => list(&asked, &cases),
        Ok(asked) if asked.in_process => measure(&asked, &cases),
        Ok(asked) if !asked.bench => once(&asked, &cases),
        // What this program does not know is for the runner to judge.
        Ok(_) | Err(_) if arguments.iter().any(|argument| argument == "--bench") => hand_over(&arguments),
        Ok(_) => ExitCode::SUCCESS,
        Err(unknown) => {
            eprintln!(
                "error: `{unknown}` is for the runner, which this program is built without: run `bench run`, or turn on the feature `runner` of bench-core"
            );
            ExitCode::from(USAGE)
        }
    }
}

impl Asked {
    /// Reads what `cargo bench`, `cargo test`, nextest and the runner pass; `Err` with the first thing that is neither.
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
                "--test" | "--nocapture" | "--no-capture" | "--show-output" => {}
                "--test-threads" | "-Z" => drop(value()?),
                filter if !filter.starts_with('-') => asked.filters.push(filter.to_owned()),
                unknown => return Err(unknown.to_owned()),
            }
        }
        Ok(asked)
    }

    fn takes(&self, case: &Registered) -> bool {
        let matches = |filter: &String| {
            if self.exact { case.id() == filter } else { case.id().contains(filter.as_str()) }
        };
        (self.filters.is_empty() || self.filters.iter().any(matches)) && !self.skip.iter().any(matches)
    }

    /// The cases to run: those marked `ignore` only if they are asked for.
    fn chosen<'a>(&self, cases: &'a [Registered]) -> Vec<&'a Registered> {
        let wanted = |case: &Registered| match (self.ignored, self.include_ignored) {
            (true, _) => case.ignored().is_some(),
            (false, true) => true,
            (false, false) => case.ignored().is_none(),
        };
        cases.iter().filter(|case| self.takes(case) && wanted(case)).collect()
    }
}

fn list(asked: &Asked, cases: &[Registered]) -> ExitCode {
    let listed = cases.iter().filter(|case| {
        // As libtest: those marked `ignore` are listed with the others, and alone if asked for.
        asked.takes(case) && (!asked.ignored || case.ignored().is_some())
    });
    match asked.format.as_deref() {
        Some("json") => {
            let listing = Listing::new(build::build(), listed.cloned().map(Registered::listed).collect());
            println!("{}", listing.to_json());
        }
        Some("terse") => listed.for_each(|case| println!("{}: benchmark", case.id())),
        _ => listed.for_each(|case| println!("{}", case.id())),
    }
    ExitCode::SUCCESS
}

/// Runs each case once, in this process, in the words of libtest.
fn once(asked: &Asked, cases: &[Registered]) -> ExitCode {
    let chosen = asked.chosen(cases);
    println!("\nrunning {} {}", chosen.len(), if chosen.len() == 1 { "test" } else { "tests" });
    let (mut passed, mut failed, mut skipped) = (0, 0, 0);
    for case in chosen {
        let silent: Sink = std::rc::Rc::new(std::cell::RefCell::new(|_frame| Ok::<(), Error>(())));
        let outcome = match worker::measure_alone(case, assignment(case.id(), Mode::Once), &silent, None) {
            Frame::Finished(_) => {
                passed += 1;
                "ok".to_owned()
            }
            Frame::Skipped { reason } => {
                skipped += 1;
                format!("ignored, {reason}")
            }
            Frame::Failed { message, .. } => {
                failed += 1;
                format!("FAILED\n  {message}")
            }
            other => {
                failed += 1;
                format!("FAILED\n  it ended with `{}`", other.name())
            }
        };
        println!("test {} ... {outcome}", case.id());
    }
    let verdict = if failed == 0 { "ok" } else { "FAILED" };
    println!(
        "\ntest result: {verdict}. {passed} passed; {failed} failed; {skipped} ignored; 0 measured; 0 filtered out\n"
    );
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::from(FAILED) }
}

/// Measures each case in this process, for debuggers and profilers: samples for a second, and their median.
fn measure(asked: &Asked, cases: &[Registered]) -> ExitCode {
    const SLICE_NS: u64 = 1_000_000_000;
    let mut failed = false;
    for case in asked.chosen(cases) {
        let per_iteration = std::rc::Rc::new(std::cell::RefCell::new(Vec::new()));
        let samples = std::rc::Rc::clone(&per_iteration);
        let sink: Sink = std::rc::Rc::new(std::cell::RefCell::new(move |frame| {
            if let Frame::Samples { iterations, ns } = frame {
                samples.borrow_mut().extend(ns.iter().map(|ns| *ns as f64 / iterations as f64));
            }
            Ok::<(), Error>(())
        }));
        let wanted = Assignment { slice_ns: SLICE_NS, ..assignment(case.id(), Mode::Sample) };
        match worker::measure_alone(case, wanted, &sink, None) {
            Frame::Finished(_) => {
                let sorted = bench_stats::sorted(&per_iteration.borrow());
                match bench_stats::median(&sorted) {
                    Some(median) => println!(
                        "{}: {} ({} samples in this process, without a verdict)",
                        case.id(),
                        bench_syntax::quantity::Seconds(median / 1e9),
                        sorted.len()
                    ),
                    None => println!("{}: no samples", case.id()),
                }
            }
            Frame::Skipped { reason } => println!("{}: skipped: {reason}", case.id()),
            Frame::Failed { message, .. } => {
                failed = true;
                println!("{}: failed: {message}", case.id());
            }
            other => {
                failed = true;
                println!("{}: failed: it ended with `{}`", case.id(), other.name());
            }
        }
    }
    if failed { ExitCode::from(FAILED) } else { ExitCode::SUCCESS }
}

fn assignment(case: &str, mode: Mode) -> Assignment {
    Assignment { probes: Some(Vec::new()), ..Assignment::new(case, mode) }
}

/// Lets the `bench` command run this program, with the same arguments.
fn hand_over(arguments: &[String]) -> ExitCode {
    let handed_over = find_runner().and_then(|bench| {
        let own = std::env::current_exe()
            .map_err(|error| format!("cannot find this program's own file: {error}"))?;
        let arguments = arguments.iter().filter(|argument| *argument != "--bench");
        let ended = Command::new(&bench).arg("run").arg(own).args(arguments).status();
        ended.map_err(|error| format!("cannot run the `bench` command ({}): {error}", bench.display()))
    });
    match handed_over {
        Ok(status) => {
            ExitCode::from(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(FAILED))
        }
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::from(USAGE)
        }
    }
}

/// The `bench` command, if it speaks our version of the protocol.
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
