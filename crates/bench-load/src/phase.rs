//! Finds the steady part of a level: all clients at work, and requests left to send.

use std::sync::atomic::{AtomicU64, Ordering};

/// The bounds of the steady part, in nanoseconds from the beginning of the level, as they become known.
#[derive(Debug)]
pub(crate) struct Phase {
    from_ns: AtomicU64,
    to_ns: AtomicU64,
}

impl Default for Phase {
    fn default() -> Self {
        Phase { from_ns: AtomicU64::new(u64::MAX), to_ns: AtomicU64::new(u64::MAX) }
    }
}

impl Phase {
    /// Records that all clients have been at work since `at_ns`.
    pub(crate) fn begin(&self, at_ns: u64) {
        self.from_ns.store(at_ns, Ordering::Relaxed);
    }

    /// Records that nothing was left to send at `at_ns`.
    pub(crate) fn end(&self, at_ns: u64) {
        self.to_ns.fetch_min(at_ns, Ordering::Relaxed);
    }

    /// Whether all clients were at work at `at_ns`.
    pub(crate) fn has_begun(&self, at_ns: u64) -> bool {
        at_ns >= self.from_ns.load(Ordering::Relaxed)
    }

    /// Returns whether the request was sent and ended in the steady part, and whether it ended there.
    pub(crate) fn holds(&self, sent_ns: u64, end_ns: u64) -> (bool, bool) {
        let from_ns = self.from_ns.load(Ordering::Relaxed);
        let ended = end_ns > from_ns && end_ns <= self.to_ns.load(Ordering::Relaxed);
        (ended && sent_ns >= from_ns, ended)
    }

    /// Returns the bounds of the steady part; `None` unless both are known.
    pub(crate) fn bounds(&self) -> Option<(u64, u64)> {
        let (from_ns, to_ns) = (self.from_ns.load(Ordering::Relaxed), self.to_ns.load(Ordering::Relaxed));
        (from_ns < to_ns && to_ns < u64::MAX).then_some((from_ns, to_ns))
    }
}
