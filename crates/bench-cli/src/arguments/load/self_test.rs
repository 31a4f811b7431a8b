//! The flags that mean something with `--self-test`.

use clap::parser::ValueSource;
use clap::{ArgMatches, Args, Command};

use super::Load;

const WITH: [&str; 4] = ["self_test", "concurrency", "color", "quiet"];

/// Returns a flag that was typed although it has no effect on a self-test, which has a server and requests of its own.
pub(crate) fn without_effect(matches: &ArgMatches) -> Option<String> {
    let command = Load::augment_args(Command::new("load"));
    let others = command.get_arguments().filter(|argument| !WITH.contains(&argument.get_id().as_str()));
    let mut typed = others.filter(|argument| {
        matches.value_source(argument.get_id().as_str()) == Some(ValueSource::CommandLine)
    });
    typed.next().map(|argument| {
        argument.get_long().map_or_else(|| "an address".to_owned(), |long| format!("--{long}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(line: &[&str]) -> Option<String> {
        without_effect(&Load::augment_args(Command::new("load")).get_matches_from(line))
    }

    #[test]
    fn what_has_no_effect_is_named() {
        assert_eq!(typed(&["load", "--self-test", "--concurrency=1,5", "--quiet", "--color=never"]), None);
        assert_eq!(typed(&["load", "http://a", "--self-test"]).as_deref(), Some("an address"));
        assert_eq!(typed(&["load", "--self-test", "--rate=5"]).as_deref(), Some("--rate"));
    }
}
