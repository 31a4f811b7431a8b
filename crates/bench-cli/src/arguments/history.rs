//! What the history says, and what is said of it.

use bench_runner::command_line::percent;
use clap::{Args, Subcommand};

use super::{By, Where};

/// Where did each case change? Change points of every series in the store
#[derive(Debug, Args)]
pub(crate) struct Trend {
    /// Only cases whose id contains one of these texts
    #[arg(value_name = "FILTER")]
    pub(crate) filters: Vec<String>,
    /// Which figures: time, peak_memory, any other, or all
    #[arg(long, value_name = "NAME", value_delimiter = ',', default_values = ["time", "peak_memory"])]
    pub(crate) metric: Vec<String>,
    /// A change of the median by less than this share is of no interest [default: 0.5%]
    #[arg(long, value_name = "PCT", value_parser = percent, allow_hyphen_values = true)]
    pub(crate) min_shift: Option<f64>,
    /// Series without changes, too, and how each moved with its machine
    #[arg(long)]
    pub(crate) all: bool,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) place: Where,
}

/// Says that a change is right as it is: it stays in the history, and is not told any more
#[derive(Debug, Args)]
pub(crate) struct Accept {
    /// Id of the case
    #[arg(value_name = "CASE")]
    pub(crate) case: String,
    /// Why
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

/// Gives a run a name, under which later ones are compared with it
#[derive(Debug, Args)]
pub(crate) struct Baseline {
    #[command(subcommand)]
    pub(crate) action: BaselineAction,
    #[command(flatten)]
    pub(crate) place: Where,
}

#[derive(Debug, Subcommand)]
pub(crate) enum BaselineAction {
    /// Let a name mean a run, which is added to the store where it is not in it yet
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
    /// List the names, and what they mean
    List,
}

/// Lets a case keep its history under a new name; with the id of a benchmark, all of its cases
#[derive(Debug, Args)]
pub(crate) struct Rename {
    /// Its id until now
    #[arg(value_name = "OLD")]
    pub(crate) old: String,
    /// Its id from now on
    #[arg(value_name = "NEW")]
    pub(crate) new: String,
    #[command(flatten)]
    pub(crate) by: By,
    #[command(flatten)]
    pub(crate) place: Where,
}
