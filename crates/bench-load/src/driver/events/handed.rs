//! The messages between the pacing thread and the event loops.

use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::Thread;

/// The orders for an event loop.
#[derive(Clone, Copy, Debug)]
pub(super) enum Handed {
    /// Starts this client, which sends one request after another.
    Client(u32),
    /// Sends this request, which was due at `intended_ns`.
    Request { number: u64, intended_ns: u64 },
    /// A heartbeat that was sent at this time, in nanoseconds from the beginning of the level: records how late it is
    /// handled.
    Beat(u64),
    /// Ends all requests in flight.
    GiveUp(Why),
}

/// The reason why requests in flight are given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// The case has no time left.
    TimeLimit,
    /// The user has ended the run, and the grace is over.
    Interrupted,
}

/// Tasks that were handed over and have not ended.
pub(super) struct Running {
    tasks: AtomicU32,
    pacer: Thread,
}

impl Running {
    /// Creates a count of 0 tasks; the calling thread is the one that paces.
    pub(super) fn here() -> Self {
        Running { tasks: AtomicU32::new(0), pacer: std::thread::current() }
    }

    pub(super) fn begin(&self) {
        self.tasks.fetch_add(1, Ordering::AcqRel);
    }

    /// Records that a task has ended. Wakes the pacing thread if it may wait for that: if there were `most` tasks, or
    /// this was the last one.
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
