//! The arguments of `bench compare` and `bench calibrate`.

use std::path::PathBuf;
use std::time::Duration;

use bench_adapters::Python;
use bench_compare::{Checkout, CountChoice, Rules, Wishes};
use bench_protocol::DeviceChoice;
use bench_record::RunError;
use bench_report::ColorChoice;
use bench_runner::command_line::percent;
use bench_syntax::UsageError;
use bench_syntax::quantity::{Bytes, parse_duration};
use clap::Args;

use super::which::Which;

/// The help of arguments that mean more for `bench compare` than for the other commands.
const TWO_INTERPRETERS: &str = "Interpreter of Python benchmarks; give the flag twice for a different one on each side [default: the active environment's]";
const ARGUMENTS_OF_BOTH: &str = "Arguments of the `cargo bench` that builds a revision, such as `-- -p models --bench all`. \
                                 For served models: the flags of `bench load`";

/// Compare two programs, git revisions or served models, which take turns; or compare two finished runs
#[derive(Debug, Args)]
#[command(
    mut_arg("interpreter", |interpreter| interpreter.help(TWO_INTERPRETERS)),
    mut_arg("cargo_arguments", |arguments| arguments.help(ARGUMENTS_OF_BOTH)),
    after_help = "A side is a bench executable, a folder with a Cargo.toml or with Python benchmarks (`.` is the \
                  working tree), a git revision, which is built in a separate worktree, or a record: a run \
                  directory, a run.json, or the name of a run. Two records were measured at different times, so \
                  only much larger changes can be detected than with two programs. Two addresses of served models are \
                  compared under the same load, in turn; the flags of `bench load` follow after `--`:\n\n    \
    bench compare http://127.0.0.1:8000 http://127.0.0.1:8001 -- --concurrency 8 --duration 10s\n\n\
    Exit codes: 0 success, 1 a benchmark failed, 2 wrong usage, 3 slower than allowed, 4 unsure with --strict, \
    or more failed requests than allowed, 130 interrupted."
)]
pub(crate) struct Compare {
    /// The side to compare with
    pub(crate) base: String,
    /// The side to judge [default: the base, if two interpreters are given]
    pub(crate) candidate: Option<String>,
    #[command(flatten)]
    pub(crate) which: Which,
    #[command(flatten)]
    pub(crate) how: How,
    /// Rounds for each side, when served models are compared [default: 10]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(5..), help_heading = "Measurement")]
    pub(crate) rounds: Option<u32>,
    /// Also count instructions: auto (for cases that are unsure, and for those that are slower or faster by less than 5 %),
    /// always, never
    #[arg(
        long,
        value_name = "WHEN",
        default_value = "auto",
        hide_default_value = true,
        env = "BENCH_INSTRUCTIONS",
        hide_env = true,
        help_heading = "Measurement"
    )]
    pub(crate) instructions: CountChoice,
    #[command(flatten)]
    pub(crate) build: Build,
    /// Link each side this many times with its sections in different orders, and run a different layout in each
    /// process pair, so that the effect of addresses is not mistaken for a change of the code. Use 16; fewer than 10
    /// cannot decide (Linux, with LLVM's lld or mold)
    #[arg(long, value_name = "K", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=64), help_heading = "Building")]
    pub(crate) layouts: u8,
    #[command(flatten)]
    pub(crate) report: Report,
    /// Also write a pull request comment in Markdown to this file; - writes it to stdout instead of the report
    #[arg(long, value_name = "FILE", help_heading = "Reports")]
    pub(crate) markdown: Option<PathBuf>,
    /// Exit with 3 only if a case is certainly slower by more than this (its whole interval lies beyond it) [default:
    /// --threshold]
    #[arg(long, value_name = "PCT", value_parser = percent, allow_hyphen_values = true, help_heading = "Reports")]
    pub(crate) fail_on_regression: Option<f64>,
    /// Exit with 4 if a case is unsure, and with 2 if two records come from different machines or toolchains
    #[arg(long, help_heading = "Reports")]
    pub(crate) strict: bool,
}

/// Count how often comparisons of your benchmarks are wrong: compare one program with itself, many times
#[derive(Debug, Args)]
pub(crate) struct Calibrate {
    /// A bench executable, a folder with a Cargo.toml or with Python benchmarks, or a git revision [default: the
    /// working tree]
    #[arg(value_name = "EXE", default_value = ".", hide_default_value = true)]
    pub(crate) executable: String,
    #[command(flatten)]
    pub(crate) which: Which,
    /// Comparisons of each case
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..), help_heading = "Measurement")]
    pub(crate) repeats: u32,
    /// Make the candidate slower by this share, to see whether it is detected: it runs more iterations than it reports.
    /// Example: 2%
    #[arg(long, value_name = "PCT", value_parser = percent, allow_hyphen_values = true, help_heading = "Measurement")]
    pub(crate) inject: Option<f64>,
    #[command(flatten)]
    pub(crate) how: How,
    #[command(flatten)]
    pub(crate) build: Build,
    /// Compare the code with itself in this many different layouts per side, to count how often a comparison is wrong
    /// about code that has only moved (Linux, with LLVM's lld or mold)
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u8).range(1..=32), help_heading = "Building")]
    pub(crate) layouts: Option<u8>,
    #[command(flatten)]
    pub(crate) report: Report,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Measurement")]
pub(crate) struct How {
    /// The smallest change that matters: `same` lies within it, `slower` beyond it [default: 1%]
    #[arg(long, value_name = "PCT", value_parser = percent, allow_hyphen_values = true)]
    pub(crate) threshold: Option<f64>,
    /// The expected share of false findings among the verdicts `slower` and `faster` [default: 5%]
    #[arg(long, value_name = "PCT", value_parser = percent, allow_hyphen_values = true)]
    pub(crate) fdr: Option<f64>,
    /// Time for a case on average, both sides together [default: 3s]
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, allow_hyphen_values = true)]
    pub(crate) max_time: Option<Duration>,
    /// Time after which a worker fails [default: 5m]
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, allow_hyphen_values = true)]
    pub(crate) timeout: Option<Duration>,
    /// Resident memory that a worker may take [default: 90 % of what is available]
    #[arg(long, value_name = "SIZE", allow_hyphen_values = true)]
    pub(crate) max_memory: Option<Bytes>,
    /// Device for benchmarks that ask for one: auto, cpu, cuda:0, metal
    #[arg(long, value_name = "DEVICE", allow_hyphen_values = true)]
    pub(crate) device: Option<DeviceChoice>,
    /// Number of processors for the threads of each side, chosen again for each pair. With 1, a case with many threads
    /// is decided sooner, but only the total work of its threads is compared, not how well they run in parallel
    /// [default: all; 1 for cases with one thread]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) processors: Option<u32>,
    /// Seed of every random order [default: the clock]
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Building")]
pub(crate) struct Build {
    /// Arguments of the `cargo bench` that builds a revision, such as `-- -p models --bench all`
    #[arg(last = true, value_name = "CARGO_ARGS")]
    pub(crate) cargo_arguments: Vec<String>,
    /// Interpreter of Python benchmarks [default: the active environment's]
    #[arg(long, value_name = "PYTHON")]
    pub(crate) interpreter: Vec<PathBuf>,
    /// Measure the tests that use the fixture `benchmark` of pytest-benchmark, in place of benchmark functions; ARGS are
    /// arguments of pytest: --pytest='tests -k decode'
    #[arg(long, value_name = "ARGS", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    pub(crate) pytest: Option<String>,
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
    /// Also write the result to this file; - writes it to stdout instead of the report
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    /// No progress
    #[arg(long, short)]
    pub(crate) quiet: bool,
    /// Describe every undecided case, and print where the time of every case went
    #[arg(long, short)]
    pub(crate) verbose: bool,
    /// Colors: auto, always, never
    #[arg(long, default_value = "auto", hide_default_value = true)]
    pub(crate) color: ColorChoice,
}

impl Build {
    /// How each side runs its Python benchmarks.
    ///
    /// # Errors
    /// When more interpreters are named than there are sides.
    pub(crate) fn pythons(&self) -> Result<[Python; 2], UsageError> {
        let interpreters = match &self.interpreter[..] {
            [] => [None, None],
            [both] => [Some(both), Some(both)],
            [base, candidate] => [Some(base), Some(candidate)],
            more => {
                let message = format!("expected at most two --interpreter flags, found {}", more.len());
                return Err(UsageError(message));
            }
        };
        let python = |interpreter: Option<&PathBuf>| Python {
            interpreter: interpreter.cloned(),
            pytest: self.pytest.clone(),
            own_sources: false,
        };
        Ok(interpreters.map(python))
    }

    /// How both sides run their Python benchmarks.
    ///
    /// # Errors
    /// When two interpreters are named, of which one can be used.
    pub(crate) fn python(&self) -> Result<Python, UsageError> {
        let [one, other] = self.pythons()?;
        if one != other {
            return Err(UsageError(
                "expected a single --interpreter: only `bench compare` takes two".to_owned(),
            ));
        }
        Ok(one)
    }

    /// The checkout around the working directory, for its revisions.
    ///
    /// # Errors
    /// Same as [`python`](Self::python).
    pub(crate) fn checkout(&self) -> Result<Checkout, UsageError> {
        let python = Python { own_sources: true, ..self.python()? };
        Ok(Checkout::new(".", &self.cargo_arguments).with_python(python))
    }
}

impl How {
    /// Returns the limits of a comparison.
    pub(crate) fn rules(&self, inject: Option<f64>) -> Result<Rules, RunError> {
        let wishes = Wishes {
            threshold: self.threshold,
            fdr: self.fdr,
            max_time: self.max_time,
            timeout: self.timeout,
            max_memory: self.max_memory,
            device: self.device,
            processors: self.processors,
            inject,
            seed: self.seed,
        };
        Ok(wishes.rules()?)
    }
}
