//! The arguments of `bench runner`.

use std::ffi::OsString;

use clap::Args;

/// Run executables for cargo: those that `cargo bench` built are measured, all others run as usual
///
/// Set `runner = "bench runner"` below `[target.<TRIPLE>]` in `.cargo/config.toml`, where `<TRIPLE>` is the host that
/// `rustc -vV` prints, or set `CARGO_TARGET_<TRIPLE>_RUNNER="bench runner"`, with the triple in capitals and with
/// underscores. Then `cargo bench` starts every executable through `bench runner`, and `cargo bench -- --help` lists
/// the flags.
#[derive(Debug, Args)]
pub(crate) struct Runner {
    /// The executable, and its arguments.
    #[arg(value_name = "EXE", trailing_var_arg = true, allow_hyphen_values = true, required = true)]
    typed: Vec<OsString>,
}
