//! Clients that wait for each answer before they send the next request.

use std::time::Duration;

use bench_core::Error;

use super::{Plan, Scenario, Settings, Wanted, clients, of_clients};

/// A fixed number of clients, each of which sends its next request when its last one has ended, like a pool of
/// workers. It cannot show how long requests wait that arrive while the model is busy: use an
/// [`OpenLoop`](super::OpenLoop) for that.
///
/// ```
/// use bench_load::Load;
/// use bench_load::scenario::ClosedLoop;
///
/// let levels = Load::new(ClosedLoop::new([1, 2, 4])).requests(100); // the same as Load::closed([1, 2, 4])
/// ```
#[derive(Clone, Debug)]
pub struct ClosedLoop {
    concurrency: Settings<usize>,
}

impl ClosedLoop {
    /// Creates a closed loop at this concurrency, or at each of several.
    pub fn new(concurrency: impl Into<Settings<usize>>) -> Self {
        ClosedLoop { concurrency: concurrency.into() }
    }
}

impl Scenario for ClosedLoop {
    fn levels(&self, wanted: &Wanted) -> Result<Vec<Plan>, Error> {
        self.concurrency
            .0
            .iter()
            .map(|count| {
                Ok(of_clients("closed_loop", clients(*count, "a concurrency")?, Duration::ZERO, wanted))
            })
            .collect()
    }
}
