//! How often the search for change points errs, and how much it sees, beside three other methods.
//!
//! ```text
//! cargo run --release -p history -- [--fit] [FOLDER]     # FOLDER: real series, see real.rs
//! cargo run --release -p history -- speed               # what finding changes costs
//! cargo run --release -p history -- add                 # what adding a run to a large store costs
//! cargo run --release -p history -- page                # a store and its page; takes some minutes
//! ```
#![forbid(unsafe_code)]

mod adding;
mod method;
mod page;
mod random;
mod real;
mod simulation;
mod speed;
mod table;

use std::path::PathBuf;
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut folder = None;
    let mut half = real::Half::Report;
    for argument in std::env::args().skip(1) {
        match argument.as_str() {
            "speed" => {
                print!("{}", speed::measure());
                return ExitCode::SUCCESS;
            }
            "add" => {
                return match adding::measure() {
                    Ok(told) => {
                        print!("{told}");
                        ExitCode::SUCCESS
                    }
                    Err(error) => {
                        eprintln!("error: {error}");
                        ExitCode::FAILURE
                    }
                };
            }
            "page" => {
                return match page::measure() {
                    Ok(text) => {
                        print!("{text}");
                        ExitCode::SUCCESS
                    }
                    Err(error) => {
                        eprintln!("error: {error}");
                        ExitCode::FAILURE
                    }
                };
            }
            "--fit" => half = real::Half::Fit,
            flag if flag.starts_with('-') => {
                eprintln!("error: unknown flag `{flag}`: wanted [--fit] [FOLDER], `speed`, `add`, or `page`");
                return ExitCode::from(2);
            }
            path => folder = Some(PathBuf::from(path)),
        }
    }
    print!("{}", simulation::table(half));
    match folder.map(|folder| real::table(&folder, half)).transpose() {
        Ok(table) => {
            print!("{}", table.unwrap_or_default());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}
