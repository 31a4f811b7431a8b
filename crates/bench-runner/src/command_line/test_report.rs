//! `cargo test --benches`: runs each case once, and reports in the words of libtest, which people and tools know.

use std::time::Instant;

use crate::report::console;
use crate::run::{self, Options};
use bench_record::{RunError, Status, exit};
use bench_report::{Style, print};

use super::flags::Flags;
use super::{Host, execute};

/// Runs every case once and reports like libtest.
pub(super) fn run(host: &Host<'_>, flags: &Flags, options: &Options, style: Style) -> Result<u8, RunError> {
    let began = Instant::now();
    let programs = (host.open)()?;
    let cases = match run::select(&programs.opened, options) {
        Ok(cases) => cases.len(),
        // `cargo test --benches some_test` filters every executable; most contain no such case.
        Err(RunError::NoMatch(_)) => 0,
        Err(error) => return Err(error),
    };
    print(&format!("\nrunning {cases} {}\n", if cases == 1 { "test" } else { "tests" }))?;
    if cases == 0 {
        print(
            "\ntest result: ok. 0 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s\n\n",
        )?;
        return Ok(exit::OK);
    }
    let record = execute(host, &programs, flags, options)?.record;
    let count = |status| record.cases.iter().filter(|case| case.status == status).count();
    let (passed, failed, skipped, not_run) =
        (count(Status::Ok), count(Status::Failed), count(Status::Skipped), count(Status::NotRun));
    print(&console::render_failures(&record, style))?;
    let verdict = if failed + not_run == 0 { style.good("ok") } else { style.bad("FAILED") };
    print(&format!(
        "\ntest result: {verdict}. {passed} passed; {failed} failed; {skipped} ignored; 0 measured; {not_run} filtered out; finished in {:.2}s\n\n",
        began.elapsed().as_secs_f64()
    ))?;
    Ok(match (failed, not_run) {
        (0, 0) => exit::OK,
        (0, _) => exit::INTERRUPTED,
        _ => exit::FAILED,
    })
}
