//! What the Python package asks for.

use clap::{Args, Subcommand};

/// Serves functions of another program under load. Started by the Python package, which hands its plan over as JSON on stdin
#[derive(Debug, Args)]
#[command(hide = true)]
pub(crate) struct Functions {
    #[command(subcommand)]
    pub(crate) action: FunctionsAction,
}

#[derive(Debug, Subcommand)]
pub(crate) enum FunctionsAction {
    /// Loads a function, and prints where its report is, as JSON
    Drive,
    /// Measures one round of a function for the worker that holds it
    Round,
    /// Writes the reports of several runs side by side
    Combine,
}
