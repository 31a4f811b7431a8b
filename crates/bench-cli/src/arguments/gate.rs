//! The arguments of `bench gate` and `bench bisect`.

use std::path::PathBuf;
use std::time::Duration;

use bench_report::ColorChoice;
use bench_syntax::quantity::parse_duration;
use clap::{Args, ValueEnum};

use super::{Build, How, Where};

/// Decide whether a run may pass: apply the limits in bench.toml to its history, or to a baseline
#[derive(Debug, Args)]
#[command(
    after_help = "The run is added to the store before it is judged. A figure fails if it has become worse than bench.toml allows (by \
    default 1 %), in its history or against a baseline; exceeded limits and missed targets fail, too. Before a case \
    fails because it is slower, it is measured again if the checkout here has both commits: the last good commit and the \
    commit of the run are built, and the two programs take turns.\n\n\
    Exit codes: 0 success, 1 a benchmark failed, 2 wrong usage, 3 worse than allowed, 4 with --strict: unsure or too \
    little history, 130 interrupted."
)]
pub(crate) struct Gate {
    /// A run directory, a run.json, or the name of a run [default: the newest]
    #[arg(value_name = "RUN")]
    pub(crate) run: Option<String>,
    /// The file that says what is allowed [default: bench.toml, if it exists]
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Compare the run with this baseline or run, instead of its history
    #[arg(long, value_name = "NAME")]
    pub(crate) baseline: Option<String>,
    /// Measure suspects again before they fail: auto (if possible), always, never
    #[arg(long, value_enum, value_name = "WHEN", default_value_t, hide_possible_values = true)]
    pub(crate) confirm: Confirm,
    /// Time to measure a suspect, both sides together; four times as long if that is not enough
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, default_value = "10s", allow_hyphen_values = true)]
    pub(crate) max_time: Duration,
    /// Exit with 4 if a figure is unsure or has too little history
    #[arg(long)]
    pub(crate) strict: bool,
    /// Also write the decision to this file; - writes it to stdout instead of the report
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    /// Also write a pull request comment in Markdown to this file; - writes it to stdout instead of the report
    #[arg(long, value_name = "FILE")]
    pub(crate) markdown: Option<PathBuf>,
    /// No progress
    #[arg(long, short)]
    pub(crate) quiet: bool,
    /// Print the evidence for each finding, even where several findings share it
    #[arg(long, short)]
    pub(crate) verbose: bool,
    /// Colors: auto, always, never
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
    /// If a checkout here has both commits and builds.
    #[default]
    Auto,
    /// Always; it is an error if that is not possible.
    Always,
    /// Never.
    Never,
}

/// Find the commit that made a case slower
#[derive(Debug, Args)]
#[command(
    after_help = "First GOOD and BAD take turns; then GOOD takes turns with commits between the two, along first parents. A commit \
                  counts as slow if it has more than half of the slowdown of BAD. If that cannot be decided, the \
                  commit is measured for four and then sixteen times as long; if that is not enough, it is skipped. A commit that \
                  cannot be built, fails, or does not have the case is skipped, too.\n\n\
    Exit codes: 0 the commit was found, 1 the case failed at GOOD or BAD, 2 wrong usage, or BAD is not slower than GOOD, 4 several \
    commits are left, 130 interrupted."
)]
pub(crate) struct Bisect {
    /// A commit at which the case was fast
    pub(crate) good: String,
    /// A later commit at which it is slow
    pub(crate) bad: String,
    /// Id of the case
    #[arg(long, value_name = "CASE")]
    pub(crate) case: String,
    /// Also write the result to this file; - writes it to stdout instead of the report
    #[arg(long, value_name = "FILE", help_heading = "Reports")]
    pub(crate) json: Option<PathBuf>,
    /// No progress
    #[arg(long, short, help_heading = "Reports")]
    pub(crate) quiet: bool,
    #[command(flatten)]
    pub(crate) how: How,
    #[command(flatten)]
    pub(crate) build: Build,
    /// Link each commit this many times with its sections in different orders, so that a commit which only moved code is
    /// not blamed. Use 16; fewer than 10 cannot decide (Linux, with LLVM's lld or mold)
    #[arg(long, value_name = "K", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=64), help_heading = "Building")]
    pub(crate) layouts: u8,
}
