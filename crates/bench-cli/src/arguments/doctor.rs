//! The arguments of `bench doctor`.

use std::path::PathBuf;
use std::time::Duration;

use bench_report::ColorChoice;
use bench_syntax::quantity::parse_duration;
use clap::Args;

/// Check how quiet this machine is, and print what to do about it
#[derive(Debug, Args)]
#[command(
    after_help = "`bench doctor` changes nothing: it prints the commands to type. Counters (steal, pressure, other processes, throttling) are \
    watched for the time given with --watch.\n\n\
    Exit codes: 0 success, 2 wrong usage, 4 with --strict: a check warns."
)]
pub(crate) struct Doctor {
    /// Time to watch
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, default_value = "1s", allow_hyphen_values = true)]
    pub(crate) watch: Duration,
    /// Exit with 4 if a check warns
    #[arg(long)]
    pub(crate) strict: bool,
    /// Also write the checks to this file, or to stdout instead of the table: --json alone, or -
    #[arg(long, value_name = "FILE", num_args = 0..=1, default_missing_value = "-")]
    pub(crate) json: Option<PathBuf>,
    /// Colors: auto, always, never
    #[arg(long, default_value = "auto", hide_default_value = true)]
    pub(crate) color: ColorChoice,
}
