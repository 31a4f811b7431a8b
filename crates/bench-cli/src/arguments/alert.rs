//! The arguments of `bench alert`.

use std::path::PathBuf;

use clap::Args;

use super::Where;

/// Notify about changes, once each: by webhook, command or GitHub, as bench.toml says
#[derive(Debug, Args)]
#[command(
    after_help = "Run it after `bench gate` or `bench store add`. A message that could not be sent is sent the next time.\n\n\
    Exit codes: 0 all sent, 1 a message could not be sent, 2 wrong usage."
)]
pub(crate) struct Alert {
    /// The file with the recipients [default: bench.toml]
    #[arg(long, value_name = "FILE", default_value = "bench.toml", hide_default_value = true)]
    pub(crate) config: PathBuf,
    /// Figures to look at: time, peak_memory, any other name, or all
    #[arg(long, value_name = "NAME", value_delimiter = ',', default_values = ["time", "peak_memory"])]
    pub(crate) metric: Vec<String>,
    /// A file that `bench gate --json` wrote: changes that were measured again and cleared are not sent
    #[arg(long, value_name = "FILE")]
    pub(crate) decision: Option<PathBuf>,
    /// Print what would be sent, and send nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) place: Where,
}
