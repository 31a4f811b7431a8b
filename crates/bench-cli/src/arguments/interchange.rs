//! The arguments of `bench export` and `bench import`.

use std::path::PathBuf;

use bench_formats::{EXPORTS, IMPORTS};
use bench_syntax::Category;
use bench_syntax::quantity::Bytes;
use clap::Args;
use clap::builder::PossibleValuesParser;

use super::Where;

/// The format that is recognized by what a file holds.
const AUTO: &str = "auto";

/// Write a run in the format of another tool
#[derive(Debug, Args)]
#[command(
    after_help = "benchfmt is Go's, for benchstat; bmf is Bencher's; criterion is a folder for critcmp, with the run as a \
    baseline; github-action is a folder with the two files that github-action-benchmark reads as \
    customSmallerIsBetter and customBiggerIsBetter. Figures that were not measured are left out, with a message."
)]
pub(crate) struct Export {
    /// The format
    #[arg(value_name = "FORMAT", value_parser = PossibleValuesParser::new(EXPORTS.map(|format| format.name())))]
    pub(crate) format: String,
    /// A run directory, a run.json, or the name of a run [default: the newest]
    #[arg(value_name = "RUN")]
    pub(crate) run: Option<String>,
    /// The file or folder to write to [default: stdout, for a single file]
    #[arg(long, short, value_name = "PATH")]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) place: Where,
}

/// Add results of other tools to the store, each file as a run
#[derive(Debug, Args)]
#[command(
    after_help = "asv is a file results/MACHINE/COMMIT-ENVIRONMENT.json next to asv's benchmarks.json; benchfmt is what \
    `go test -bench` prints; bmf is Bencher's; criterion is the folder target/criterion; google-benchmark is its JSON \
    (`--benchmark_out=FILE`); hyperfine is `--export-json FILE`; pyperf is `-o FILE`; pytest-benchmark is \
    `--benchmark-json FILE`. auto recognizes the format. Machine and toolchain distinguish the series: a property \
    that neither the file nor a flag gives is `unknown`."
)]
pub(crate) struct Import {
    /// The format
    #[arg(value_name = "FORMAT", value_parser = PossibleValuesParser::new(
        [AUTO].into_iter().chain(IMPORTS.map(|format| format.name()))
    ))]
    pub(crate) format: String,
    /// The files or folders
    #[arg(value_name = "PATH", required = true)]
    pub(crate) paths: Vec<PathBuf>,
    /// Name of the run [default: made from its time, format and contents]
    #[arg(long, value_name = "NAME", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub(crate) run: Option<String>,
    /// Time of the measurement in UTC, such as 2026-01-31T12:00:00Z [default: the time in the file, otherwise the time
    /// of its last change]
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub(crate) time: Option<String>,
    /// Category of benchmarks whose name does not contain one
    #[arg(long, value_name = "CATEGORY", default_value_t = Category::Performance)]
    pub(crate) category: Category,
    #[command(flatten)]
    pub(crate) machine: Machine,
    #[command(flatten)]
    pub(crate) place: Where,
}

/// Values that files of other tools lack or state wrongly.
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
    /// Model of a GPU; repeat it for each GPU
    #[arg(long, value_name = "MODEL")]
    pub(crate) gpu: Vec<String>,
    /// Compiler and version
    #[arg(long, value_name = "NAME")]
    pub(crate) toolchain: Option<String>,
}

/// A moment in UTC.
fn moment(text: &str) -> Result<String, String> {
    match bench_formats::seconds_since_1970(text) {
        Some(_) if text.ends_with('Z') => Ok(text.to_owned()),
        _ => Err("expected a time in UTC, such as 2026-01-31T12:00:00Z".to_owned()),
    }
}
