//! The runtime of `async` closures.

use std::io;
use std::sync::OnceLock;

use bench_core::{Error, Result};
use tokio::runtime::{Builder, Handle, Runtime};

/// One for the process, so that a connection that one request has opened can serve the next.
static RUNTIME: OnceLock<io::Result<Runtime>> = OnceLock::new();

/// Runs a future on the tokio runtime that requests of [`Load::run_async`](crate::Load::run_async) run on: for
/// what is set up before them, such as a connection that they share.
///
/// The future itself is polled by the calling thread; what it spawns, timers and sockets belong to the runtime.
///
/// ```no_run
/// # async fn connect() -> std::io::Result<()> { Ok(()) }
/// # fn f(b: &mut bench_core::Bencher) -> bench_core::Result<()> {
/// let client = b.load(|| bench_load::block_on(connect()))??;
/// # Ok(()) }
/// ```
///
/// # Errors
/// When the runtime cannot be started, and when the caller runs on a runtime itself, as an `async` benchmark does:
/// it would wait for itself.
pub fn block_on<F: Future>(future: F) -> Result<F::Output> {
    refuse_within_another()?;
    let runtime = RUNTIME.get_or_init(|| Builder::new_multi_thread().enable_all().build());
    match runtime {
        Ok(runtime) => Ok(runtime.handle().block_on(future)),
        Err(error) => Err(Error::failure(format!("the runtime of requests cannot be started: {error}"))),
    }
}

/// # Errors
/// When the caller runs on a runtime itself. A request on a thread of its own could be waited for, and the same one in a
/// comparison, on the caller's thread, could not.
pub(crate) fn refuse_within_another() -> Result<()> {
    if Handle::try_current().is_err() {
        return Ok(());
    }
    Err(Error::failure(
        "requests of `async` closures have a runtime of their own, which cannot be waited for from within another one: \
         make the benchmark a plain `fn`, and set up with `bench_load::block_on`",
    ))
}
