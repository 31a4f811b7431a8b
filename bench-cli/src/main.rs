//! The `bench` command: compares, calibrates and remembers what `cargo bench` measures, and looks at the machine.
#![forbid(unsafe_code)]

mod accept;
mod arguments;
mod calibrate;
mod compare;
mod doctor;
mod failure;
mod history;
mod page;
mod report;
mod serve;
mod source;
mod store;
mod trend;

use std::process::ExitCode;

use arguments::{Arguments, Command};
use clap::Parser;
use failure::Failure;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let ended = match &arguments.command {
        Command::Compare(arguments) => compare::run(arguments).map_err(Failure::from),
        Command::Calibrate(arguments) => calibrate::run(arguments).map_err(Failure::from),
        Command::Doctor(arguments) => doctor::run(arguments).map_err(Failure::from),
        Command::Store(arguments) => store::run(arguments),
        Command::Trend(arguments) => trend::run(arguments),
        Command::Accept(arguments) => accept::run(arguments),
        Command::Report(arguments) => page::run(arguments),
        Command::Serve(arguments) => serve::run(arguments),
    };
    match ended {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(error.exit_code())
        }
    }
}
