//! The arguments of `bench report` and `bench serve`.

use std::path::PathBuf;

use bench_report::ColorChoice;
use bench_runner::command_line::percent;
use clap::Args;

use super::Where;

/// Write a page that shows the history, a run or a comparison, as one HTML file
#[derive(Debug, Args)]
#[command(after_help = "The file needs no network: it works from disk and from any static host.\n\n    \
    bench report                    the whole history, and the newest run of each machine\n    \
    bench report latest             a run\n    \
    bench report before latest      two runs, compared\n    \
    bench report DIR                what `bench compare` has written into DIR")]
pub(crate) struct ReportFile {
    #[command(flatten)]
    pub(crate) subject: Subject,
    /// Write the page to this file; - means stdout [default: report.html in the folder of all runs]
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) place: Where,
}

/// Print the report of a run again, as wide as the terminal
#[derive(Debug, Args)]
pub(crate) struct Show {
    /// A run directory, a name that a run was given, or a run of the store [default: latest]
    #[arg(value_name = "RUN")]
    pub(crate) run: Option<String>,
    /// Print every figure and every warning
    #[arg(long)]
    pub(crate) verbose: bool,
    /// Colors: auto, always, never
    #[arg(long, default_value = "auto", hide_default_value = true)]
    pub(crate) color: ColorChoice,
    #[command(flatten)]
    pub(crate) place: Where,
}

/// Serve the page of `bench report` to this machine, updated while a run is in progress
#[derive(Debug, Args)]
pub(crate) struct Serve {
    #[command(flatten)]
    pub(crate) subject: Subject,
    /// Port on the loopback interface; 0 means any free port
    #[arg(long, value_name = "PORT", default_value_t = 7331)]
    pub(crate) port: u16,
    #[command(flatten)]
    pub(crate) place: Where,
}

/// The subject of a page.
#[derive(Debug, Args)]
pub(crate) struct Subject {
    /// No run: the history. One: a run, or the folder of a comparison. Two: runs to compare, the older one first
    #[arg(value_name = "RUN", num_args = 0..=2)]
    pub(crate) runs: Vec<String>,
    /// The smallest reported change in the median [default: 0.5%]
    #[arg(long, value_name = "PCT", value_parser = percent, allow_hyphen_values = true)]
    pub(crate) min_shift: Option<f64>,
    /// Between two runs: the smallest change that matters [default: 1%]
    #[arg(long, value_name = "PCT", value_parser = percent, allow_hyphen_values = true)]
    pub(crate) threshold: Option<f64>,
}
