//! `bench compare`.

use std::path::Path;

use bench_adapters::Python;
use bench_compare as paired;
use bench_compare::{Progress, Side};
use bench_judge::comparison::Comparison;
use bench_judge::{ComparisonPolicy, Decision, comparison};
use bench_record::{Record, RunError};
use bench_report::{Detail, View, tell};
use bench_runner::program::ListLimits;
use bench_runner::rounds::Interrupt;
use bench_syntax::UsageError;

use crate::arguments::Compare;
#[cfg(feature = "load")]
use crate::load;
use crate::markdown::{self, Heading};
use crate::report;
use crate::source::{self, Run, Search, Source};

/// Compares the two sides; returns the exit code.
pub(crate) fn run(arguments: &Compare) -> Result<u8, RunError> {
    let results = &arguments.report.output_dir;
    let limits = ListLimits::within(arguments.how.timeout);
    let [of_base, of_candidate] = arguments.build.pythons()?;
    let base = &arguments.base;
    let candidate = match &arguments.candidate {
        Some(candidate) => candidate,
        None if of_base != of_candidate => base,
        None => {
            let message = "expected two sides, found one: `bench compare HEAD~1 .`, or two --interpreter";
            return Err(UsageError(message.to_owned()).into());
        }
    };
    #[cfg(feature = "load")]
    match [base, candidate].map(|side| load::is_address(side)) {
        [true, true] => return load::compare(arguments, base, candidate),
        [false, false] => {}
        _ => {
            return Err(UsageError(format!(
                "a served model can only be compared with another served model: expected two addresses, found `{base}` and \
                 `{candidate}`"
            ))
            .into());
        }
    }
    if arguments.rounds.is_some() {
        let message =
            "--rounds is for two served models: other sides are measured until --max-time or a verdict";
        return Err(UsageError(message.to_owned()).into());
    }
    // If a revision is compared with a path to Python benchmarks, it is a revision of that path.
    let of_python = |name: &&String| Path::new(name).exists() && of_base.runs(Path::new(name));
    let subject = [base, candidate].into_iter().find(of_python).map_or(Path::new("."), Path::new);
    // If the sides differ only in their interpreter, the packages that each interpreter has installed are compared.
    let own_sources = base != candidate;
    let open = |name: &str, python: &Python| {
        let cargo_arguments = &arguments.build.cargo_arguments;
        let layouts = usize::from(arguments.layouts);
        let python = &Python { own_sources, ..python.clone() };
        let names_interpreter = of_base != of_candidate;
        let search = Search { results, cargo_arguments, python, names_interpreter, subject, limits, layouts };
        source::open(name, &search)
    };
    // Wrong flags should not cost a build.
    arguments.which.selection()?;
    arguments.how.rules(None)?;
    match (open(base, &of_base)?, open(candidate, &of_candidate)?) {
        (Source::Live(base), Source::Live(candidate)) => live(arguments, &base, &candidate),
        (Source::Record(base), Source::Record(candidate)) => records(arguments, &base, &candidate),
        (Source::Record(_), Source::Live(_)) | (Source::Live(_), Source::Record(_)) => Err(UsageError(
            "a record cannot be compared with a program: give two records or, to detect much smaller changes, two \
             programs"
                .to_owned(),
        )
        .into()),
    }
}

fn live(arguments: &Compare, base: &Side, candidate: &Side) -> Result<u8, RunError> {
    let rules = arguments.how.rules(None)?;
    let selection = arguments.which.selection()?;
    // Listens from the first pair to the last count, so that the comparison is reported even if counting is
    // interrupted.
    let interrupt = Interrupt::listen().map_err(|error| RunError::io("listen for signals", "", error))?;
    let comparison = {
        let mut progress = Progress::new(arguments.report.quiet);
        let mut comparison = paired::compare(base, candidate, &selection, &rules, &mut progress)?;
        let choice = arguments.instructions;
        paired::count(&mut comparison, (base, candidate), choice, &interrupt, &mut progress);
        comparison
    };
    // If the disk is full, the result must still be shown: the error is returned afterwards.
    let written = comparison.write(&arguments.report.output_dir);
    let commented = report::comment(arguments.markdown.as_deref(), || {
        let heading = Heading {
            base: &comparison.base.label,
            candidate: &comparison.candidate.label,
            threshold: comparison.rules.threshold,
            notes: &comparison.notes,
        };
        markdown::comparison(&heading, &comparison.compared().collect::<Vec<_>>())
    })?;
    arguments.report.print(&comparison, || {
        if commented {
            return String::new();
        }
        let detail = if arguments.report.verbose { Detail::Full } else { Detail::Short };
        let view = View::for_stdout(arguments.report.color, detail);
        let mut text = bench_compare::report::comparison::render(&comparison, view);
        if arguments.report.verbose {
            text += &bench_compare::report::instructions::reasons(&comparison.cases);
            text += &bench_compare::report::time::render(&comparison.cases, view.style);
        }
        text
    })?;
    arguments.report.tell_folder(&written?);
    let allowed = arguments.fail_on_regression.unwrap_or_default();
    let decision = comparison.decision(allowed, arguments.strict);
    let decision = if interrupt.is_raised() { decision.interrupted() } else { decision };
    Ok(decision.exit_code())
}

/// Compares two records, which were measured at different times.
fn records(arguments: &Compare, base: &Run, candidate: &Run) -> Result<u8, RunError> {
    let selection = arguments.which.selection()?;
    let chosen = |record: &Record| {
        let mut record = record.clone();
        record.cases.retain(|case| selection.takes_recorded(case));
        record
    };
    let (old, new) = (chosen(&base.record), chosen(&candidate.record));
    if old.cases.iter().all(|case| new.case(&case.id).is_none()) {
        return Err(RunError::NoMatch(format!(
            "no chosen case is in both runs: {} contains {} of the chosen cases, {} contains {}",
            old.run,
            ids(&old),
            new.run,
            ids(&new)
        )));
    }
    comparison::check_measure(&old, new.measure())?;
    let threshold = arguments.how.threshold;
    let comparison = Comparison::of_runs(&old, &new, &candidate.results, threshold, |_| true);
    let commented = report::comment(arguments.markdown.as_deref(), || {
        let heading = Heading {
            base: &old.run,
            candidate: &new.run,
            threshold: comparison.threshold,
            notes: &comparison.notes,
        };
        markdown::comparison(&heading, &comparison.cases.iter().collect::<Vec<_>>())
    })?;
    arguments.report.print(&comparison, || {
        if commented {
            return String::new();
        }
        let detail = if arguments.report.verbose { Detail::Full } else { Detail::Short };
        let view = View::for_stdout(arguments.report.color, detail);
        bench_runner::report::console::render_comparison(&comparison, comparison.advice(), &view)
    })?;
    let policy = ComparisonPolicy {
        allowed: Some(arguments.fail_on_regression.unwrap_or_default()),
        strict: arguments.strict,
    };
    let decision = Decision::default().of_comparison(&comparison, policy);
    decision.reasons().iter().for_each(|reason| tell(reason));
    Ok(decision.exit_code())
}

/// Returns the number of cases in a record, and the ids of the first ones.
fn ids(record: &Record) -> String {
    /// The largest number of ids in the message: more would fill the screen.
    const SHOWN: usize = 10;
    let mut ids: Vec<&str> = record.cases.iter().take(SHOWN).map(|case| case.id.as_str()).collect();
    if record.cases.len() > SHOWN {
        ids.push("…");
    }
    format!("{} ({})", record.cases.len(), ids.join(", "))
}
