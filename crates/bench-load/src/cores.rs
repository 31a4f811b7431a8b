//! Event loops, on all cores but one, that run the requests of `async` closures.
//!
//! Each is a tokio runtime of one thread, and nothing moves from one to another. The thread that reads a request's
//! bytes also wakes it, so that a change of threads does not delay its timestamps. One core is left to the thread that
//! paces requests, and to a server on the same machine.

use std::cell::Cell;
use std::io;
use std::sync::OnceLock;

use bench_core::{Error, Result};
use tokio::runtime::{Builder, Handle, Runtime};

/// The event loops of the process. They outlive a level: a connection belongs to the event loop on which it was made,
/// and serves one level after another.
static CORES: OnceLock<io::Result<Vec<Runtime>>> = OnceLock::new();

thread_local! {
    static CURRENT: Cell<Option<usize>> = const { Cell::new(None) };
}

/// Returns the number of event loops: one less than the number of cores that the process may use, and at least 1.
///
/// # Errors
/// If they cannot be made, for example because no file descriptor is left.
pub fn count() -> Result<usize> {
    loops().map(<[Runtime]>::len)
}

/// Returns the number, from 0, of the event loop on which the caller runs; `None` outside of event loops.
pub fn current() -> Option<usize> {
    CURRENT.get()
}

/// Runs a future on event loop `core` modulo the number of loops, on the calling thread, with the sockets and timers of
/// that loop. Use it to open connections for requests on this loop.
///
/// # Errors
/// If event loops cannot be made, and if the caller runs on a runtime itself: it would wait for itself.
pub fn block_on<F: Future>(core: usize, future: F) -> Result<F::Output> {
    refuse_within_another()?;
    let loops = loops()?;
    let core = core % loops.len();
    let before = CURRENT.replace(Some(core));
    let output = loops[core].block_on(future);
    CURRENT.set(before);
    Ok(output)
}

/// Checks that the caller does not run on a runtime.
///
/// # Errors
/// When the caller runs on a runtime itself.
pub(crate) fn refuse_within_another() -> Result<()> {
    if Handle::try_current().is_err() {
        return Ok(());
    }
    Err(Error::failure(
        "the requests of `async` closures run on their own runtimes, for which another runtime cannot wait: \
         make the benchmark a plain `fn`, and set up with `bench_load::block_on`",
    ))
}

fn loops() -> Result<&'static [Runtime]> {
    let made = CORES.get_or_init(|| {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        (0..cores.saturating_sub(1).max(1))
            .map(|_| Builder::new_current_thread().enable_all().build())
            .collect()
    });
    made.as_deref()
        .map_err(|error| Error::failure(format!("the event loops of requests cannot be started: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_future_knows_its_event_loop() {
        let loops = count().expect("event loops");
        assert_eq!(current(), None);
        assert_eq!(block_on(loops, async { current() }).expect("run"), Some(0));
        let within = block_on(0, async { block_on(0, async {}).is_err() });
        assert_eq!((within.ok(), current()), (Some(true), None));
    }
}
