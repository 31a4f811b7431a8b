//! The arguments of the commands that read and annotate the history.

use bench_runner::command_line::percent;
use clap::{Args, Subcommand};

use super::{By, Where};

/// Print the change points of every series in the store
#[derive(Debug, Args)]
pub(crate) struct Trend {
    /// Only cases whose id contains one of these texts
    #[arg(value_name = "FILTER")]
    pub(crate) filters: Vec<String>,
    /// Figures to look at: time, peak_memory, any other name, or all
    #[arg(long, value_name = "NAME", value_delimiter = ',', default_values = ["time", "peak_memory"])]
    pub(crate) metric: Vec<String>,
    /// The smallest reported change in the median [default: 0.5%]
    #[arg(long, value_name = "PCT", value_parser = percent, allow_hyphen_values = true)]
    pub(crate) min_shift: Option<f64>,
    /// Also print series without changes and, for each series, the changes that its whole machine shares
    #[arg(long)]
    pub(crate) all: bool,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) place: Where,
}

/// Accept a change as intended: it stays in the history, but is no longer reported
#[derive(Debug, Args)]
pub(crate) struct Accept {
    /// Id of the case
    #[arg(value_name = "CASE")]
    pub(crate) case: String,
    /// The reason, for people who read the history
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: String,
    /// The first run at the new level [default: that of the case's newest change]
    #[arg(long, value_name = "RUN")]
    pub(crate) run: Option<String>,
    #[command(flatten)]
    pub(crate) by: By,
    #[command(flatten)]
    pub(crate) place: Where,
}

/// Give a run a name, to compare later runs with
#[derive(Debug, Args)]
pub(crate) struct Baseline {
    #[command(subcommand)]
    pub(crate) action: BaselineAction,
    #[command(flatten)]
    pub(crate) place: Where,
}

#[derive(Debug, Subcommand)]
pub(crate) enum BaselineAction {
    /// Give a run a name; add it to the store if it is not there yet
    Set {
        /// The name
        #[arg(value_name = "NAME")]
        name: String,
        /// A run directory, a run.json, or the name of a run [default: the newest]
        #[arg(value_name = "RUN")]
        run: Option<String>,
        #[command(flatten)]
        by: By,
    },
    /// List the names and their runs
    List,
}

/// Carry the history of a case over to a new id; the id of a benchmark renames all its cases
#[derive(Debug, Args)]
pub(crate) struct Rename {
    /// The present id
    #[arg(value_name = "OLD")]
    pub(crate) old: String,
    /// The new id
    #[arg(value_name = "NEW")]
    pub(crate) new: String,
    #[command(flatten)]
    pub(crate) by: By,
    #[command(flatten)]
    pub(crate) place: Where,
}
