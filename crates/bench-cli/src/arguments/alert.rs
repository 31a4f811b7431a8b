//! Who is told.

use std::path::PathBuf;

use clap::Args;

use super::Where;

/// Tells of changes, each once: webhooks, commands, GitHub, as bench.toml says
#[derive(Debug, Args)]
#[command(
    after_help = "Run it after `bench gate` or `bench store add`. What could not be told is told again the next time.\n\n\
    Exit codes: 0 all told, 1 something could not be told, 2 wrong usage."
)]
pub(crate) struct Alert {
    /// Whom to tell [default: bench.toml]
    #[arg(long, value_name = "FILE", default_value = "bench.toml", hide_default_value = true)]
    pub(crate) config: PathBuf,
    /// Which figures: time, peak_memory, any other, or all
    #[arg(long, value_name = "NAME", value_delimiter = ',', default_values = ["time", "peak_memory"])]
    pub(crate) metric: Vec<String>,
    /// What `bench gate --json` wrote: changes that were measured again and cleared are not told
    #[arg(long, value_name = "FILE")]
    pub(crate) decision: Option<PathBuf>,
    /// Print what would be sent, and send nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) place: Where,
}
