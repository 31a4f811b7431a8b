//! Turns flags into options.

use std::ffi::OsString;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use super::percent;
use crate::plan::Wishes;
use crate::selection::Selection;
use bench_os as sys;
use bench_protocol::{DeviceChoice, DeviceWishes, LoadWishes, Overrides};
use bench_record::{Measure, RunError};
use bench_report::ColorChoice;
use bench_syntax::UsageError;
use bench_syntax::quantity::{Bytes, nanoseconds, parse_duration};

use super::given::{Given, Origin};
use super::list::Format;
use super::stop::Stop;
use super::which::Which;

/// The values of the flags. Each is described in the [table](super::flag).
#[derive(Debug, PartialEq)]
pub(super) struct Flags {
    which: Which,
    /// The engine that has started this process to measure one part; `None` if no engine has.
    pub(super) part_by: Option<&'static str>,
    /// The name of the run that all parts belong to.
    pub(super) run_id: Option<String>,
    pub(super) list: bool,
    pub(super) format: Format,
    pub(super) dry_run: bool,
    measure: Measure,
    warmup: Option<u64>,
    repeats: Option<u64>,
    rounds: Option<u64>,
    max_time: Option<Duration>,
    timeout: Option<Duration>,
    target_precision: Option<f64>,
    pub(super) max_memory: Option<Bytes>,
    probes: Option<Vec<String>>,
    device: Option<DeviceChoice>,
    gpu: Option<String>,
    gpu_interval: Option<Duration>,
    pub(super) quick: bool,
    stress: Option<Duration>,
    valid_for: Option<f64>,
    pub(super) seed: Option<u64>,
    pub(super) in_process: bool,
    pub(super) profile_time: Option<Duration>,
    pub(super) output_dir: Option<PathBuf>,
    pub(super) save_as: Option<String>,
    pub(super) save_baseline: Option<String>,
    pub(super) baseline: Option<String>,
    pub(super) save_artifacts: bool,
    pub(super) compare: Option<String>,
    pub(super) threshold: Option<f64>,
    pub(super) against: Option<String>,
    pub(super) cargo_args: Option<String>,
    pub(super) layouts: Option<u8>,
    pub(super) fdr: Option<f64>,
    pub(super) fail_on_regression: Option<f64>,
    pub(super) fail_on_targets: bool,
    pub(super) strict: bool,
    pub(super) quiet: bool,
    pub(super) verbose: bool,
    pub(super) color: ColorChoice,
    pub(super) no_progress: bool,
    pub(super) bench: bool,
    test: bool,
    pub(super) nocapture: bool,
}

/// Flags that exclude each other.
const EXCLUSIVE: [(&str, &str); 7] = [
    ("exact", "regex"),
    ("ignored", "include-ignored"),
    ("quiet", "verbose"),
    ("save-as", "save-baseline"),
    ("baseline", "save-baseline"),
    ("baseline", "compare"),
    ("baseline", "against"),
];

impl Flags {
    /// Reads the command line of `program`, and the variables that `variable` finds. A flag on the command line takes
    /// precedence over one that it excludes in the environment.
    ///
    /// # Errors
    /// A request for help, arguments that cannot be understood, and two flags that exclude each other.
    pub(super) fn read(
        program: &str,
        arguments: impl IntoIterator<Item = OsString>,
        variable: impl Fn(&str) -> Option<OsString>,
    ) -> Result<Self, Stop> {
        let mut given = Given::read(program, arguments, variable)?;
        for (one, other) in EXCLUSIVE {
            match (given.origin(one), given.origin(other)) {
                (Some(Origin::CommandLine), Some(Origin::Environment)) => given.turn_off(other),
                (Some(Origin::Environment), Some(Origin::CommandLine)) => given.turn_off(one),
                (Some(_), Some(_)) => {
                    let message = format!("--{one} and --{other} cannot be used together");
                    return Err(Stop::misused(program, message, &[]));
                }
                _ => {}
            }
        }
        Flags::of(&given)
    }

    fn of(given: &Given) -> Result<Self, Stop> {
        let texts = |name| given.values(name).map(str::to_owned).collect::<Vec<_>>();
        Ok(Flags {
            which: Which {
                filters: texts("filter"),
                category: given.all("category", FromStr::from_str)?,
                model: texts("model"),
                tag: texts("tag"),
                exact: given.is_on("exact"),
                regex: given.is_on("regex"),
                by_name: given.is_on("by-name"),
                skip: texts("skip"),
                args: given.all("args", FromStr::from_str)?,
                partition: given.one("partition", FromStr::from_str)?,
                ignored: given.is_on("ignored"),
                include_ignored: given.is_on("include-ignored"),
            },
            part_by: match given.origin("partition") {
                Some(Origin::Engine(engine)) => Some(engine),
                _ => None,
            },
            run_id: given.text("run-id"),
            list: given.is_on("list"),
            format: given.one("format", FromStr::from_str)?.unwrap_or(Format::Table),
            dry_run: given.is_on("dry-run"),
            measure: given.one("measure", FromStr::from_str)?.unwrap_or(Measure::Time),
            warmup: given.one("warmup", count)?,
            repeats: given.one("samples", positive)?,
            rounds: given.one("rounds", positive)?,
            max_time: given.one("max-time", parse_duration)?,
            timeout: given.one("timeout", parse_duration)?,
            target_precision: given.one("target-precision", percent)?,
            max_memory: given.one("max-memory", FromStr::from_str)?,
            probes: given.is_on("probes").then(|| texts("probes")),
            device: given.one("device", FromStr::from_str)?,
            gpu: given.text("gpu"),
            gpu_interval: given.one("gpu-interval", gpu_interval)?,
            quick: given.is_on("quick"),
            stress: given.one("stress", parse_duration)?,
            valid_for: given.one("valid-for", percentile)?,
            seed: given.one("seed", u64::from_str)?,
            in_process: given.is_on("in-process"),
            profile_time: given.one("profile-time", seconds)?,
            output_dir: given.text("output-dir").map(PathBuf::from),
            save_as: given.text("save-as"),
            save_baseline: given.text("save-baseline"),
            baseline: given.text("baseline"),
            save_artifacts: given.is_on("save-artifacts"),
            compare: given.text("compare"),
            threshold: given.one("threshold", percent)?,
            against: given.text("against"),
            cargo_args: given.text("cargo-args"),
            layouts: given.one("layouts", layouts)?,
            fdr: given.one("fdr", percent)?,
            fail_on_regression: given.one("fail-on-regression", percent)?,
            fail_on_targets: given.is_on("fail-on-targets"),
            strict: given.is_on("strict"),
            quiet: given.is_on("quiet"),
            verbose: given.is_on("verbose"),
            color: given.one("color", FromStr::from_str)?.unwrap_or(ColorChoice::Auto),
            no_progress: given.is_on("no-progress"),
            // Cargo passes `--bench` before the arguments of the user: `cargo bench -- --test` is a test.
            bench: given.is_on("bench") && !given.is_on("test"),
            test: given.is_on("test"),
            nocapture: given.is_on("nocapture"),
        })
    }

    pub(super) fn selection(&self) -> Result<Selection, RunError> {
        self.which.selection()
    }

    pub(super) fn wishes(&self) -> Wishes {
        // One round of a stress test is long enough.
        let short = |most| (self.quick || self.stress.is_some()).then_some(most);
        Wishes {
            overrides: Overrides {
                warmup: self.warmup,
                repeats: self.repeats.or(self.quick.then_some(5)),
                rounds: self.rounds.map(|rounds| u32::try_from(rounds).unwrap_or(u32::MAX)).or(short(1)),
                max_time: self.max_time,
                timeout: self.timeout,
                ..Overrides::NONE
            },
            target_precision: self.target_precision,
            measure: self.measure,
        }
    }

    /// Checks that the flags are possible with the chosen measure.
    ///
    /// # Errors
    /// A flag that asks for time although instructions are to be counted.
    pub(super) fn check_measure(&self) -> Result<(), UsageError> {
        let of_time = [
            ("--profile-time", self.profile_time.is_some()),
            ("--against", self.against.is_some()),
            ("--baseline", self.baseline.is_some()),
            ("--stress", self.stress.is_some()),
        ];
        match of_time.into_iter().find(|(_, given)| *given) {
            Some((flag, _)) if self.measure == Measure::Instructions => Err(UsageError(format!(
                "{flag} measures time, and cannot be combined with `--measure instructions`; to compare builds, count each \
                 of them with `--save-as`, and use `--compare`"
            ))),
            _ => Ok(()),
        }
    }

    /// Returns the settings for cases that serve requests.
    pub(super) fn load(&self) -> LoadWishes {
        LoadWishes {
            quick: self.quick,
            stress_ns: self.stress.map(nanoseconds),
            valid_for: self.valid_for,
            requests_csv: None,
        }
    }

    /// Returns the settings of devices.
    pub(super) fn devices(&self) -> DeviceWishes {
        DeviceWishes {
            device: self.device,
            gpus: self.gpu.clone(),
            gpu_interval_ns: self.gpu_interval.map(nanoseconds),
        }
    }

    /// Whether cargo or the user asks to run each case once.
    pub(super) fn is_test(&self) -> bool {
        self.test
    }

    /// Returns the flags of `bench compare` with the same meaning. `ids` are the ids of the cases that pass the
    /// filters.
    pub(super) fn compared_with(&self, ids: &[&str]) -> Vec<String> {
        let mut flags = self.which.to_flags(ids);
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

    /// Returns the requested probes: an empty list for `none`, and `None` without `--probes`.
    pub(super) fn probes(&self) -> Option<Vec<String>> {
        let names = self.probes.clone()?;
        Some(if names.iter().all(|name| name == "none") { Vec::new() } else { names })
    }
}

/// Removes variables that are set to an empty text, such as by a CI matrix: they mean the same as variables that are
/// not set.
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

/// Parses a number of layouts, as `bench compare` does.
fn layouts(text: &str) -> Result<u8, UsageError> {
    let number = text.parse().ok().filter(|number| (1..=64).contains(number));
    number.ok_or_else(|| UsageError::malformed("number of layouts", text, "1 to 64"))
}

/// Parses a percentile into a share: `p99` is 0.99.
fn percentile(text: &str) -> Result<f64, UsageError> {
    let wrong = || UsageError::malformed("percentile", text, "`p50` to `p99.99`");
    let number: f64 = text.trim_start_matches('p').parse().map_err(|_| wrong())?;
    (50.0..=99.99).contains(&number).then_some(number / 100.0).ok_or_else(wrong)
}

/// Parses the time between two readings of a GPU. If it were shorter, NVML would do nothing else; if it were longer, a
/// round would have a single reading.
fn gpu_interval(text: &str) -> Result<Duration, UsageError> {
    let interval = parse_duration(text)?;
    let possible = Duration::from_millis(1)..=Duration::from_secs(10);
    possible
        .contains(&interval)
        .then_some(interval)
        .ok_or_else(|| UsageError::malformed("GPU interval", text, "1ms to 10s"))
}

/// Parses a duration; a bare number is in seconds, as for criterion's `--profile-time`.
fn seconds(text: &str) -> Result<Duration, UsageError> {
    parse_duration(text).or_else(|_| parse_duration(&format!("{text}s")))
}

#[cfg(test)]
mod tests;
