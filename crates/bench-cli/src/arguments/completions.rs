//! The arguments of the commands that write shell completions and manual pages, for packages of `bench`.

use std::path::PathBuf;

use clap::Args;
use clap_complete::Shell;

/// Print the completion script for a shell
#[derive(Debug, Args)]
#[command(after_help = "    bench completions bash > ~/.local/share/bash-completion/completions/bench\n    \
                        bench completions zsh > ~/.zfunc/_bench\n    \
                        bench completions fish > ~/.config/fish/completions/bench.fish")]
pub(crate) struct Completions {
    /// The shell
    #[arg(value_enum)]
    pub(crate) shell: Shell,
}

/// Write manual pages: bench.1, and one for each command
#[derive(Debug, Args)]
pub(crate) struct Man {
    /// The folder to write to, which must exist
    #[arg(value_name = "DIR")]
    pub(crate) folder: PathBuf,
}
