//! [`Stop`]: whether the user wants the load to end.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// The time to wait for `async` requests in flight once the user wants the load to end.
pub(crate) const GRACE: Duration = Duration::from_secs(5);

/// Whether the user wants the load to end. By default, never.
#[derive(Clone, Default)]
pub(crate) struct Stop(Option<Arc<dyn Fn() -> bool + Send + Sync>>);

impl Stop {
    pub(crate) fn when(asked: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        Stop(Some(Arc::new(asked)))
    }

    pub(crate) fn is_asked(&self) -> bool {
        self.0.as_ref().is_some_and(|asked| asked())
    }
}

impl fmt::Debug for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Stop({})", self.is_asked())
    }
}
