//! One run: select → plan → measure → summarize → judge → export → decide.
//!
//! Each stage is a function here, runs once, and hands one value to the next.

mod export;
mod options;
mod plan;
mod watch;

use std::collections::HashMap;
use std::path::PathBuf;

use bench_judge::comparison::Comparison;
use bench_judge::{ComparisonPolicy, Decision, merge, objective, probe_states};
use bench_machine::calibration::Watch;
use bench_machine::{CpuTicks, Examination};
use bench_protocol::{Case, Mode};
use bench_record::{CaseRecord, Environment, Folder, Record, References, RunError, RunState, now_utc};
use bench_syntax::case_id;

use crate::callgrind::Valgrind;
use crate::litter;
use crate::program::{Opened, Programs};
use crate::rounds::{self, Interrupt, PlannedCase, RoundExecutor, Workers};

pub use options::{Options, Reporting};
pub use plan::Plan;

/// A run that has ended.
#[derive(Debug)]
#[non_exhaustive]
pub struct Finished {
    /// The record of this run.
    pub record: Record,
    /// The folder of its reports, if they were written.
    pub folder: Option<PathBuf>,
    /// The comparison with the requested earlier run.
    pub comparison: Option<Comparison>,
    /// The errors of named programs that have not answered with a list of cases.
    pub refused: Vec<String>,
    /// The error after measuring, if reports could not be written.
    pub trouble: Option<RunError>,
}

/// Creates an executor that runs rounds in place of worker processes.
pub type MakeExecutor<'a> = &'a dyn Fn(Interrupt) -> Box<dyn RoundExecutor>;

/// A selected case, and the program that contains it.
pub type Selected<'a> = (&'a Opened, &'a Case);

/// Runs the cases that `options` select from `programs`. Failures of benchmarks are in the record; they are not an
/// error.
///
/// # Errors
/// When nothing could be measured.
pub fn execute(
    programs: &Programs,
    options: &Options,
    in_process: Option<MakeExecutor<'_>>,
) -> Result<Finished, RunError> {
    rounds::refuse_inside_worker()?;
    crate::plan::check(&options.wishes)?;
    let Programs { opened, refused } = programs;
    let selected = select(opened, options)?;
    let plan = Plan::make(&selected, options, in_process.is_some())?;
    // Before anything is written: without it there is nothing to measure with.
    let valgrind = plan.find_valgrind(in_process.is_some())?;
    let folder = plan.open_folder(options, &selected)?;
    let path = folder.as_ref().map(Folder::path);
    let mut measured = measure(&plan, options, folder.as_ref(), in_process, valgrind)?;
    measured.notes.extend(refused.iter().cloned());
    let own = summarize(&plan, measured, folder.as_ref());
    let judged = judge(&plan, options, own, folder.as_ref(), opened);
    let written =
        folder.map(|folder| export::write(folder, &judged.whole, plan.baseline.clone(), options)).transpose();
    Ok(Finished {
        record: judged.own,
        folder: path,
        comparison: judged.comparison,
        refused: refused.clone(),
        trouble: written.err(),
    })
}

/// The cases that pass the filters, of all programs.
///
/// # Errors
/// [`RunError::Registry`] if two programs contain the same id; the errors of
/// [`Selection::apply`](crate::selection::Selection::apply).
pub fn select<'a>(programs: &'a [Opened], options: &Options) -> Result<Vec<Selected<'a>>, RunError> {
    refuse_twins(programs)?;
    let all: Vec<&Case> = programs.iter().flat_map(Opened::cases).collect();
    let chosen = options.selection.apply(&all).map_err(|error| elsewhere(error, programs))?;
    let mut selected = Vec::with_capacity(chosen.len());
    let mut chosen = chosen.into_iter().peekable();
    for program in programs {
        for case in program.cases() {
            if chosen.next_if(|next| std::ptr::eq(*next, case)).is_some() {
                selected.push((program, case));
            }
        }
    }
    Ok(selected)
}

/// Refuses ids that occur in two programs. Within a program they are unique: its list was checked for that.
fn refuse_twins(programs: &[Opened]) -> Result<(), RunError> {
    if programs.len() < 2 {
        return Ok(());
    }
    let mut seen = HashMap::new();
    for program in programs {
        for case in program.cases() {
            if let Some(first) = seen.insert(case.id.as_str(), program) {
                return Err(RunError::Registry(format!(
                    "two programs contain the case `{}`: {} and {}. Run only one of them",
                    case.id,
                    first.program.path().display(),
                    program.program.path().display()
                )));
            }
        }
    }
    Ok(())
}

/// Adds to an error of the filters how to run another bench target: cargo starts every bench target with the same
/// filters, and stops at the first that fails.
fn elsewhere(error: RunError, programs: &[Opened]) -> RunError {
    let [Opened { program, .. }] = programs else { return error };
    if program.kind() != crate::program::Kind::Own {
        return error;
    }
    let hint = format!(
        "\n(this is the bench target `{}`; to run another one: `cargo bench --bench NAME -- …`)",
        program.name()
    );
    match error {
        RunError::NoMatch(message) => RunError::NoMatch(message + &hint),
        RunError::Usage(bench_syntax::UsageError(message)) => {
            RunError::Usage(bench_syntax::UsageError(message + &hint))
        }
        other => other,
    }
}

/// The measurements, and the machine on which they were made.
struct Measured {
    rounds: rounds::Measured,
    environment: Environment,
    /// Warnings about the run as a whole.
    notes: Vec<String>,
}

/// Runs all rounds, and describes the machine they were run on.
fn measure(
    plan: &Plan<'_>,
    options: &Options,
    folder: Option<&Folder>,
    in_process: Option<MakeExecutor<'_>>,
    valgrind: Option<Valgrind>,
) -> Result<Measured, RunError> {
    let mut environment = if options.once {
        Environment::default()
    } else {
        bench_machine::capture(plan.build(), options.written())
    };
    // How quiet the machine is does not matter to a count.
    let counts = plan.context.mode == Mode::Count;
    let examination = (!options.once && !counts).then(|| Examination::begin_beside(&options.measured));
    environment.quietness = examination.as_ref().map(Examination::before).unwrap_or_default();
    let mut observer = watch::Observer::begin(plan, options, folder, &environment)?;
    let interrupt = Interrupt::listen().map_err(|error| RunError::io("listen for signals", "", error))?;
    let mut executor: Box<dyn RoundExecutor> = match in_process {
        Some(make) => make(interrupt),
        None => Box::new(Workers::new(interrupt, options.max_memory, options.echo, valgrind)),
    };
    let ticks = CpuTicks::now();
    // Not under a debugger or profiler, nor if nothing is timed.
    let watch = (in_process.is_none() && !options.once && !counts).then(Watch::default);
    let context = plan.context_in(folder, options);
    let cases: Vec<PlannedCase<'_>> = plan.cases.clone();
    let measured = rounds::measure(cases, &context, executor.as_mut(), watch, &mut observer);
    litter::end_own_strays();
    environment.quietness = examination.map(Examination::end).unwrap_or_default();
    environment.steal = ticks.and_then(|before| CpuTicks::now()?.steal_since(before));
    let notes = observer.end().map(|error| {
        format!(
            "{error}: if the run had crashed, its measurements would have \
                                                    been lost"
        )
    });
    let notes = notes.into_iter().chain(memory_note(options));
    Ok(Measured { rounds: measured, environment, notes: notes.collect() })
}

/// Returns a note if memory limits are not enforced here.
fn memory_note(options: &Options) -> Option<String> {
    let is_unlimited = !bench_os::CAN_LIMIT_MEMORY && !options.once;
    is_unlimited.then(|| "memory limits of workers are not enforced: memory is read on Linux only".to_owned())
}

/// Creates the record of the measurements.
fn summarize(plan: &Plan<'_>, measured: Measured, folder: Option<&Folder>) -> Record {
    let Measured { rounds, environment, notes } = measured;
    let mut cases = rounds.cases;
    cases.sort_by(|a, b| case_id::order(&a.id, &b.id));
    bench_judge::moderate(&mut cases);
    let run = folder.map(Folder::run).unwrap_or_default();
    let mut record = Record::new(run, plan.timestamp.clone(), cases);
    record.parts = folder.and_then(Folder::parts).cloned();
    record.sealed = now_utc();
    record.state = if rounds.interrupted { RunState::Interrupted } else { RunState::Complete };
    record.environment = environment;
    record.environment.references =
        References::typical(record.cases.iter().flat_map(CaseRecord::surroundings));
    record.environment.probes = probe_states(&record.cases);
    record.seed = plan.context.seed;
    record.warnings = record.build_and_machine_warnings();
    record.warnings.extend(notes);
    record
}

/// The measurements with their judgement.
struct Judged {
    /// The record of this process.
    own: Record,
    /// The record combined with those of earlier executables of the same `cargo bench`.
    whole: Record,
    comparison: Option<Comparison>,
}

/// Judges targets, once, over all executables of one `cargo bench`, and compares the run with an earlier one.
fn judge(
    plan: &Plan<'_>,
    options: &Options,
    mut own: Record,
    folder: Option<&Folder>,
    programs: &[Opened],
) -> Judged {
    let mut whole = match folder.and_then(Folder::earlier) {
        Some(earlier) => merge(earlier.clone(), own.clone()),
        None => own.clone(),
    };
    objective::settle(&mut whole, &plan.earlier);
    for case in &mut own.cases {
        if let Some(judged) = whole.case(&case.id) {
            case.targets.clone_from(&judged.targets);
        }
    }
    own.targets = objective::summary(&own.cases);
    let comparison = plan.baseline.as_deref().map(|old| {
        Comparison::of_runs(old, &own, options.results(), options.threshold, |case| {
            // A case that was left out because it is marked `ignore` still exists.
            let listed = |program: &Opened| program.cases().iter().any(|known| known.id == case.id);
            programs.iter().any(|program| case.target == program.program.name())
                && options.selection.takes_recorded(case)
                && !programs.iter().any(listed)
        })
    });
    Judged { own, whole, comparison }
}

/// Decides the exit code of a run.
pub fn decide(finished: &Finished, options: &Options) -> Decision {
    let mut decision = Decision::default().of_run(&finished.record);
    decision = finished.refused.iter().fold(decision, Decision::failed);
    if let Some(comparison) = &finished.comparison {
        let policy = ComparisonPolicy {
            allowed: options.reporting.fail_on_regression,
            strict: options.reporting.strict,
        };
        decision = decision.of_comparison(comparison, policy);
    }
    if options.reporting.strict {
        decision = decision.of_validity(&finished.record);
    }
    if options.reporting.fail_on_objectives {
        decision = decision.of_objectives(&finished.record, options.reporting.strict);
    }
    decision
}
