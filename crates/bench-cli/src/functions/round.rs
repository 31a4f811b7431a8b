//! Measures one round of a function under load, for the worker that contains it.

use std::process::exit;

use bench_core::bencher::Bencher;
use bench_core::serve_made;
use bench_record::RunError;
use bench_syntax::UsageError;

use super::plan::Function;
use super::served::Served;

/// Measures one round for the worker whose channel is named in the environment, as a worker does for its runner.
///
/// # Errors
/// When there is no such channel, or the worker has closed it.
pub(crate) fn run(function: &Function) -> Result<(), RunError> {
    let measure = |bencher: &mut Bencher| Served::open(function)?.run(bencher, None);
    serve_made(measure).map_err(|error| UsageError(error.to_string()))?;
    // Threads that are still waiting for a request must not keep the process alive.
    exit(0)
}
