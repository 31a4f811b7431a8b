//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use bench_core::command_line::{Which, percent};
use bench_core::device::DeviceChoice;
use bench_core::paired::{Rules, Wishes};
use bench_core::quantity::{Bytes, parse_duration};
use bench_core::report::ColorChoice;
use bench_core::{Category, RunError};
use bench_interchange::{EXPORTS, IMPORTS};
use clap::builder::PossibleValuesParser;
use clap::{Args, Parser, Subcommand, ValueEnum};

/// Compares and calibrates what `cargo bench` measures, and looks at the machine it is measured on.
#[derive(Debug, Parser)]
#[command(name = "bench", version, max_term_width = 120)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Compare(Compare),
    Calibrate(Calibrate),
    Doctor(Doctor),
    Store(Store),
    Trend(Trend),
    Accept(Accept),
    Gate(Gate),
    Baseline(Baseline),
    Rename(Rename),
    Bisect(Bisect),
    Report(ReportFile),
    Serve(Serve),
    Export(Export),
    Import(Import),
    Alert(Alert),
}

/// Did it get slower? Two programs in turns, or two records
#[derive(Debug, Args)]
#[command(
    after_help = "A side is a bench executable, a folder with a Cargo.toml (`.` is the code as it is), a git \
    revision, which is built in a worktree of its own, or a record: a run directory, a run.json, or the name of a \
    run. Two records were measured at different times, and tell far less than two programs.\n\n\
    Exit codes: 0 all well, 1 a benchmark failed, 2 wrong usage, 3 slower than allowed, 4 unsure with --strict, \
    130 interrupted."
)]
pub(crate) struct Compare {
    /// What to compare with
    pub(crate) base: String,
    /// What to compare
    pub(crate) candidate: String,
    #[command(flatten)]
    pub(crate) which: Which,
    #[command(flatten)]
    pub(crate) how: How,
    #[command(flatten)]
    pub(crate) build: Build,
    #[command(flatten)]
    pub(crate) report: Report,
    /// Exit with 3 only if a case is slower by more than this, with its whole interval [default: --threshold]
    #[arg(long, value_name = "PCT", value_parser = percent, allow_hyphen_values = true, help_heading = "Reports")]
    pub(crate) fail_on_regression: Option<f64>,
    /// Exit with 4 if a case is unsure, and with 2 if two records come from different machines or toolchains
    #[arg(long, help_heading = "Reports")]
    pub(crate) strict: bool,
}

/// How often does it err? One program against itself, many times
#[derive(Debug, Args)]
pub(crate) struct Calibrate {
    /// A bench executable, a folder with a Cargo.toml, or a git revision [default: the code as it is]
    #[arg(value_name = "EXE", default_value = ".", hide_default_value = true)]
    pub(crate) executable: String,
    #[command(flatten)]
    pub(crate) which: Which,
    /// Comparisons of each case
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..), help_heading = "How")]
    pub(crate) repeats: u32,
    /// Let the candidate run this share of iterations more than it reports
    #[arg(long, value_name = "PCT", value_parser = percent, allow_hyphen_values = true, help_heading = "How")]
    pub(crate) inject: Option<f64>,
    #[command(flatten)]
    pub(crate) how: How,
    #[command(flatten)]
    pub(crate) build: Build,
    #[command(flatten)]
    pub(crate) report: Report,
}

/// How quiet is this machine? What moves figures, and what to do about it
#[derive(Debug, Args)]
#[command(
    after_help = "Nothing is changed: what is advised is to be typed. What can only be counted (steal, pressure, other \
    processes, throttling) is watched for the time given with --watch.\n\n\
    Exit codes: 0 looked, 2 wrong usage, 4 something warns, with --strict."
)]
pub(crate) struct Doctor {
    /// How long to watch
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, default_value = "1s", allow_hyphen_values = true)]
    pub(crate) watch: Duration,
    /// Exit with 4 if a check warns
    #[arg(long)]
    pub(crate) strict: bool,
    /// Write the checks to this file as well, or to stdout in place of the table: --json alone, or -
    #[arg(long, value_name = "FILE", num_args = 0..=1, default_missing_value = "-")]
    pub(crate) json: Option<PathBuf>,
    /// Colours: auto, always, never
    #[arg(long, value_enum, default_value_t, hide_possible_values = true, hide_default_value = true)]
    pub(crate) color: ColorChoice,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "How")]
pub(crate) struct How {
    /// A change below this share is of no practical interest [default: 1%]
    #[arg(long, value_name = "PCT", value_parser = percent, allow_hyphen_values = true)]
    pub(crate) threshold: Option<f64>,
    /// The share of `slower` and `faster` that may be false [default: 5%]
    #[arg(long, value_name = "PCT", value_parser = percent, allow_hyphen_values = true)]
    pub(crate) fdr: Option<f64>,
    /// What a case may take on average, both sides together [default: 3s]
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, allow_hyphen_values = true)]
    pub(crate) max_time: Option<Duration>,
    /// Time after which a worker has failed [default: 5m]
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, allow_hyphen_values = true)]
    pub(crate) timeout: Option<Duration>,
    /// Resident memory that a worker may take [default: 90 % of what is available]
    #[arg(long, value_name = "SIZE", allow_hyphen_values = true)]
    pub(crate) max_memory: Option<Bytes>,
    /// Where benchmarks work that ask for it: auto, cpu, cuda:0, metal
    #[arg(long, value_name = "DEVICE", allow_hyphen_values = true)]
    pub(crate) device: Option<DeviceChoice>,
    /// Seed of every order [default: the clock]
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Building")]
pub(crate) struct Build {
    /// Arguments of the `cargo bench` that builds a revision: `-- -p models --bench all`
    #[arg(last = true, value_name = "CARGO_ARGS")]
    pub(crate) cargo_arguments: Vec<String>,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Reports")]
pub(crate) struct Report {
    /// Folder of all runs
    #[arg(
        long,
        value_name = "DIR",
        default_value = "benchmark_results",
        env = "BENCH_OUTPUT_DIR",
        hide_env = true
    )]
    pub(crate) output_dir: PathBuf,
    /// Write the result to this file as well, or to stdout in place of the report: -
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    /// No progress
    #[arg(long, short)]
    pub(crate) quiet: bool,
    /// Colours: auto, always, never
    #[arg(long, value_enum, default_value_t, hide_possible_values = true, hide_default_value = true)]
    pub(crate) color: ColorChoice,
}

impl How {
    /// What a comparison may cost, and must be sure of.
    pub(crate) fn rules(&self, inject: Option<f64>) -> Result<Rules, RunError> {
        let wishes = Wishes {
            threshold: self.threshold,
            fdr: self.fdr,
            max_time: self.max_time,
            timeout: self.timeout,
            max_memory: self.max_memory,
            device: self.device,
            inject,
            seed: self.seed,
        };
        Ok(wishes.rules()?)
    }
}

/// Which store.
#[derive(Debug, Args)]
#[command(next_help_heading = "Where")]
pub(crate) struct Where {
    /// A file, or postgres://USER@HOST/DATABASE [default: history.sqlite in the folder of all runs]
    #[arg(long, value_name = "STORE", env = "BENCH_STORE", hide_env = true, global = true)]
    pub(crate) store: Option<String>,
    /// Folder of all runs
    #[arg(
        long,
        value_name = "DIR",
        default_value = "benchmark_results",
        env = "BENCH_OUTPUT_DIR",
        hide_env = true,
        global = true
    )]
    pub(crate) output_dir: PathBuf,
}

/// Keeps records for years, in a file or on a server
#[derive(Debug, Args)]
pub(crate) struct Store {
    #[command(subcommand)]
    pub(crate) action: StoreAction,
    #[command(flatten)]
    pub(crate) place: Where,
}

#[derive(Debug, Subcommand)]
pub(crate) enum StoreAction {
    /// Add runs: their directories, run.json files or names; all of the results folder if none is named
    Add {
        /// Which
        #[arg(value_name = "RUN")]
        runs: Vec<String>,
    },
    /// List the runs
    List,
    /// Print the whole record of a run, as JSON
    Show {
        /// Which
        #[arg(value_name = "RUN")]
        run: String,
    },
    /// Remove old runs
    Prune {
        /// Those that began before this day or time, UTC: 2026-01-31, 2026-01-31T12:00:00Z
        #[arg(long, value_name = "TIME", value_parser = day)]
        before: String,
    },
    /// Print every figure of every run
    Export {
        /// csv, json, or parquet, with every raw sample as well
        #[arg(long, value_enum, default_value_t, hide_possible_values = true)]
        format: ExportFormat,
        /// The folder for figures.parquet and samples.parquet
        #[arg(long, short, value_name = "DIR", required_if_eq("format", "parquet"))]
        output: Option<PathBuf>,
    },
    /// Look for damage; exit with 1 if there is any
    Verify,
    /// Make the store anew, from the run directories and what can be read of the old one
    Rebuild,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportFormat {
    #[default]
    Csv,
    Json,
    Parquet,
}

/// Where did each case change? Change points of every series in the store
#[derive(Debug, Args)]
pub(crate) struct Trend {
    /// Only cases whose id contains one of these texts
    #[arg(value_name = "FILTER")]
    pub(crate) filters: Vec<String>,
    /// Which figures: time, peak_memory, any other, or all
    #[arg(long, value_name = "NAME", value_delimiter = ',', default_values = ["time", "peak_memory"])]
    pub(crate) metric: Vec<String>,
    /// A change of the median by less than this share is of no interest [default: 0.5%]
    #[arg(long, value_name = "PCT", value_parser = percent, allow_hyphen_values = true)]
    pub(crate) min_shift: Option<f64>,
    /// Series without changes, too
    #[arg(long)]
    pub(crate) all: bool,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) place: Where,
}

/// Says that a change is right as it is: it stays in the history, and is not told any more
#[derive(Debug, Args)]
pub(crate) struct Accept {
    /// Id of the case
    #[arg(value_name = "CASE")]
    pub(crate) case: String,
    /// Why
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: String,
    /// The first run at the new level [default: that of the case's newest change]
    #[arg(long, value_name = "RUN")]
    pub(crate) run: Option<String>,
    #[command(flatten)]
    pub(crate) by: By,
    #[command(flatten)]
    pub(crate) place: Where,
}

/// By whom.
#[derive(Debug, Args)]
pub(crate) struct By {
    /// By whom
    #[arg(
        long,
        value_name = "NAME",
        env = "USER",
        hide_env = true,
        default_value = "unknown",
        hide_default_value = true
    )]
    pub(crate) author: String,
}

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
    /// Measure suspects anew before they fail: auto (where it can be done), always, never
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
    #[arg(long, value_enum, default_value_t, hide_possible_values = true, hide_default_value = true)]
    pub(crate) color: ColorChoice,
    #[command(flatten)]
    pub(crate) place: Where,
    #[command(flatten)]
    pub(crate) build: Build,
}

/// When suspects are measured anew.
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

/// Gives a run a name, under which later ones are held against it
#[derive(Debug, Args)]
pub(crate) struct Baseline {
    #[command(subcommand)]
    pub(crate) action: BaselineAction,
    #[command(flatten)]
    pub(crate) place: Where,
}

#[derive(Debug, Subcommand)]
pub(crate) enum BaselineAction {
    /// Let a name mean a run, which is added to the store where it is not in it yet
    Set {
        /// The name
        #[arg(value_name = "NAME")]
        name: String,
        /// A run directory, a run.json, or the name of a run [default: the newest]
        #[arg(value_name = "RUN")]
        run: Option<String>,
        #[command(flatten)]
        by: By,
    },
    /// List the names, and what they mean
    List,
}

/// Lets a case keep its history under a new name; with the id of a benchmark, all of its cases
#[derive(Debug, Args)]
pub(crate) struct Rename {
    /// Its id until now
    #[arg(value_name = "OLD")]
    pub(crate) old: String,
    /// Its id from now on
    #[arg(value_name = "NEW")]
    pub(crate) new: String,
    #[command(flatten)]
    pub(crate) by: By,
    #[command(flatten)]
    pub(crate) place: Where,
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

/// A page to look at, as one HTML file: the whole history, a run, or a comparison
#[derive(Debug, Args)]
#[command(after_help = "The file needs no network: it works from disk and from any static host.\n\n    \
    bench report                    the whole history, and the newest run of each machine\n    \
    bench report latest             a run\n    \
    bench report before latest      two runs, compared\n    \
    bench report DIR                what `bench compare` has written into DIR")]
pub(crate) struct ReportFile {
    #[command(flatten)]
    pub(crate) subject: Subject,
    /// Write it to this file, or to stdout: - [default: report.html in the folder of all runs]
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) place: Where,
}

/// The same page, to this machine alone, brought up to date while a run goes on
#[derive(Debug, Args)]
pub(crate) struct Serve {
    #[command(flatten)]
    pub(crate) subject: Subject,
    /// Port on the loopback interface; 0 is any that is free
    #[arg(long, value_name = "PORT", default_value_t = 7331)]
    pub(crate) port: u16,
    #[command(flatten)]
    pub(crate) place: Where,
}

/// What a page is about.
#[derive(Debug, Args)]
pub(crate) struct Subject {
    /// None: the history. One: a run, or the folder of a comparison. Two: runs to compare, the older one first
    #[arg(value_name = "RUN", num_args = 0..=2)]
    pub(crate) runs: Vec<String>,
    /// A change of the median by less than this share is of no interest [default: 0.5%]
    #[arg(long, value_name = "PCT", value_parser = percent, allow_hyphen_values = true)]
    pub(crate) min_shift: Option<f64>,
}

/// Writes a run in the format of another tool
#[derive(Debug, Args)]
#[command(
    after_help = "benchfmt is Go's, for benchstat; bmf is Bencher's; criterion is a folder for critcmp, with the run as a \
    baseline; github-action is a folder with what github-action-benchmark takes as customSmallerIsBetter and \
    customBiggerIsBetter. What was not measured is left out, and that is said."
)]
pub(crate) struct Export {
    /// Which format
    #[arg(value_name = "FORMAT", value_parser = PossibleValuesParser::new(EXPORTS.map(|format| format.name())))]
    pub(crate) format: String,
    /// A run directory, a run.json, or the name of a run [default: the newest]
    #[arg(value_name = "RUN")]
    pub(crate) run: Option<String>,
    /// The file or folder to write to [default: stdout, where it is one file]
    #[arg(long, short, value_name = "PATH")]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) place: Where,
}

/// Adds what another tool has measured to the store, as a run
#[derive(Debug, Args)]
#[command(
    after_help = "benchfmt is what `go test -bench` prints, bmf is Bencher's, criterion is the folder target/criterion. The \
    machine is a part of what tells series apart: what is neither in the file nor said here is `unknown`."
)]
pub(crate) struct Import {
    /// Which format
    #[arg(value_name = "FORMAT", value_parser = PossibleValuesParser::new(IMPORTS.map(|format| format.name())))]
    pub(crate) format: String,
    /// The file or folder
    #[arg(value_name = "PATH")]
    pub(crate) path: PathBuf,
    /// Name of the run [default: made of its time, the format and what it holds]
    #[arg(long, value_name = "NAME", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub(crate) run: Option<String>,
    /// When it was measured, UTC: 2026-01-31T12:00:00Z [default: when the file was last written]
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub(crate) time: Option<String>,
    /// Category of the benchmarks whose name does not say it
    #[arg(long, value_name = "CATEGORY", default_value_t = Category::Performance)]
    pub(crate) category: Category,
    #[command(flatten)]
    pub(crate) machine: Machine,
    #[command(flatten)]
    pub(crate) place: Where,
}

/// What files of other tools do not say.
#[derive(Debug, Args)]
#[command(next_help_heading = "The machine and the build")]
pub(crate) struct Machine {
    /// Git commit
    #[arg(long, value_name = "COMMIT")]
    pub(crate) commit: Option<String>,
    /// Processor model
    #[arg(long, value_name = "MODEL")]
    pub(crate) cpu: Option<String>,
    /// Logical processors
    #[arg(long, value_name = "N")]
    pub(crate) cores: Option<usize>,
    /// Memory of the machine: 16GiB
    #[arg(long, value_name = "SIZE")]
    pub(crate) memory: Option<Bytes>,
    /// Model of a GPU; as often as there are GPUs
    #[arg(long, value_name = "MODEL")]
    pub(crate) gpu: Vec<String>,
    /// Compiler and version
    #[arg(long, value_name = "NAME")]
    pub(crate) toolchain: Option<String>,
}

/// Tells of changes, each once: webhooks, commands, GitHub, as bench.toml says
#[derive(Debug, Args)]
#[command(
    after_help = "Run it after `bench gate` or `bench store add`. What could not be told is told again the next time.\n\n\
    Exit codes: 0 all told, 1 something could not be told, 2 wrong usage."
)]
pub(crate) struct Alert {
    /// Whom to tell [default: bench.toml]
    #[arg(long, value_name = "FILE", default_value = "bench.toml", hide_default_value = true)]
    pub(crate) config: PathBuf,
    /// Which figures: time, peak_memory, any other, or all
    #[arg(long, value_name = "NAME", value_delimiter = ',', default_values = ["time", "peak_memory"])]
    pub(crate) metric: Vec<String>,
    /// What `bench gate --json` wrote: changes that were measured anew and cleared are not told
    #[arg(long, value_name = "FILE")]
    pub(crate) decision: Option<PathBuf>,
    /// Show what would be told, and tell nobody
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) place: Where,
}

/// A moment in UTC.
fn moment(text: &str) -> Result<String, String> {
    match bench_interchange::seconds_since_1970(text) {
        Some(_) if text.ends_with('Z') => Ok(text.to_owned()),
        _ => Err("wanted a time in UTC, such as 2026-01-31T12:00:00Z".to_owned()),
    }
}

/// A day or a time, as far as it can be compared with those of records.
fn day(text: &str) -> Result<String, String> {
    let pattern = "0000-00-00T00:00:00Z";
    let alike =
        |(given, wanted): (char, char)| if wanted == '0' { given.is_ascii_digit() } else { given == wanted };
    let fits = text.chars().zip(pattern.chars()).all(alike);
    if fits && [10, pattern.len()].contains(&text.len()) {
        Ok(text.to_owned())
    } else {
        Err("wanted a day or a time in UTC, such as 2026-01-31 or 2026-01-31T12:00:00Z".to_owned())
    }
}
