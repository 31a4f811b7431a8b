//! The arguments of `bench runner`.

use std::ffi::OsString;

use clap::Args;

/// Run executables for cargo: those that `cargo bench` built are measured, all others run as usual
///
/// Set `CARGO_TARGET_<TRIPLE>_RUNNER="bench runner"`, or `runner = "bench runner"` below `[target.<TRIPLE>]` in
/// `.cargo/config.toml`, with the triple of `rustc -vV` (in capitals, with underscores): then `cargo bench` hands over every
/// executable, and `cargo bench -- --help` lists the flags.
#[derive(Debug, Args)]
pub(crate) struct Runner {
    /// The executable, and its arguments.
    #[arg(value_name = "EXE", trailing_var_arg = true, allow_hyphen_values = true, required = true)]
    typed: Vec<OsString>,
}
