//! Measures how often the search for change points errs, and how many changes it finds, compared with other methods.
//!
//! ```text
//! cargo run --release -p history -- [--fit] [FOLDER]     # FOLDER: real series, see real.rs
//! cargo run --release -p history -- series FOLDER       # the real series, one a line
//! cargo run --release -p history -- structure           # changes soon after changes, reverted ones, exact figures, …
//! cargo run --release -p history -- labelled FILE       # scores on labelled lines, see labelled.rs
//! cargo run --release -p history -- alarms FILE         # each alarm on labelled lines, see alarms.rs
//! cargo run --release -p history -- machine FILE        # shifts of a whole machine on the lines of a suite, see machine.rs
//! cargo run --release -p history -- speed               # what finding changes costs
//! cargo run --release -p history -- add [postgres://…]  # what adding a run to a large store costs (to a server:
//!                                                       # --features postgres, and an empty database)
//! cargo run --release -p history -- page                # a store and its page; takes some minutes
//! ```
//!
//! `--ours` leaves out the other methods, which is quicker.
#![forbid(unsafe_code)]

mod adding;
mod alarms;
mod labelled;
mod machine;
mod method;
mod page;
mod random;
mod real;
mod simulation;
mod speed;
mod structure;
mod table;
mod toolchain;

use std::convert::Infallible;
use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use method::Method;

fn main() -> ExitCode {
    let mut folder = None;
    let mut half = real::Half::Report;
    let (mut lines_only, mut labels_only, mut alarms_only) = (false, false, false);
    let (mut machine, mut adding, mut structure_only, mut is_alone) = (false, false, false, false);
    for argument in std::env::args().skip(1) {
        match argument.as_str() {
            "speed" => return ended(Ok::<_, Infallible>(speed::measure()), 1),
            "structure" => structure_only = true,
            "--ours" => is_alone = true,
            "labelled" => labels_only = true,
            "alarms" => alarms_only = true,
            "machine" => machine = true,
            "add" => adding = true,
            "page" => return ended(page::measure(), 1),
            "series" => lines_only = true,
            "--fit" => half = real::Half::Fit,
            flag if flag.starts_with('-') => {
                eprintln!(
                    "error: unknown flag `{flag}`: wanted [--fit] [--ours] [FOLDER], `series FOLDER`, `structure`, `labelled FILE`, `alarms FILE`, `machine FILE`, `speed`, `add [STORE]`, or `page`"
                );
                return ExitCode::from(2);
            }
            place => folder = Some(PathBuf::from(place)),
        }
    }
    // The method of this project is the first of each list.
    let of = |methods: &'static [Method]| if is_alone { &methods[..1] } else { methods };
    if structure_only {
        return ended(Ok::<_, Infallible>(structure::tables(of(&Method::QUICK))), 1);
    }
    if adding {
        return ended(adding::measure(folder.as_deref().and_then(Path::to_str)), 1);
    }
    if lines_only {
        return ended(
            folder.ok_or("`series` wants a folder".to_owned()).and_then(|folder| real::lines(&folder)),
            2,
        );
    }
    if labels_only {
        return ended(
            folder
                .ok_or("`labelled` wants a file".to_owned())
                .and_then(|file| labelled::table(&file, of(&Method::PEERS))),
            2,
        );
    }
    if alarms_only {
        return ended(
            folder.ok_or("`alarms` wants a file".to_owned()).and_then(|file| alarms::table(&file)),
            2,
        );
    }
    if machine {
        return ended(
            folder.ok_or("`machine` wants a file".to_owned()).and_then(|file| machine::table(&file)),
            2,
        );
    }
    print!("{}", simulation::table(half, of(&Method::ALL)));
    ended(folder.map_or(Ok(String::new()), |folder| real::table(&folder, half, of(&Method::ALL))), 2)
}

/// Prints the result or the error.
fn ended(found: Result<String, impl Display>, failed: u8) -> ExitCode {
    match found {
        Ok(text) => {
            print!("{text}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(failed)
        }
    }
}
