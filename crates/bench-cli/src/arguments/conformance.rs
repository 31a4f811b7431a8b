//! The arguments of `bench conformance`.

use std::path::PathBuf;
use std::time::Duration;

use bench_report::ColorChoice;
use bench_syntax::quantity::parse_duration;
use clap::Args;

/// Check whether a program follows the worker protocol, and report each deviation
#[derive(Debug, Args)]
#[command(after_help = "The protocol is described in docs/book/src/protocol.md.\n\n\
    Exit codes: 0 no deviation, 1 deviations, 2 wrong usage, 130 interrupted.")]
pub(crate) struct Conformance {
    /// The program: an executable, a script with an interpreter line, or a file or folder of Python benchmarks
    pub(crate) program: PathBuf,
    /// Only checks whose names contain one of these texts: list, step, shared
    #[arg(value_name = "CHECK")]
    pub(crate) only: Vec<String>,
    /// The case that is measured [default: the first that is not ignored]
    #[arg(long, value_name = "ID")]
    pub(crate) case: Option<String>,
    /// How long the program may take for each answer
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, default_value = "10s")]
    pub(crate) timeout: Duration,
    /// The interpreter of Python benchmarks [default: the active environment's]
    #[arg(long, value_name = "PYTHON")]
    pub(crate) interpreter: Option<PathBuf>,
    /// Colors: auto, always, never
    #[arg(long, default_value = "auto", hide_default_value = true)]
    pub(crate) color: ColorChoice,
    /// Print no progress
    #[arg(long, short)]
    pub(crate) quiet: bool,
    /// Arguments of the program, before those of the runner
    #[arg(last = true, value_name = "ARGUMENTS")]
    pub(crate) arguments: Vec<std::ffi::OsString>,
}
