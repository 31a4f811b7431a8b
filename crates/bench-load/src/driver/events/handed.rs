//! The messages between the pacing thread and the event loops.

use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::Thread;

/// The orders for an event loop.
#[derive(Clone, Copy, Debug)]
pub(super) enum Handed {
    /// Begins with this client, which sends one request after another.
    Client(u32),
    /// Sends this request, which was due at that time.
    Request { number: u64, intended_ns: u64 },
    /// Records its lateness: this was sent at that time, in nanoseconds from the beginning of the level.
    Beat(u64),
    /// Ends all requests in flight.
    GiveUp(Why),
}

/// The reason why requests in flight are given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// The case has no time left.
    TimeLimit,
    /// The user has ended the run, and does not wait for ever.
    Interrupted,
}

/// Tasks that were handed over and have not ended.
pub(super) struct Running {
    tasks: AtomicU32,
    pacer: Thread,
}

impl Running {
    /// None yet; the calling thread paces.
    pub(super) fn here() -> Self {
        Running { tasks: AtomicU32::new(0), pacer: std::thread::current() }
    }

    pub(super) fn begin(&self) {
        self.tasks.fetch_add(1, Ordering::AcqRel);
    }

    /// A task has ended. The pacing thread wakes if it may wait for that: there were `most`, or it was the last one.
    pub(super) fn end(&self, most: u32) {
        let before = self.tasks.fetch_sub(1, Ordering::AcqRel);
        if before == 1 || before >= most {
            self.pacer.unpark();
        }
    }

    pub(super) fn count(&self) -> u32 {
        self.tasks.load(Ordering::Acquire)
    }
}
