//! Ends a command line before anything is done: a request for help, or a mistake.

use std::fmt::{Display, Write};

use super::flag::{self, FILTERS, Flag, HEADINGS};

/// The reasons to end a command line before anything is done.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// `--help`.
    Help,
    /// A mistake: the whole text to print.
    Wrong(String),
}

/// The pointer to `--help`.
const MORE: &str = "For more information, try '--help'.";

impl Stop {
    /// Creates a mistake that the message explains.
    pub(super) fn wrong(message: impl Display) -> Self {
        Stop::Wrong(format!("error: {message}\n\n{MORE}\n"))
    }

    /// Creates a mistake with the line of usage that explains it. The line shows the flags `used`, or `[OPTIONS]` if
    /// there are none.
    pub(super) fn misused(program: &str, message: impl Display, used: &[&Flag]) -> Self {
        Stop::wrong(format!("{message}\n\n{}", usage(program, used)))
    }

    /// Creates the mistake of a value that a flag does not accept.
    pub(super) fn invalid(flag: &Flag, value: &str, reason: impl Display) -> Self {
        Stop::wrong(format!("invalid value '{value}' for '{}': {reason}", flag.usage()))
    }
}

fn usage(program: &str, used: &[&Flag]) -> String {
    let mut shown: Vec<String> = Vec::new();
    for flag in used.iter().filter(|flag| flag.heading.is_some() && flag.name != FILTERS.name) {
        let flag = flag.usage();
        if !shown.contains(&flag) {
            shown.push(flag);
        }
    }
    let options = if shown.is_empty() { "[OPTIONS]".to_owned() } else { shown.join(" ") };
    format!("Usage: {program} {options} [FILTER]...")
}

/// Returns the text of `--help`.
pub(super) fn help(program: &str, about: &str) -> String {
    let mut out = format!("{about}\n\n{}\n\nOptions:\n  -h, --help  Print help\n", usage(program, &[]));
    for heading in HEADINGS {
        let rows: Vec<(String, &str)> = flag::all()
            .filter(|flag| flag.heading == Some(heading))
            .map(|flag| {
                let typed = match flag.short {
                    Some(letter) => format!("-{letter}, {}", flag.usage()),
                    None if flag.name == FILTERS.name => flag.usage(),
                    None => format!("    {}", flag.usage()),
                };
                (typed, flag.help)
            })
            .collect();
        let width = rows.iter().map(|(typed, _)| typed.len()).max().unwrap_or_default();
        // Writing to a String cannot fail.
        let _ = writeln!(out, "\n{heading}:");
        for (typed, help) in rows {
            let _ = writeln!(out, "  {typed:width$}  {help}");
        }
    }
    out + "\nEvery flag is also an environment variable: --max-time 1s is BENCH_MAX_TIME=1s.\n\
        Exit codes: 0 success, 1 a benchmark failed, 2 wrong usage, 3 slower than allowed or a target missed, \
        4 unsure with --strict, 130 interrupted.\n"
}
