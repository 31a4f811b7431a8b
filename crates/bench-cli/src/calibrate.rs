//! `bench calibrate`.

use std::path::Path;

use bench_compare as paired;
use bench_compare::Progress;
use bench_judge::Decision;
use bench_record::RunError;
use bench_report::Style;
use bench_runner::program::ListLimits;
use bench_syntax::UsageError;

use crate::arguments::Calibrate;
use crate::source::{self, Search, Source};

/// The minimum number of layouts from which those of both sides are drawn. With fewer, the same layouts would be drawn
/// repeatedly.
const LAYOUTS: usize = 16;

/// Compares a program with itself, many times.
pub(crate) fn run(arguments: &Calibrate) -> Result<u8, RunError> {
    let rules = arguments.how.rules(arguments.inject)?;
    let selection = arguments.which.selection()?;
    let name = &arguments.executable;
    let limits = ListLimits::within(arguments.how.timeout);
    let python = &arguments.build.python()?;
    let search = Search {
        results: &arguments.report.output_dir,
        cargo_arguments: &arguments.build.cargo_arguments,
        python,
        names_interpreter: false,
        subject: Path::new("."),
        limits,
        layouts: arguments.layouts.map_or(1, |number| (2 * usize::from(number)).max(LAYOUTS)),
    };
    let layouts = arguments.layouts.map(usize::from);
    let Source::Live(side) = source::open(name, &search)? else {
        return Err(UsageError(format!("`{name}` is a record: only a program can be calibrated")).into());
    };
    let calibration = {
        let mut progress = Progress::new(arguments.report.quiet);
        paired::calibrate(&side, &selection, &rules, arguments.repeats, layouts, &mut progress)?
    };
    let written = calibration.write(&arguments.report.output_dir);
    arguments.report.print(&calibration, || {
        let style = Style::for_stdout(arguments.report.color);
        let mut text = bench_compare::report::calibration::render(&calibration, style);
        if arguments.report.verbose {
            let cases = calibration.comparisons.iter().flat_map(|comparison| &comparison.cases);
            text += &bench_compare::report::time::render(cases, style);
        }
        text
    })?;
    arguments.report.tell_folder(&written?);
    let mut decision = Decision::default();
    if calibration.is_interrupted() {
        decision = decision.interrupted();
    }
    if calibration.failed() {
        decision = decision.failed(name);
    }
    Ok(decision.exit_code())
}
