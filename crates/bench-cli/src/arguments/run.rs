//! The arguments of `bench run`.

use std::ffi::OsString;

use clap::Args;

/// Run benchmarks of this workspace, of a folder, or of any program that speaks the worker protocol
#[derive(Debug, Args)]
#[command(
    override_usage = "bench run [PATH | EXE]... [FILTER]... [FLAGS] [-- CARGO_ARGS]",
    disable_help_flag = true
)]
pub(crate) struct Run {
    /// Programs and folders first, then filters and flags; after `--`, arguments of the `cargo bench` that builds
    #[arg(value_name = "ARGUMENTS", allow_hyphen_values = true, trailing_var_arg = true, num_args = 0..)]
    _arguments: Vec<OsString>,
}
