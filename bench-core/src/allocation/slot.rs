//! Where a thread counts: a slot of its own, so that counting needs no atomic instruction that other threads
//! have to wait for.

use std::cell::Cell;
use std::sync::atomic::{
    AtomicBool, AtomicI64, AtomicU64,
    Ordering::{Acquire, Relaxed, Release},
};

use super::Tally;

/// Threads with a slot of their own at one time; those beyond share one.
const SLOTS: usize = 512;

/// A thread tells the others when its live bytes have moved by this much. Less would be more exact and slower.
const QUANTUM: i64 = 64 << 10;

/// What one thread, or all that share it, has counted. Slots outlive their threads, and with them what they hold.
#[repr(align(64))]
pub(super) struct Slot {
    /// Whether one thread alone writes here.
    is_exclusive: bool,
    is_owned: AtomicBool,
    /// What is counted; whatever was counted before is void.
    epoch: AtomicU64,
    allocations: AtomicU64,
    bytes: AtomicU64,
    /// Live bytes that the others have not been told of.
    untold: AtomicI64,
    /// The most of `untold` since it was told last.
    most_untold: AtomicI64,
}

static EXCLUSIVE: [Slot; SLOTS] = [const { Slot::new(true) }; SLOTS];
static SHARED: Slot = Slot::new(false);

/// Live bytes of all threads, as far as they have told, and the most of them, beyond those at the beginning.
static LIVE: AtomicI64 = AtomicI64::new(0);
static PEAK: AtomicI64 = AtomicI64::new(0);

thread_local! {
    // Neither has anything to initialise or to drop: reading it never allocates, whenever in a thread's life.
    static OWN: Cell<Option<&'static Slot>> = const { Cell::new(None) };
    /// Gives the thread's slot back when the thread ends. That an allocator may have such a value is promised by the
    /// documentation of `GlobalAlloc` since Rust 1.93.
    static LEASE: Lease = const { Lease };
}

struct Lease;

impl Drop for Lease {
    fn drop(&mut self) {
        // What other thread-locals allocate or free after this counts as everybody's.
        if let Some(slot) = OWN.replace(Some(&SHARED)) {
            slot.give_back();
        }
    }
}

impl Slot {
    const fn new(is_exclusive: bool) -> Self {
        Slot {
            is_exclusive,
            is_owned: AtomicBool::new(false),
            epoch: AtomicU64::new(0),
            allocations: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            untold: AtomicI64::new(0),
            most_untold: AtomicI64::new(0),
        }
    }

    /// The calling thread's.
    #[inline]
    pub(super) fn own() -> &'static Slot {
        OWN.get().unwrap_or_else(Slot::claim)
    }

    #[cold]
    fn claim() -> &'static Slot {
        let free = EXCLUSIVE
            .iter()
            .find(|slot| slot.is_owned.compare_exchange(false, true, Acquire, Relaxed).is_ok());
        let slot = free.unwrap_or(&SHARED);
        // Before the lease: registering it may allocate.
        OWN.set(Some(slot));
        if slot.is_exclusive && LEASE.try_with(|_| ()).is_err() {
            // The thread is ending, and nobody will give the slot back.
            OWN.set(Some(&SHARED));
            slot.give_back();
            return &SHARED;
        }
        slot
    }

    /// The next owner goes on where this one has stopped, so it must see all of it.
    fn give_back(&self) {
        self.is_owned.store(false, Release);
    }

    /// Writes down `allocations` calls of `bytes` together, which have moved the live bytes by `live`.
    #[inline]
    pub(super) fn add(&self, epoch: u64, allocations: u64, bytes: u64, live: i64) {
        if self.epoch.load(Relaxed) != epoch && !self.renew(epoch) {
            return;
        }
        if !self.is_exclusive {
            return self.add_shared(allocations, bytes, live);
        }
        // One thread alone writes here: a load and a store lose nothing, and cost less than an atomic addition.
        let add = |counter: &AtomicU64, count: u64| {
            counter.store(counter.load(Relaxed).wrapping_add(count), Relaxed)
        };
        add(&self.allocations, allocations);
        add(&self.bytes, bytes);
        let untold = self.untold.load(Relaxed).wrapping_add(live);
        self.untold.store(untold, Relaxed);
        if untold > self.most_untold.load(Relaxed) {
            self.most_untold.store(untold, Relaxed);
        }
        if !(-QUANTUM..QUANTUM).contains(&untold) {
            self.tell(untold);
        }
    }

    #[cold]
    fn add_shared(&self, allocations: u64, bytes: u64, live: i64) {
        self.allocations.fetch_add(allocations, Relaxed);
        self.bytes.fetch_add(bytes, Relaxed);
        PEAK.fetch_max(LIVE.fetch_add(live, Relaxed).wrapping_add(live), Relaxed);
    }

    #[cold]
    fn tell(&self, untold: i64) {
        let before = LIVE.fetch_add(untold, Relaxed);
        PEAK.fetch_max(before.wrapping_add(self.most_untold.load(Relaxed)), Relaxed);
        self.untold.store(0, Relaxed);
        self.most_untold.store(0, Relaxed);
    }

    /// Makes the slot one of `epoch`; false where that has ended meanwhile and another has begun.
    #[cold]
    fn renew(&self, epoch: u64) -> bool {
        let before = self.epoch.fetch_max(epoch, Relaxed);
        // Of threads that share a slot, one alone may clear it.
        if before < epoch {
            self.allocations.store(0, Relaxed);
            self.bytes.store(0, Relaxed);
            self.untold.store(0, Relaxed);
            self.most_untold.store(0, Relaxed);
        }
        before <= epoch
    }
}

/// Forgets what the threads have told each other.
pub(super) fn reset() {
    LIVE.store(0, Relaxed);
    PEAK.store(0, Relaxed);
}

/// What all threads have counted in `epoch`, those that have ended included.
pub(super) fn sum(epoch: u64) -> Tally {
    let mut tally = Tally::default();
    let mut live = LIVE.load(Relaxed);
    for slot in EXCLUSIVE.iter().chain([&SHARED]).filter(|slot| slot.epoch.load(Relaxed) == epoch) {
        tally.allocations += slot.allocations.load(Relaxed);
        tally.bytes += slot.bytes.load(Relaxed);
        live = live.wrapping_add(slot.most_untold.load(Relaxed));
    }
    tally.peak_live_bytes = live.max(PEAK.load(Relaxed)).max(0).unsigned_abs();
    tally
}
