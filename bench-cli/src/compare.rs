//! `bench compare`.

use std::path::Path;

use bench_core::comparison::Verdict;
use bench_core::paired::{self, PairedComparison, Progress, Side};
use bench_core::record::RunState;
use bench_core::report::{self, Style};
use bench_core::{RunError, UsageError};

use crate::arguments::Compare;
use crate::exit;
use crate::source::{self, Source};

/// Compares the two sides; the exit code says what came of it.
pub(crate) fn run(arguments: &Compare) -> Result<u8, RunError> {
    let results = &arguments.report.output_dir;
    let open = |name: &str| source::open(name, results, &arguments.build.cargo_arguments);
    // Wrong flags should not cost a build.
    arguments.which.selection()?;
    arguments.how.rules(None)?;
    match (open(&arguments.base)?, open(&arguments.candidate)?) {
        (Source::Live(base), Source::Live(candidate)) => live(arguments, &base, &candidate),
        (Source::Record(_base), Source::Record(_candidate)) => {
            Err(UsageError("two records cannot be compared yet".to_owned()).into())
        }
        (Source::Record(_), Source::Live(_)) | (Source::Live(_), Source::Record(_)) => Err(UsageError(
            "a record cannot be compared with a program: give two records, or two programs, which tells far more"
                .to_owned(),
        )
        .into()),
    }
}

fn live(arguments: &Compare, base: &Side, candidate: &Side) -> Result<u8, RunError> {
    let rules = arguments.how.rules(None)?;
    let selection = arguments.which.selection()?;
    let comparison = {
        let mut progress = Progress::new(arguments.report.quiet);
        paired::compare(base, candidate, &selection, &rules, &mut progress)?
    };
    let folder = comparison.write(&arguments.report.output_dir)?;
    arguments.report.print(&comparison, || {
        report::paired::render(&comparison, Style::for_stdout(arguments.report.color))
    })?;
    arguments.report.tell_folder(&folder);
    Ok(code(&comparison, arguments))
}

fn code(comparison: &PairedComparison, arguments: &Compare) -> u8 {
    let allowed = arguments.fail_on_regression.unwrap_or_default();
    let slower = comparison
        .with(Verdict::Slower)
        .any(|case| case.interval.is_some_and(|interval| interval.low > allowed));
    if comparison.state == RunState::Interrupted {
        exit::INTERRUPTED
    } else if comparison.with(Verdict::Failed).next().is_some() {
        exit::FAILED
    } else if slower {
        exit::SLOWER
    } else if arguments.strict && comparison.with(Verdict::Unsure).next().is_some() {
        exit::UNSURE
    } else {
        exit::OK
    }
}

impl crate::arguments::Report {
    /// Writes `document` where it was asked for, and the report to stdout.
    pub(crate) fn print(
        &self,
        document: &impl serde::Serialize,
        rendered: impl FnOnce() -> String,
    ) -> Result<(), RunError> {
        let standard = Path::new("-");
        if let Some(file) = self.json.as_deref() {
            let io = |source| RunError::Io { action: "write", path: file.to_owned(), source };
            let mut bytes = serde_json::to_vec(document).map_err(|error| io(error.into()))?;
            bytes.push(b'\n');
            if file == standard {
                return print_bytes(&bytes);
            }
            std::fs::write(file, bytes).map_err(io)?;
        }
        print_bytes(rendered().as_bytes())
    }

    /// Says where the files are, unless stdout is for JSON.
    pub(crate) fn tell_folder(&self, folder: &Path) {
        eprintln!("report: {}", folder.display());
    }
}

/// Writes to stdout. A reader that has had enough (`| head`) is no error.
fn print_bytes(bytes: &[u8]) -> Result<(), RunError> {
    use std::io::{ErrorKind, Write};
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Err(source) if source.kind() != ErrorKind::BrokenPipe => {
            Err(RunError::Io { action: "write to", path: "stdout".into(), source })
        }
        _ => Ok(()),
    }
}
