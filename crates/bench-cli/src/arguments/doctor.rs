//! What looks at the machine.

use std::path::PathBuf;
use std::time::Duration;

use bench_report::ColorChoice;
use bench_syntax::quantity::parse_duration;
use clap::Args;

/// How quiet is this machine? What moves figures, and what to do about it
#[derive(Debug, Args)]
#[command(
    after_help = "Nothing is changed: what is advised is to be typed. What can only be counted (steal, pressure, other \
    processes, throttling) is watched for the time given with --watch.\n\n\
    Exit codes: 0 looked, 2 wrong usage, 4 something warns, with --strict."
)]
pub(crate) struct Doctor {
    /// How long to watch
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, default_value = "1s", allow_hyphen_values = true)]
    pub(crate) watch: Duration,
    /// Exit with 4 if a check warns
    #[arg(long)]
    pub(crate) strict: bool,
    /// Write the checks to this file as well, or to stdout in place of the table: --json alone, or -
    #[arg(long, value_name = "FILE", num_args = 0..=1, default_missing_value = "-")]
    pub(crate) json: Option<PathBuf>,
    /// Colours: auto, always, never
    #[arg(long, default_value = "auto", hide_default_value = true)]
    pub(crate) color: ColorChoice,
}
