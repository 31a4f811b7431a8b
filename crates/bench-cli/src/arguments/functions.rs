//! The arguments of the commands that the Python package calls.

use clap::{Args, Subcommand};

/// Puts functions of another program under load. Started by the Python package, which passes its plan as JSON on
/// stdin
#[derive(Debug, Args)]
#[command(hide = true)]
pub(crate) struct Functions {
    #[command(subcommand)]
    pub(crate) action: FunctionsAction,
}

#[derive(Debug, Subcommand)]
pub(crate) enum FunctionsAction {
    /// Puts a function under load, and prints where its report is, as JSON
    Drive,
    /// Measures one round of a function for the worker that holds it
    Round,
    /// Writes the reports of several runs side by side
    Combine,
}
