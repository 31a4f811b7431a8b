//! [`Pause`]: the time that clients wait before their requests.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

type Of = dyn Fn(u32, Instant) -> Duration + Send + Sync;

/// How long each client of a closed loop waits before its next request. By default, not at all.
#[derive(Clone, Default)]
pub(crate) struct Pause(Option<Arc<Of>>);

impl Pause {
    pub(crate) fn by(of: impl Fn(u32, Instant) -> Duration + Send + Sync + 'static) -> Self {
        Pause(Some(Arc::new(of)))
    }

    /// Returns how long this client waits now, in the level that began at `level`.
    #[cfg_attr(not(feature = "tokio"), allow(dead_code, reason = "threads do not wait"))]
    pub(crate) fn of(&self, client: u32, level: Instant) -> Duration {
        self.0.as_ref().map_or(Duration::ZERO, |of| of(client, level))
    }
}

impl fmt::Debug for Pause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Pause(by a function)" } else { "Pause(never)" })
    }
}
