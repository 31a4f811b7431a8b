//! `bench functions`: functions of another program under load, as `bench load` measures servers.
//!
//! The program that contains the function starts this command, passes it a [`Plan`](plan::Plan) on stdin, or a
//! [`Function`](plan::Function) if it is the worker of a run itself, and answers requests on a Unix socket
//! (`docs/book/src/protocol.md`, "Functions that serve").

mod answer;
mod combined;
mod drive;
mod input;
mod plan;
mod round;
mod served;
mod socket;

use std::io;

use bench_record::{RunError, exit};
use bench_syntax::UsageError;
use serde::de::DeserializeOwned;

use crate::arguments::{Functions, FunctionsAction};

/// Carries out the program's request; returns the exit code.
pub(crate) fn run(arguments: &Functions) -> Result<u8, RunError> {
    match arguments.action {
        FunctionsAction::Drive => drive::run(&plan()?),
        FunctionsAction::Round => round::run(&plan()?).map(|()| exit::OK),
        FunctionsAction::Combine => combined::write(&plan()?).map(|()| exit::OK),
    }
}

/// The plan on stdin.
fn plan<T: DeserializeOwned>() -> Result<T, UsageError> {
    serde_json::from_reader(io::stdin().lock()).map_err(|error| {
        UsageError(format!(
            "expected a plan as JSON on stdin, as the Python package of this version writes it: {error}"
        ))
    })
}
