//! The `bench` command: runs benchmarks, compares, calibrates, stores and judges what they measure, and checks the
//! machine.
#![forbid(unsafe_code)]
// `bench_report::tell` is used instead, which removes control characters for the terminal.
#![warn(clippy::print_stderr)]

mod accept;
mod alert;
mod arguments;
mod baseline;
mod bisect;
mod calibrate;
mod compare;
mod completions;
mod confirm;
mod conformance;
mod decision;
mod doctor;
mod export;
mod failure;
#[cfg(feature = "load")]
mod functions;
mod gate;
mod history;
mod http;
mod import;
#[cfg(feature = "load")]
mod load;
mod markdown;
mod page;
mod parts;
#[cfg(feature = "load")]
mod pasted;
mod rename;
mod report;
mod run;
mod runner;
#[cfg(feature = "load")]
mod scenario;
mod search;
mod serve;
mod show;
mod source;
mod store;
mod trend;

use bench_adapters::ADAPTER;
use bench_report::tell;
use std::env;
use std::ffi::OsString;
use std::process::ExitCode;

use arguments::{Arguments, Command};
// Linking the crate registers its reports.
use bench_load as _;
use bench_protocol::{PROTOCOL, PROTOCOL_FLAG};
use bench_record::exit;
use bench_runner::command_line::outlive_full_files;
use clap::{CommandFactory, FromArgMatches};
use failure::Failure;

fn main() -> ExitCode {
    // For `cargo bench` of a bench target without the runner, which hands over to this command.
    if env::args_os().skip(1).eq([PROTOCOL_FLAG]) {
        println!("{PROTOCOL}");
        return ExitCode::SUCCESS;
    }
    outlive_full_files();
    let mut typed = env::args_os().skip(1);
    if typed.next().is_some_and(|first| first == ADAPTER) {
        return ExitCode::from(bench_adapters::run(typed));
    }
    let lines = match typed_as_ours().and_then(command_lines) {
        Ok(lines) => lines,
        Err(refused) => {
            tell(&format!("error: {refused}"));
            return ExitCode::from(exit::USAGE);
        }
    };
    if lines.len() == 1 {
        return ExitCode::from(lines.into_iter().map(run_line).next().unwrap_or_default());
    }
    // The gravest exit code of several loads counts; no further load starts after an interrupt.
    let mut worst = exit::OK;
    for line in lines {
        let code = run_line(line);
        worst = exit::graver(worst, code);
        if [exit::INTERRUPTED, exit::USAGE].contains(&code) {
            break;
        }
    }
    ExitCode::from(worst)
}

/// Returns the command lines that a scenario file stands for.
#[cfg(feature = "load")]
fn command_lines(typed: Vec<OsString>) -> Result<Vec<Vec<OsString>>, String> {
    scenario::command_lines(typed).map_err(|error| error.to_string())
}

#[cfg(not(feature = "load"))]
fn command_lines(typed: Vec<OsString>) -> Result<Vec<Vec<OsString>>, String> {
    Ok(vec![typed])
}

/// Runs one command line; returns its exit code.
fn run_line(line: Vec<OsString>) -> u8 {
    let matches = Arguments::command().get_matches_from(line);
    let arguments = Arguments::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    if let (Command::Compare(_), Ok(folder)) = (&arguments.command, env::current_dir()) {
        bench_compare::cargo::forget_configured(&folder);
    }
    let ended = match &arguments.command {
        Command::Run(_) => run::run(&typed_after("run")).map_err(Failure::from),
        #[cfg(feature = "load")]
        Command::Load(arguments) => {
            // The subcommand is `load`, so its matches exist.
            let typed = matches.subcommand_matches("load").unwrap_or(&matches);
            load::run(arguments, typed).map_err(Failure::from)
        }
        #[cfg(feature = "load")]
        Command::Functions(arguments) => functions::run(arguments).map_err(Failure::from),
        Command::Runner(_) => runner::run(&typed_after("runner")).map_err(Failure::from),
        Command::Compare(arguments) => compare::run(arguments).map_err(Failure::from),
        Command::Calibrate(arguments) => calibrate::run(arguments).map_err(Failure::from),
        Command::Conformance(arguments) => conformance::run(arguments).map_err(Failure::from),
        Command::Doctor(arguments) => doctor::run(arguments).map_err(Failure::from),
        Command::Show(arguments) => show::run(arguments),
        Command::Store(arguments) => store::run(arguments),
        Command::Trend(arguments) => trend::run(arguments),
        Command::Accept(arguments) => accept::run(arguments),
        Command::Gate(arguments) => gate::run(arguments),
        Command::Baseline(arguments) => baseline::run(arguments),
        Command::Rename(arguments) => rename::run(arguments),
        Command::Bisect(arguments) => bisect::run(arguments).map_err(Failure::from),
        Command::Export(arguments) => export::run(arguments),
        Command::Import(arguments) => import::run(arguments),
        Command::Alert(arguments) => alert::run(arguments),
        Command::Report(arguments) => page::run(arguments),
        Command::Serve(arguments) => serve::run(arguments),
        Command::Completions(arguments) => completions::run(arguments),
        Command::Man(arguments) => completions::manual(arguments),
    };
    ended.unwrap_or_else(|error| {
        tell(&format!("error: {error}"));
        error.exit_code()
    })
}

/// Returns the command line, translated into the flags of `bench load` if that of another tool was pasted after it.
///
/// # Errors
/// If a part of the pasted command line has no equivalent.
fn typed_as_ours() -> Result<Vec<OsString>, String> {
    let typed: Vec<OsString> = env::args_os().collect();
    #[cfg(feature = "load")]
    if typed.get(1).is_some_and(|command| command == "load") {
        // Words that are not UTF-8 are names of files, so this is not a command line of another tool.
        let words: Option<Vec<String>> =
            typed[2..].iter().map(|word| word.to_str().map(str::to_owned)).collect();
        if let Some(translated) = words.and_then(|words| pasted::translated(&words)) {
            let ours = translated?;
            tell(&format!("as: bench load {}", ours.arguments.join(" ")));
            if !ours.left_out.is_empty() {
                tell(&format!("left out: {}", ours.left_out.join("; ")));
            }
            return Ok(typed[..2]
                .iter()
                .cloned()
                .chain(ours.arguments.into_iter().map(OsString::from))
                .collect());
        }
    }
    Ok(typed)
}

/// Returns the arguments after a command as they were typed: clap does not report which of them are for cargo or
/// another program.
fn typed_after(command: &str) -> Vec<OsString> {
    env::args_os().skip_while(|argument| argument != command).skip(1).collect()
}
