//! The owner of the request that a client is working on: the client, or the thread that has given it up.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

/// The value of `sent_ns` while a client has no request.
const IDLE: u64 = u64::MAX;

/// One client, as its supervisor sees it.
#[derive(Debug)]
pub(crate) struct Slot {
    /// When the request in work was sent, or [`IDLE`].
    sent_ns: AtomicU64,
    intended_ns: AtomicU64,
    number: AtomicU64,
    input: AtomicU32,
    client: u32,
    /// Whether its thread has returned.
    returned: AtomicBool,
}

/// A request that was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct GivenUp {
    pub(crate) number: u64,
    pub(crate) input: u32,
    pub(crate) client: u32,
    pub(crate) intended_ns: u64,
    pub(crate) sent_ns: u64,
}

impl Slot {
    pub(crate) fn new(client: u32) -> Self {
        Slot {
            sent_ns: AtomicU64::new(IDLE),
            intended_ns: AtomicU64::new(0),
            number: AtomicU64::new(0),
            input: AtomicU32::new(0),
            client,
            returned: AtomicBool::new(false),
        }
    }

    pub(crate) fn client(&self) -> u32 {
        self.client
    }

    /// Records that the client has sent a request.
    pub(crate) fn begin(&self, number: u64, input: u32, intended_ns: u64, sent_ns: u64) {
        self.number.store(number, Ordering::Relaxed);
        self.input.store(input, Ordering::Relaxed);
        self.intended_ns.store(intended_ns, Ordering::Relaxed);
        self.sent_ns.store(sent_ns, Ordering::Release);
    }

    /// Records that the client has its answer. Returns `false` if the request was given up: the client must not record
    /// it, and must not go on, since another one has taken its place.
    pub(crate) fn end(&self, sent_ns: u64) -> bool {
        self.sent_ns.compare_exchange(sent_ns, IDLE, Ordering::AcqRel, Ordering::Relaxed).is_ok()
    }

    /// Gives up the request in work if it was sent before `before_ns`; returns `None` if there is no such request.
    pub(crate) fn give_up(&self, before_ns: u64) -> Option<GivenUp> {
        let sent_ns = self.sent_ns.load(Ordering::Acquire);
        if sent_ns >= before_ns {
            return None;
        }
        let given_up = GivenUp {
            number: self.number.load(Ordering::Relaxed),
            input: self.input.load(Ordering::Relaxed),
            client: self.client,
            intended_ns: self.intended_ns.load(Ordering::Relaxed),
            sent_ns,
        };
        self.end(sent_ns).then_some(given_up)
    }

    pub(crate) fn returned(&self) {
        self.returned.store(true, Ordering::Release);
    }

    pub(crate) fn has_returned(&self) -> bool {
        self.returned.load(Ordering::Acquire)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_belongs_to_one_of_two() {
        let slot = Slot::new(3);
        assert_eq!(slot.give_up(u64::MAX), None);
        slot.begin(7, 2, 90, 100);
        assert_eq!(slot.give_up(100), None);
        assert!(slot.end(100));
        slot.begin(8, 2, 190, 200);
        let given_up = slot.give_up(201).expect("given up");
        assert_eq!(
            (given_up.number, given_up.client, given_up.intended_ns, given_up.sent_ns),
            (8, 3, 190, 200)
        );
        assert!(!slot.end(200));
        assert_eq!(slot.give_up(u64::MAX), None);
    }
}
