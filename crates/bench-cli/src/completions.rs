//! `bench completions` and `bench man`: the files that packages of the command install with it.

use bench_record::{RunError, exit};
use bench_report::text::print;
use clap::CommandFactory;

use crate::arguments::{Arguments, Completions, Man};
use crate::failure::Failure;

const NAME: &str = "bench";

/// Prints the completions of a shell.
pub(crate) fn run(arguments: &Completions) -> Result<u8, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Arguments::command(), NAME, &mut script);
    print(&script)?;
    Ok(exit::OK)
}

/// Writes `bench.1`, and a page for each command that `bench --help` lists.
pub(crate) fn manual(arguments: &Man) -> Result<u8, Failure> {
    let folder = &arguments.folder;
    clap_mangen::generate_to(Arguments::command(), folder)
        .map_err(|error| RunError::io("write manual pages to", folder.display().to_string(), error))?;
    Ok(exit::OK)
}

#[cfg(test)]
mod tests {
    use clap_complete::Shell;

    use super::*;

    #[test]
    fn every_shell_completes_every_command() {
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish, Shell::PowerShell, Shell::Elvish] {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), NAME, &mut script);
            let script = String::from_utf8(script).expect("text");
            for command in Arguments::command().get_subcommands().filter(|command| !command.is_hide_set()) {
                assert!(script.contains(command.get_name()), "{shell}: {}", command.get_name());
            }
        }
    }

    #[test]
    fn commands_that_are_listed_have_a_manual_page() {
        let folder = tempfile::tempdir().expect("folder");
        manual(&Man { folder: folder.path().to_owned() }).expect("pages");
        let page = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap_or_default();
        assert!(page("bench.1").contains("bench\\-compare(1)"), "{}", page("bench.1"));
        assert!(page("bench-compare.1").contains("\\-\\-threshold"));
        assert!(!folder.path().join("bench-man.1").exists(), "it is hidden");
    }
}
