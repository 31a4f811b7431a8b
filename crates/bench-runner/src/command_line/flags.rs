//! The flags, and the environment variables of the same names.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::BoolishValueParser;
use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{ArgMatches, CommandFactory, FromArgMatches, Parser};

use super::{Host, percent};
use crate::plan::Wishes;
use crate::selection::Selection;
use bench_os as sys;
use bench_protocol::{DeviceChoice, DeviceWishes, LoadWishes, Overrides};
use bench_record::{Measure, RunError};
use bench_report::ColorChoice;
use bench_syntax::UsageError;
use bench_syntax::quantity::{Bytes, nanoseconds, parse_duration};

use super::list::Format;
use super::which::Which;

/// Runs the benchmarks that are linked into this executable.
#[derive(Debug, Parser)]
#[command(
    bin_name = "cargo bench --",
    disable_version_flag = true,
    max_term_width = 120,
    after_help = "Every flag is also an environment variable: --max-time 1s is BENCH_MAX_TIME=1s.\n\
        Exit codes: 0 all well, 1 a benchmark failed, 2 wrong usage, 3 slower than allowed or a target missed, 4 unsure with --strict, \
        130 interrupted."
)]
pub(super) struct Flags {
    #[command(flatten)]
    which: Which,
    /// List cases instead of running them
    #[arg(long, env = "BENCH_LIST", hide_env = true, value_parser = BoolishValueParser::new(), help_heading = "Which")]
    pub(super) list: bool,
    /// How to list: table, terse, json
    #[arg(
        long,
        env = "BENCH_FORMAT",
        hide_env = true,
        default_value = "table",
        hide_default_value = true,
        help_heading = "Which"
    )]
    pub(super) format: Format,
    /// Show what would be run and how, and run nothing
    #[arg(long, env = "BENCH_DRY_RUN", hide_env = true, value_parser = BoolishValueParser::new(), help_heading = "Which")]
    pub(super) dry_run: bool,

    /// What is measured: time, instructions (counted under valgrind: exact, however busy the machine)
    #[arg(
        long,
        env = "BENCH_MEASURE",
        hide_env = true,
        value_name = "WHAT",
        default_value = "time",
        hide_default_value = true,
        help_heading = "How"
    )]
    measure: Measure,
    /// Iterations of warm-up [default: until times are steady]
    #[arg(long, env = "BENCH_WARMUP", hide_env = true, value_name = "N", value_parser = count, allow_hyphen_values = true, help_heading = "How")]
    warmup: Option<u64>,
    /// Samples of a case, over all its rounds [default: until precise enough]
    #[arg(long, env = "BENCH_REPEATS", hide_env = true, value_name = "N", value_parser = positive, allow_hyphen_values = true, help_heading = "How")]
    repeats: Option<u64>,
    /// Rounds of a case, each in a process of its own [default: until precise enough]
    #[arg(long, env = "BENCH_ROUNDS", hide_env = true, value_name = "N", value_parser = positive, allow_hyphen_values = true, help_heading = "How")]
    rounds: Option<u64>,
    /// Budget of a case over all its rounds [default: 3s for unit, 10s for others]
    #[arg(long, env = "BENCH_MAX_TIME", hide_env = true, value_name = "DURATION", value_parser = parse_duration, allow_hyphen_values = true, help_heading = "How")]
    max_time: Option<Duration>,
    /// Time after which a case has failed, over all its rounds [default: 5m]
    #[arg(long, env = "BENCH_TIMEOUT", hide_env = true, value_name = "DURATION", value_parser = parse_duration, allow_hyphen_values = true, help_heading = "How")]
    timeout: Option<Duration>,
    /// Half-width of the 95 % interval of the median at which a case is done [default: 1%]
    #[arg(long, env = "BENCH_TARGET_PRECISION", hide_env = true, value_name = "PCT", value_parser = percent, allow_hyphen_values = true, help_heading = "How")]
    target_precision: Option<f64>,
    /// Resident memory that a worker may take [default: 90 % of what is available]
    #[arg(
        long,
        env = "BENCH_MAX_MEMORY",
        hide_env = true,
        value_name = "SIZE",
        allow_hyphen_values = true,
        help_heading = "How"
    )]
    pub(super) max_memory: Option<Bytes>,
    /// Probes to attach, or `none` [default: all that are linked]
    #[arg(
        long,
        env = "BENCH_PROBES",
        hide_env = true,
        value_delimiter = ',',
        value_name = "NAMES",
        help_heading = "How"
    )]
    probes: Option<Vec<String>>,
    /// Where benchmarks work that ask for it: auto, cpu, cuda:0, metal
    #[arg(
        long,
        env = "BENCH_DEVICE",
        hide_env = true,
        value_name = "DEVICE",
        allow_hyphen_values = true,
        help_heading = "How"
    )]
    device: Option<DeviceChoice>,
    /// GPUs to observe: numbers as nvidia-smi counts, UUIDs, or all [default: what the benchmark works on, else what CUDA may see]
    #[arg(
        long,
        env = "BENCH_GPU",
        hide_env = true,
        value_name = "GPUS",
        allow_hyphen_values = true,
        help_heading = "How"
    )]
    gpu: Option<String>,
    /// Time between two looks at a GPU, from 1ms [default: 50ms]
    #[arg(long, env = "BENCH_GPU_INTERVAL", hide_env = true, value_name = "DURATION", value_parser = gpu_interval, allow_hyphen_values = true, help_heading = "How")]
    gpu_interval: Option<Duration>,
    /// A look at everything: one round of five samples a case, five requests a level
    #[arg(long, env = "BENCH_QUICK", hide_env = true, value_parser = BoolishValueParser::new(), help_heading = "How")]
    pub(super) quick: bool,
    /// Stress cases that serve requests for this long, at rising concurrency, instead of their own scenario
    #[arg(long, env = "BENCH_STRESS", hide_env = true, value_name = "DURATION", value_parser = parse_duration, allow_hyphen_values = true, help_heading = "How")]
    stress: Option<Duration>,
    /// Serve requests at each level until this percentile is supported: p90, p95, p99, p99.9
    #[arg(long, env = "BENCH_VALID_FOR", hide_env = true, value_name = "PERCENTILE", value_parser = percentile, allow_hyphen_values = true, help_heading = "How")]
    valid_for: Option<f64>,
    /// Seed of the order of rounds [default: the clock]
    #[arg(long, env = "BENCH_SEED", hide_env = true, value_name = "N", help_heading = "How")]
    pub(super) seed: Option<u64>,
    /// Measure in this process, for debuggers and profilers: nothing protects the run from a crash
    #[arg(long, env = "BENCH_IN_PROCESS", hide_env = true, value_parser = BoolishValueParser::new(), help_heading = "How")]
    pub(super) in_process: bool,
    /// Run each case for this long, for a profiler, and report nothing: 5 or 5s
    #[arg(long, env = "BENCH_PROFILE_TIME", hide_env = true, value_name = "S", value_parser = seconds, allow_hyphen_values = true, help_heading = "How")]
    pub(super) profile_time: Option<Duration>,

    /// Folder of all runs, relative to the workspace [default: benchmark_results]
    #[arg(long, env = "BENCH_OUTPUT_DIR", hide_env = true, value_name = "DIR", help_heading = "Reports")]
    pub(super) output_dir: Option<PathBuf>,
    /// Give this run a name to compare with later
    #[arg(long, env = "BENCH_SAVE_AS", hide_env = true, value_name = "NAME", help_heading = "Reports")]
    pub(super) save_as: Option<String>,
    /// Keep what benchmarks have made (pictures, audio) in the run directory, below artifacts
    #[arg(long, env = "BENCH_SAVE_ARTIFACTS", hide_env = true, value_parser = BoolishValueParser::new(), help_heading = "Reports")]
    pub(super) save_artifacts: bool,
    /// Compare with an earlier run: latest, a name given with --save-as, or a path
    #[arg(long, env = "BENCH_COMPARE", hide_env = true, value_name = "RUN", help_heading = "Reports")]
    pub(super) compare: Option<String>,
    /// A change below this is of no practical interest: `same` lies within it, `slower` beyond it [default: 1%; none for instructions]
    #[arg(long, env = "BENCH_THRESHOLD", hide_env = true, value_name = "PCT", value_parser = percent, allow_hyphen_values = true, help_heading = "Reports")]
    pub(super) threshold: Option<f64>,
    /// Compare with a git revision, live: it is built in a worktree of its own, and both programs work in turns
    #[arg(
        long,
        env = "BENCH_AGAINST",
        hide_env = true,
        value_name = "REV",
        conflicts_with = "compare",
        help_heading = "Reports"
    )]
    pub(super) against: Option<String>,
    /// With --against: arguments of the `cargo bench` that builds the revision [default: -p and --bench of this program]
    #[arg(
        long,
        env = "BENCH_CARGO_ARGS",
        hide_env = true,
        value_name = "ARGS",
        allow_hyphen_values = true,
        help_heading = "Reports"
    )]
    pub(super) cargo_args: Option<String>,
    /// With --against: the share of `slower` and `faster` that may be false [default: 5%]
    #[arg(long, env = "BENCH_FDR", hide_env = true, value_name = "PCT", value_parser = percent, allow_hyphen_values = true, help_heading = "Reports")]
    pub(super) fdr: Option<f64>,
    /// Exit with 3 if a case is slower than in the compared run by more than this, with its whole interval
    #[arg(long, env = "BENCH_FAIL_ON_REGRESSION", hide_env = true, value_name = "PCT", value_parser = percent, allow_hyphen_values = true, help_heading = "Reports")]
    pub(super) fail_on_regression: Option<f64>,
    /// Exit with 3 if a target is missed, with its whole interval
    #[arg(long, env = "BENCH_FAIL_ON_TARGETS", hide_env = true, value_parser = BoolishValueParser::new(), help_heading = "Reports")]
    pub(super) fail_on_targets: bool,
    /// Exit with 4 if a comparison is unsure, or a target with --fail-on-targets; with 2 if the compared run is of another machine or toolchain
    #[arg(long, env = "BENCH_STRICT", hide_env = true, value_parser = BoolishValueParser::new(), help_heading = "Reports")]
    pub(super) strict: bool,
    /// Print failures and comparisons only
    #[arg(
        long,
        short,
        env = "BENCH_QUIET", hide_env = true, value_parser = BoolishValueParser::new(), help_heading = "Reports"
    )]
    pub(super) quiet: bool,
    /// Show what benchmarks print
    #[arg(long, short, env = "BENCH_VERBOSE", hide_env = true, value_parser = BoolishValueParser::new(), help_heading = "Reports")]
    pub(super) verbose: bool,
    /// Colours: auto, always, never
    #[arg(
        long,
        env = "BENCH_COLOR",
        hide_env = true,
        default_value = "auto",
        hide_default_value = true,
        help_heading = "Reports"
    )]
    pub(super) color: ColorChoice,
    /// No progress bar, no progress lines
    #[arg(long, env = "BENCH_NO_PROGRESS", hide_env = true, value_parser = BoolishValueParser::new(), help_heading = "Reports")]
    pub(super) no_progress: bool,

    // What cargo, nextest and editors pass to every test executable.
    #[arg(long, hide = true)]
    pub(super) bench: bool,
    #[arg(long, hide = true, conflicts_with = "bench")]
    test: bool,
    #[arg(long, hide = true, alias = "no-capture")]
    pub(super) nocapture: bool,
    #[arg(long, hide = true)]
    show_output: bool,
    #[arg(long, hide = true)]
    test_threads: Option<String>,
    #[arg(short = 'Z', hide = true)]
    unstable: Vec<String>,
}

/// Flags that exclude each other.
const EXCLUSIVE: [(&str, &str); 3] =
    [("exact", "regex"), ("ignored", "include_ignored"), ("quiet", "verbose")];

impl Flags {
    /// Reads the command line and the environment. Where a flag excludes one that only the environment
    /// asks for, the flag wins: it is what the person at the keyboard wants now.
    ///
    /// # Errors
    /// clap's own, and two flags that exclude each other.
    pub(super) fn read(
        host: &Host<'_>,
        arguments: impl IntoIterator<Item = OsString>,
    ) -> Result<Self, clap::Error> {
        let mut command = Flags::command().bin_name(host.name).no_binary_name(true);
        let matches = command.try_get_matches_from_mut(arguments)?;
        let mut flags = Flags::from_arg_matches(&matches)?;
        for (one, other) in EXCLUSIVE {
            match (asked_for(&matches, one), asked_for(&matches, other)) {
                (Some(ValueSource::CommandLine), Some(ValueSource::EnvVariable)) => {
                    *flags.switch(other) = false
                }
                (Some(ValueSource::EnvVariable), Some(ValueSource::CommandLine)) => {
                    *flags.switch(one) = false
                }
                (Some(_), Some(_)) => {
                    let message = format!("--{one} and --{other} exclude each other").replace('_', "-");
                    return Err(command.error(ErrorKind::ArgumentConflict, message));
                }
                _ => {}
            }
        }
        Ok(flags)
    }

    /// The flag of this name, one of [`EXCLUSIVE`].
    fn switch(&mut self, name: &str) -> &mut bool {
        match name {
            "exact" => &mut self.which.exact,
            "regex" => &mut self.which.regex,
            "ignored" => &mut self.which.ignored,
            "include_ignored" => &mut self.which.include_ignored,
            "quiet" => &mut self.quiet,
            _ => &mut self.verbose,
        }
    }

    pub(super) fn selection(&self) -> Result<Selection, RunError> {
        self.which.selection()
    }

    pub(super) fn wishes(&self) -> Wishes {
        // Stress is long enough once.
        let short = |most| (self.quick || self.stress.is_some()).then_some(most);
        Wishes {
            overrides: Overrides {
                warmup: self.warmup,
                repeats: self.repeats.or(self.quick.then_some(5)),
                rounds: self.rounds.map(|rounds| u32::try_from(rounds).unwrap_or(u32::MAX)).or(short(1)),
                max_time: self.max_time,
                timeout: self.timeout,
            },
            target_precision: self.target_precision,
            measure: self.measure,
        }
    }

    /// Whether what is asked for goes with what is to be measured.
    ///
    /// # Errors
    /// A flag that asks for time where instructions are to be counted.
    pub(super) fn check_measure(&self) -> Result<(), UsageError> {
        let of_time = [
            ("--profile-time", self.profile_time.is_some()),
            ("--against", self.against.is_some()),
            ("--stress", self.stress.is_some()),
        ];
        match of_time.into_iter().find(|(_, given)| *given) {
            Some((flag, _)) if self.measure == Measure::Instructions => Err(UsageError(format!(
                "{flag} is about time, and does not go with `--measure instructions`: count each build with \
                 `--save-as`, and compare with `--compare`"
            ))),
            _ => Ok(()),
        }
    }

    /// What is wanted of cases that serve requests.
    pub(super) fn load(&self) -> LoadWishes {
        LoadWishes {
            quick: self.quick,
            stress_ns: self.stress.map(nanoseconds),
            valid_for: self.valid_for,
            requests_csv: None,
        }
    }

    /// What is wanted of devices.
    pub(super) fn devices(&self) -> DeviceWishes {
        DeviceWishes {
            device: self.device,
            gpus: self.gpu.clone(),
            gpu_interval_ns: self.gpu_interval.map(nanoseconds),
        }
    }

    /// Whether cargo, or a person, asks to run each case once.
    pub(super) fn is_test(&self) -> bool {
        self.test
    }

    /// The flags of `bench compare` that mean the same.
    pub(super) fn compared_with(&self) -> Vec<String> {
        let mut flags = self.which.to_flags();
        let mut value = |flag: &str, value: Option<String>| {
            if let Some(value) = value {
                flags.extend([flag.to_owned(), value]);
            }
        };
        let share = |share: Option<f64>| share.map(|share| format!("{}%", share * 100.0));
        let time = |time: Option<Duration>| time.map(|time| format!("{}ns", time.as_nanos()));
        value("--threshold", share(self.threshold));
        value("--fdr", share(self.fdr));
        value("--max-time", time(self.max_time));
        value("--timeout", time(self.timeout));
        value("--max-memory", self.max_memory.map(|Bytes(bytes)| format!("{bytes}B")));
        value("--device", self.device.map(|device| device.to_string()));
        value("--seed", self.seed.map(|seed| seed.to_string()));
        value("--fail-on-regression", share(self.fail_on_regression));
        value("--color", Some(self.color.to_string()));
        flags.extend(self.strict.then(|| "--strict".to_owned()));
        flags.extend((self.quiet || self.no_progress).then(|| "--quiet".to_owned()));
        flags
    }

    /// The probes that were asked for; an empty list for `none`.
    pub(super) fn probes(&self) -> Option<Vec<String>> {
        let names = self.probes.clone()?;
        Some(if names.iter().all(|name| name == "none") { Vec::new() } else { names })
    }
}

/// Who asks for a flag, if anybody does.
fn asked_for(matches: &ArgMatches, name: &str) -> Option<ValueSource> {
    matches.value_source(name).filter(|source| *source != ValueSource::DefaultValue && matches.get_flag(name))
}

/// A variable that is set to nothing means the same as one that is not set, as in a CI matrix.
pub(super) fn forget_empty_variables() {
    let empty = std::env::vars_os()
        .filter(|(name, value)| value.is_empty() && name.to_string_lossy().starts_with("BENCH_"));
    for (name, _) in empty.collect::<Vec<_>>() {
        sys::forget_variable(&name);
    }
}

fn count(text: &str) -> Result<u64, UsageError> {
    text.parse().map_err(|_| UsageError::malformed("count", text, "a whole number from 0"))
}

fn positive(text: &str) -> Result<u64, UsageError> {
    text.parse()
        .ok()
        .filter(|count| *count > 0)
        .ok_or_else(|| UsageError::malformed("count", text, "a whole number from 1"))
}

/// A percentile as people write it, as a share: `p99` is 0.99.
fn percentile(text: &str) -> Result<f64, UsageError> {
    let wrong = || UsageError::malformed("percentile", text, "`p50` to `p99.99`");
    let number: f64 = text.trim_start_matches('p').parse().map_err(|_| wrong())?;
    (50.0..=99.99).contains(&number).then_some(number / 100.0).ok_or_else(wrong)
}

/// Shorter, and NVML would do nothing else; longer, and a round would have no second look.
fn gpu_interval(text: &str) -> Result<Duration, UsageError> {
    let interval = parse_duration(text)?;
    let possible = Duration::from_millis(1)..=Duration::from_secs(10);
    possible
        .contains(&interval)
        .then_some(interval)
        .ok_or_else(|| UsageError::malformed("time between two looks", text, "1ms to 10s"))
}

/// A duration; a bare number is seconds, as criterion's `--profile-time` takes it.
fn seconds(text: &str) -> Result<Duration, UsageError> {
    parse_duration(text).or_else(|_| parse_duration(&format!("{text}s")))
}
