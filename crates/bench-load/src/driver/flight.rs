//! Requests of a schedule that are in flight: decides whether a late one waited for the model or for the harness.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// The requests in flight, and the number of those that were due while no more were allowed.
#[derive(Debug, Default)]
pub(crate) struct Flight {
    in_flight: AtomicU32,
    /// When a request last ended while as many were in flight as allowed; 0 if that never happened.
    full_until_ns: AtomicU64,
    /// The number of requests that were due before then, and that the model delayed.
    held_up: AtomicU64,
}

impl Flight {
    /// Records that a request is sent that was due at `intended_ns`.
    pub(super) fn begin(&self, intended_ns: u64) {
        if intended_ns < self.full_until_ns.load(Ordering::Relaxed) {
            self.held_up.fetch_add(1, Ordering::Relaxed);
        }
        self.in_flight.fetch_add(1, Ordering::Relaxed);
    }

    /// Records that a request has ended at `now_ns`; `most` may be in flight.
    pub(super) fn end(&self, most: u32, now_ns: u64) {
        if self.in_flight.fetch_sub(1, Ordering::Relaxed) >= most {
            self.full_until_ns.fetch_max(now_ns, Ordering::Relaxed);
        }
    }

    /// The number of requests that were due while the allowed number was in flight.
    pub(crate) fn held_up(&self) -> u64 {
        self.held_up.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_due_while_all_were_in_flight_was_held_up() {
        let flight = Flight::default();
        flight.begin(0);
        // Late, but two could have been in flight.
        flight.end(2, 50);
        flight.begin(10);
        assert_eq!(flight.held_up(), 0);
        flight.begin(20);
        flight.end(2, 100);
        flight.begin(60);
        assert_eq!(flight.held_up(), 1);
        flight.end(2, 150);
        flight.begin(160);
        assert_eq!(flight.held_up(), 1);
    }
}
