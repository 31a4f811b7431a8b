//! `bench show`: prints the report of a run again.

use bench_record::exit;
use bench_report::text::print;
use bench_report::{Detail, View};
use bench_runner::report::console;

use crate::arguments::Show;
use crate::failure::Failure;

/// Prints the report of a run again, for the present terminal.
pub(crate) fn run(arguments: &Show) -> Result<u8, Failure> {
    let record = arguments.place.run(arguments.run.as_deref())?;
    let detail = if arguments.verbose { Detail::Full } else { Detail::Short };
    print(&console::render(&record, &View::for_stdout(arguments.color, detail)))?;
    Ok(exit::OK)
}
