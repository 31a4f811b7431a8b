//! The command line of a run: the arguments that cargo, nextest and people pass.

mod against;
mod baseline;
mod flag;
mod flags;
mod foreign;
mod given;
mod list;
mod stop;
mod test_report;
mod which;

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::PathBuf;

use bench_record::{RunError, RunState, exit};
use bench_report::{Detail, Style, View, print, tell};
use bench_syntax::UsageError;

use crate::program::Programs;
use crate::report::console;
use crate::rounds::Show;
use crate::run::{self, Finished, MakeExecutor, Options, Reporting, decide};

use flags::Flags;
use stop::Stop;
pub use which::Which;

/// The default folder for reports.
const RESULTS: &str = "benchmark_results";

/// The program that reads this command line.
pub struct Host<'a> {
    /// The text that people type before the flags: `cargo bench --`, `bench run [PATH | EXE]...`.
    pub name: &'static str,
    /// The description for `--help`: one line.
    pub about: &'static str,
    /// Opens the programs whose cases are run.
    ///
    /// # Errors
    /// If they cannot be opened, or contain no case.
    pub open: &'a dyn Fn() -> Result<Programs, RunError>,
    /// The executor of rounds for `--in-process`; that flag is refused if `None`.
    pub in_process: Option<MakeExecutor<'a>>,
    /// Names of the probes that the programs have, if they are known.
    pub probes: Option<Vec<&'static str>>,
    /// Whether `--bench` means that cases are to be measured, as with cargo; without it, each runs once.
    pub is_bench_target: bool,
    /// The benchmarks that `--against` compares with a revision; `None` for the bench targets of the workspace.
    pub working_tree: Option<WorkingTree>,
}

/// Benchmarks that cargo does not build, as `bench compare` takes them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkingTree {
    /// The path of the benchmarks: the side that is compared with the revision.
    pub side: OsString,
    /// Flags of `bench compare` that determine how these benchmarks are run.
    pub flags: Vec<OsString>,
}

/// Reads the command line and executes it. Returns the exit code.
///
/// # Errors
/// The error that prevented the run.
pub fn run(host: &Host<'_>, arguments: impl IntoIterator<Item = OsString>) -> Result<u8, RunError> {
    outlive_full_files();
    flags::forget_empty_variables();
    let mut flags = match Flags::read(host.name, arguments, |name| std::env::var_os(name)) {
        Ok(flags) => flags,
        Err(Stop::Help) => return print(&stop::help(host.name, host.about)).map(|()| exit::OK),
        Err(Stop::Wrong(message)) => {
            tell(message.trim_end());
            return Ok(exit::USAGE);
        }
    };
    flags.bench |= !host.is_bench_target && !flags.is_test();
    let style = Style::for_stdout(flags.color);
    let options = options(&flags, host)?;
    if let (Some(engine), Some(part)) = (flags.part_by, &options.selection.partition)
        && !flags.quiet
    {
        tell(&format!("part {part} of the cases, set by {engine}: --partition selects another one"));
    }
    if flags.list {
        let programs = (host.open)()?;
        let printed = list::print(&programs.opened, &options, flags.format).map(|()| listed(&programs));
        // The process ends now: freeing ten thousand cases would take as long as printing them.
        std::mem::forget(programs);
        return printed;
    }
    if flags.dry_run {
        let programs = (host.open)()?;
        return list::print_plan(&programs.opened, &options).map(|()| listed(&programs));
    }
    if !flags.bench {
        return test(host, &flags, options, style);
    }
    flags.check_measure()?;
    if let Some(seconds) = flags.profile_time {
        return profile(host, &flags, options, seconds, style);
    }
    if let Some(revision) = &flags.against {
        return against::run(host, &flags, &options, revision);
    }
    if flags.layouts.is_some() {
        return Err(UsageError(
            "--layouts needs code that is linked for the comparison: add --against REV".to_owned(),
        )
        .into());
    }
    if let Some(name) = &flags.baseline {
        return baseline::compare(host, &flags, &options, name);
    }
    if flags.fail_on_regression.is_some() && flags.compare.is_none() {
        return Err(UsageError(
            "--fail-on-regression needs something to compare with: add --compare RUN, --baseline NAME or --against REV"
                .to_owned(),
        )
        .into());
    }
    let programs = (host.open)()?;
    let finished = execute(host, &programs, &flags, &options)?;
    if let (Some(_), Some(folder)) = (&flags.save_baseline, &finished.folder) {
        baseline::keep(&programs.opened, &options, folder)?;
    }
    report(&flags, finished, &options, style)
}

/// Returns the exit code of a list: a failure if the cases of a program are missing.
fn listed(programs: &Programs) -> u8 {
    if programs.refused.is_empty() { exit::OK } else { exit::FAILED }
}

fn execute(
    host: &Host<'_>,
    programs: &Programs,
    flags: &Flags,
    options: &Options,
) -> Result<Finished, RunError> {
    let in_process = match (flags.in_process, host.in_process) {
        (false, _) => None,
        (true, Some(make)) => Some(make),
        (true, None) => {
            let message = format!(
                "`--in-process` works only if you start the benchmark program directly: `{}` runs benchmarks in other \
                 processes",
                host.name
            );
            return Err(UsageError(message).into());
        }
    };
    run::execute(programs, options, in_process)
}

/// Turns flags into options.
fn options(flags: &Flags, host: &Host<'_>) -> Result<Options, RunError> {
    let root = workspace_root();
    let probes = flags.probes();
    if let (Some(known), Some(wanted)) = (&host.probes, &probes)
        && let Some(unknown) = wanted.iter().find(|name| !known.contains(&name.as_str()))
    {
        let ranked = bench_syntax::nearest::rank(unknown, known.iter().copied());
        return Err(UsageError::unknown("probe", unknown, ranked).into());
    }
    // A path, unlike a name, is relative to the workspace.
    let from_root = |run: &String| {
        if run.contains('/') { root.join(run).to_string_lossy().into_owned() } else { run.clone() }
    };
    Ok(Options {
        selection: flags.selection()?,
        wishes: flags.wishes(),
        results: Some(root.join(flags.output_dir.clone().unwrap_or_else(|| PathBuf::from(RESULTS)))),
        save_as: flags.save_as.clone().or_else(|| flags.save_baseline.clone()),
        compare: flags.compare.as_ref().map(from_root),
        threshold: flags.threshold,
        run_id: flags.run_id.clone(),
        seed: flags.seed,
        probes,
        max_memory: flags.max_memory,
        load: flags.load(),
        save_artifacts: flags.save_artifacts,
        devices: flags.devices(),
        measured: BTreeSet::new(),
        once: !flags.bench,
        echo: flags.verbose || flags.nocapture,
        show: if flags.quiet || flags.no_progress { Show::Nothing } else { Show::Progress },
        reporting: Reporting {
            fail_on_regression: flags.fail_on_regression,
            fail_on_objectives: flags.fail_on_targets,
            strict: flags.strict,
        },
    })
}

/// `cargo test --benches`: every case once, reported the way libtest does.
fn test(host: &Host<'_>, flags: &Flags, mut options: Options, style: Style) -> Result<u8, RunError> {
    options.results = None;
    options.compare = None;
    if options.show == Show::Progress {
        options.show = Show::Tests;
    }
    test_report::run(host, flags, &options, style)
}

/// Runs every case for `seconds`, for a profiler. Only failures are reported.
fn profile(
    host: &Host<'_>,
    flags: &Flags,
    mut options: Options,
    seconds: std::time::Duration,
    style: Style,
) -> Result<u8, RunError> {
    options.results = None;
    options.compare = None;
    options.wishes.overrides.rounds = Some(1);
    options.wishes.overrides.repeats = None;
    options.wishes.overrides.max_time = Some(seconds);
    options.wishes.overrides.timeout.get_or_insert(seconds * 10 + std::time::Duration::from_secs(300));
    let finished = execute(host, &(host.open)()?, flags, &options)?;
    if finished.record.summary.failed_runs > 0 {
        print(&console::render_failures(&finished.record, style))?;
    }
    Ok(decide(&finished, &options).exit_code())
}

/// Prints the report, and then decides the exit code.
fn report(flags: &Flags, finished: Finished, options: &Options, style: Style) -> Result<u8, RunError> {
    let decision = decide(&finished, options);
    let Finished { record, folder, comparison, trouble, .. } = finished;
    let detail = if flags.verbose { Detail::Full } else { Detail::Short };
    let view = View::for_stdout(flags.color, detail);
    if flags.quiet {
        print(&console::render_failures(&record, style))?;
    } else {
        print(&format!("\n{}", console::render(&record, &view)))?;
    }
    if let Some(comparison) = &comparison {
        print(&format!("\n{}", console::render_comparison(comparison, comparison.advice(), &view)))?;
    }
    if let Some(trouble) = trouble {
        return Err(trouble);
    }
    if let (Some(folder), false) = (folder, flags.quiet) {
        print(&format!("report: {}\n", folder.display()))?;
    }
    if record.state == RunState::Interrupted {
        tell("interrupted: the report contains what was measured until then");
    }
    decision.reasons().iter().for_each(|reason| tell(reason));
    Ok(decision.exit_code())
}

/// Makes a write that exceeds the size limit of files (`ulimit -f`) an error, instead of the end of the process
/// without a message.
pub fn outlive_full_files() {
    // If this fails, the process ends as it would have otherwise.
    let _ = bench_os::outlive_full_files();
}

/// Returns the nearest folder upwards with a `Cargo.lock`, to which paths in flags are relative: cargo runs a bench
/// target in its package's folder, but results belong to the workspace.
fn workspace_root() -> PathBuf {
    let here = std::env::current_dir().unwrap_or_default();
    here.ancestors().find(|folder| folder.join("Cargo.lock").exists()).unwrap_or(&here).to_path_buf()
}

/// The largest share in percent that is accepted: a larger one would allow everything.
const MOST_PERCENT: f64 = 10_000.0;

/// Reads a share in percent: `5`, `2.5%`.
///
/// # Errors
/// Anything but a positive number up to 10 000.
pub fn percent(text: &str) -> Result<f64, UsageError> {
    text.trim_end_matches('%')
        .trim()
        .parse::<f64>()
        .ok()
        .filter(|percent| *percent > 0.0 && *percent <= MOST_PERCENT)
        .map(|percent| percent / 100.0)
        .ok_or_else(|| {
            UsageError::malformed("percentage", text, "a positive number up to 10000, such as `1%` or `0.5`")
        })
}
