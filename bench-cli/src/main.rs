//! The `bench` command: compares and calibrates what `cargo bench` measures, and looks at the machine.
#![forbid(unsafe_code)]

mod arguments;
mod calibrate;
mod compare;
mod doctor;
mod report;
mod source;

use std::process::ExitCode;

use arguments::{Arguments, Command};
use clap::Parser;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let ended = match &arguments.command {
        Command::Compare(arguments) => compare::run(arguments),
        Command::Calibrate(arguments) => calibrate::run(arguments),
        Command::Doctor(arguments) => doctor::run(arguments),
    };
    match ended {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(error.exit_code())
        }
    }
}
