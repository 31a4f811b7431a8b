//! Opens any executable of benchmarks.

use bench_runner::program::{ListLimits, Opened, Program, ProgramError};

use crate::traces;

/// The argument that makes the program which links this crate an adapter: what follows is for [`run`](crate::run).
pub const ADAPTER: &str = "adapter";

/// Asks a program for its cases; one that does not speak the worker protocol, and is an executable of a harness that is
/// known, becomes the program of its adapter.
///
/// # Errors
/// What the program answered instead, and what the harnesses said of which it holds traces.
pub fn open(program: Program, limits: &ListLimits) -> Result<Opened, ProgramError> {
    let mut error = match program.clone().open(limits) {
        Ok(opened) => return Ok(opened),
        Err(error) => error,
    };
    let mut reasons = Vec::new();
    for harness in traces::harnesses(program.path()) {
        let wrapped = match program.clone().by_way_of(&[ADAPTER, harness.name()]) {
            Ok(wrapped) => wrapped,
            Err(error) => {
                reasons.push(error.to_string());
                continue;
            }
        };
        match wrapped.open(limits) {
            Ok(opened) => return Ok(opened),
            Err(refused) => reasons.push(format!("as an executable of {harness}: {}", refused.problem)),
        }
    }
    if !reasons.is_empty() {
        error.problem = reasons.join("; ");
    }
    Err(error)
}
