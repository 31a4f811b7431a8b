//! What decides, and what finds the commit.

use std::path::PathBuf;
use std::time::Duration;

use bench_report::ColorChoice;
use bench_syntax::quantity::parse_duration;
use clap::{Args, ValueEnum};

use super::{Build, How, Where};

/// May this run pass? Keeps it, and judges it by bench.toml, its history or a baseline
#[derive(Debug, Args)]
#[command(
    after_help = "A run is added to the store before it is judged. A figure fails that has become worse than bench.toml \
    allows (1 % where it says nothing), in the run's history or against a baseline, and so does a limit that is not \
    kept, or a target that is missed. Before a change of time fails, the last good commit and that of the run are \
    built and measured in turn, where a checkout here holds both.\n\n\
    Exit codes: 0 all well, 1 a benchmark failed, 2 wrong usage, 3 slower than allowed, 4 unsure or too little \
    history, with --strict, 130 interrupted."
)]
pub(crate) struct Gate {
    /// A run directory, a run.json, or the name of a run [default: the newest]
    #[arg(value_name = "RUN")]
    pub(crate) run: Option<String>,
    /// What is allowed [default: bench.toml, where there is one]
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Hold the run against this baseline or run, and not against its history
    #[arg(long, value_name = "NAME")]
    pub(crate) baseline: Option<String>,
    /// Measure suspects again before they fail: auto (where it can be done), always, never
    #[arg(long, value_enum, value_name = "WHEN", default_value_t, hide_possible_values = true)]
    pub(crate) confirm: Confirm,
    /// What measuring a suspect may take, both sides together; four times as long where that is not enough
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, default_value = "10s", allow_hyphen_values = true)]
    pub(crate) max_time: Duration,
    /// Exit with 4 where something is unsure
    #[arg(long)]
    pub(crate) strict: bool,
    /// Write the decision to this file as well, or to stdout in place of the report: -
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    /// No progress
    #[arg(long, short)]
    pub(crate) quiet: bool,
    /// Colours: auto, always, never
    #[arg(long, default_value = "auto", hide_default_value = true)]
    pub(crate) color: ColorChoice,
    #[command(flatten)]
    pub(crate) place: Where,
    #[command(flatten)]
    pub(crate) build: Build,
}

/// When suspects are measured again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Confirm {
    /// Where a checkout here holds both commits and builds.
    #[default]
    Auto,
    /// Always; it is an error where that cannot be.
    Always,
    /// Never.
    Never,
}

/// Which commit made it slower? Measures commits between two in turn with the good one
#[derive(Debug, Args)]
#[command(
    after_help = "Looks at the commits from GOOD to BAD along first parents. One is taken for slow where it has more than \
    half of the slowdown of BAD; one of which that cannot be told is measured for four and sixteen times as long, and \
    passed over after that, as is one that cannot be built or does not hold the case.\n\n\
    Exit codes: 0 the commit is found, 1 the case failed, 2 wrong usage, or BAD is no slower than GOOD, 4 several \
    commits are left, 130 interrupted."
)]
pub(crate) struct Bisect {
    /// A commit at which the case was fast
    pub(crate) good: String,
    /// A later one at which it is slow
    pub(crate) bad: String,
    /// Id of the case
    #[arg(long, value_name = "CASE")]
    pub(crate) case: String,
    /// Write what was found to this file as well, or to stdout in place of the report: -
    #[arg(long, value_name = "FILE", help_heading = "Reports")]
    pub(crate) json: Option<PathBuf>,
    /// No progress
    #[arg(long, short, help_heading = "Reports")]
    pub(crate) quiet: bool,
    #[command(flatten)]
    pub(crate) how: How,
    #[command(flatten)]
    pub(crate) build: Build,
}
