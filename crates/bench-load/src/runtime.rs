//! The runtime for setting up requests.

use std::io;
use std::sync::OnceLock;

use bench_core::{Error, Result};
use tokio::runtime::{Builder, Runtime};

use crate::cores::refuse_within_another;

/// The runtime of the process: it serves all levels.
static RUNTIME: OnceLock<io::Result<Runtime>> = OnceLock::new();

/// Runs a future on a tokio runtime with its own threads, separate from the event loops of requests
/// ([`cores`](crate::cores)): for everything that is set up before them, such as a client that they share. Tasks that
/// it spawns continue after the future has ended.
///
/// ```no_run
/// # async fn connect() -> std::io::Result<()> { Ok(()) }
/// # fn f(b: &mut bench_core::Bencher) -> bench_core::Result<()> {
/// let client = b.load(|| bench_load::block_on(connect()))??;
/// # Ok(()) }
/// ```
///
/// # Errors
/// If the runtime cannot be started, and if the caller runs on a runtime itself, as an `async` benchmark does: it
/// would wait for itself.
pub fn block_on<F: Future>(future: F) -> Result<F::Output> {
    refuse_within_another()?;
    let runtime = RUNTIME.get_or_init(|| Builder::new_multi_thread().enable_all().build());
    match runtime {
        Ok(runtime) => Ok(runtime.handle().block_on(future)),
        Err(error) => {
            Err(Error::failure(format!("the runtime that sets up requests cannot be started: {error}")))
        }
    }
}
