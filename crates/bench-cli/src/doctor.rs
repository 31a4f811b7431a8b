//! `bench doctor`.

use bench_machine::checks as quietness;
use bench_record::{RunError, State, exit};
use bench_report::Style;

use crate::arguments::Doctor;
use crate::report::print_or_write;

/// Checks the machine; a warning is not a failure, unless `--strict` is given.
pub(crate) fn run(arguments: &Doctor) -> Result<u8, RunError> {
    let diagnosis = quietness::diagnose(arguments.watch);
    print_or_write(arguments.json.as_deref(), &diagnosis, || {
        bench_runner::report::quietness::render(&diagnosis, Style::for_stdout(arguments.color))
    })?;
    let warns = diagnosis.count(State::Warn) > 0;
    Ok(if arguments.strict && warns { exit::UNSURE } else { exit::OK })
}
