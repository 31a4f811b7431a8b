//! A separate counting slot for each thread, so that counting needs no atomic instruction on which threads contend.

use std::cell::Cell;
use std::sync::atomic::{
    AtomicBool, AtomicI64, AtomicU64,
    Ordering::{Acquire, Relaxed, Release},
};

use super::Tally;

/// The number of threads that can have their own slot at one time; all further threads share one.
const SLOTS: usize = 512;

/// The change of a thread's live bytes, in bytes, at which it publishes them. A smaller value would be more exact and
/// slower.
const QUANTUM: i64 = 64 << 10;

/// The counts of one thread, or of all threads that share the slot. Slots and their contents outlive their threads.
#[repr(align(64))]
pub(super) struct Slot {
    is_owned: AtomicBool,
    /// The count that is in progress; earlier counts in the slot are void. A slot that no thread owns never has the
    /// current number, so that only an owner takes the fast path.
    epoch: AtomicU64,
    allocations: AtomicU64,
    bytes: AtomicU64,
    /// Live bytes that have not been published yet.
    untold: AtomicI64,
    /// The largest value of `untold` since the last publication.
    most_untold: AtomicI64,
}

static EXCLUSIVE: [Slot; SLOTS] = [const { Slot::new() }; SLOTS];
/// The slot of threads that have not counted yet.
static UNCLAIMED: Slot = Slot::new();
/// The slot of threads that are ending, and of those beyond [`SLOTS`].
static SHARED: Slot = Slot::new();
/// The number of the count that [`SHARED`] takes part in.
static SHARED_EPOCH: AtomicU64 = AtomicU64::new(0);

/// The published live bytes of all threads, relative to the beginning of the count; `PEAK` is their largest value.
static LIVE: AtomicI64 = AtomicI64::new(0);
static PEAK: AtomicI64 = AtomicI64::new(0);

thread_local! {
    // Needs no initialization and no drop, so reading it never allocates, even when a thread starts or ends.
    static OWN: Cell<&'static Slot> = const { Cell::new(&UNCLAIMED) };
    /// Gives the thread's slot back when the thread ends. Since Rust 1.93, the documentation of `GlobalAlloc` permits
    /// an allocator to use such a thread-local.
    static LEASE: Lease = const { Lease };
}

struct Lease;

impl Drop for Lease {
    fn drop(&mut self) {
        // Allocations by other thread-locals that are dropped later are counted in the shared slot.
        OWN.replace(&SHARED).give_back();
    }
}

/// Records an allocation of `bytes`, which changed the live bytes by `live`.
#[inline]
pub(super) fn allocated(epoch: u64, bytes: u64, live: i64) {
    let slot = OWN.get();
    if slot.epoch.load(Relaxed) == epoch {
        slot.allocations.store(slot.allocations.load(Relaxed).wrapping_add(1), Relaxed);
        slot.bytes.store(slot.bytes.load(Relaxed).wrapping_add(bytes), Relaxed);
        slot.moved(live);
    } else {
        slot.elsewhere(epoch, 1, bytes, live);
    }
}

/// Records that this many bytes were freed.
#[inline]
pub(super) fn freed(epoch: u64, bytes: i64) {
    let slot = OWN.get();
    if slot.epoch.load(Relaxed) == epoch {
        slot.moved(-bytes);
    } else {
        slot.elsewhere(epoch, 0, 0, -bytes);
    }
}

impl Slot {
    const fn new() -> Self {
        Slot {
            is_owned: AtomicBool::new(false),
            epoch: AtomicU64::new(0),
            allocations: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            untold: AtomicI64::new(0),
            most_untold: AtomicI64::new(0),
        }
    }

    /// Changes the live bytes of the calling thread's own slot. No other thread writes to it, so a load and a store
    /// lose nothing, and cost less than an atomic addition.
    #[inline]
    fn moved(&self, live: i64) {
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
    fn tell(&self, untold: i64) {
        let before = LIVE.fetch_add(untold, Relaxed);
        PEAK.fetch_max(before.wrapping_add(self.most_untold.load(Relaxed)), Relaxed);
        self.untold.store(0, Relaxed);
        self.most_untold.store(0, Relaxed);
    }

    /// Records a call by the slow path: the first call of a thread in this epoch, or a call of a thread without its own
    /// slot.
    #[cold]
    fn elsewhere(&'static self, epoch: u64, allocations: u64, bytes: u64, live: i64) {
        let slot = if std::ptr::eq(self, &UNCLAIMED) { Slot::claim() } else { self };
        if !std::ptr::eq(slot, &SHARED) {
            if slot.epoch.load(Relaxed) < epoch {
                slot.clear();
                slot.epoch.store(epoch, Relaxed);
            }
            // A late call, whose epoch has ended, must not change the counts of the next one.
            if slot.epoch.load(Relaxed) == epoch {
                slot.allocations.store(slot.allocations.load(Relaxed).wrapping_add(allocations), Relaxed);
                slot.bytes.store(slot.bytes.load(Relaxed).wrapping_add(bytes), Relaxed);
                slot.moved(live);
            }
            return;
        }
        let before = SHARED_EPOCH.fetch_max(epoch, Relaxed);
        if before < epoch {
            // Only the first thread to get here clears the shared slot.
            slot.clear();
        }
        if before <= epoch {
            slot.allocations.fetch_add(allocations, Relaxed);
            slot.bytes.fetch_add(bytes, Relaxed);
            PEAK.fetch_max(LIVE.fetch_add(live, Relaxed).wrapping_add(live), Relaxed);
        }
    }

    fn clear(&self) {
        self.allocations.store(0, Relaxed);
        self.bytes.store(0, Relaxed);
        self.untold.store(0, Relaxed);
        self.most_untold.store(0, Relaxed);
    }

    fn claim() -> &'static Slot {
        let free = EXCLUSIVE
            .iter()
            .find(|slot| slot.is_owned.compare_exchange(false, true, Acquire, Relaxed).is_ok());
        let Some(slot) = free else {
            OWN.set(&SHARED);
            return &SHARED;
        };
        // Before the lease: registering it may allocate.
        OWN.set(slot);
        if LEASE.try_with(|_| ()).is_err() {
            // The thread is ending, and its lease cannot give the slot back any more.
            OWN.set(&SHARED);
            slot.give_back();
            return &SHARED;
        }
        slot
    }

    /// Gives the slot back. The next owner continues with the counts of this one, so it must see all of them.
    fn give_back(&self) {
        self.is_owned.store(false, Release);
    }
}

/// Resets the published live bytes.
pub(super) fn reset() {
    LIVE.store(0, Relaxed);
    PEAK.store(0, Relaxed);
}

/// Adds up the counts of all threads in `epoch`, including those that have ended.
pub(super) fn sum(epoch: u64) -> Tally {
    let mut tally = Tally::default();
    let mut live = LIVE.load(Relaxed);
    let exclusive = EXCLUSIVE.iter().filter(|slot| slot.epoch.load(Relaxed) == epoch);
    let shared = (SHARED_EPOCH.load(Relaxed) == epoch).then_some(&SHARED);
    for slot in exclusive.chain(shared) {
        tally.allocations += slot.allocations.load(Relaxed);
        tally.bytes += slot.bytes.load(Relaxed);
        // An upper bound: the threads need not have had their largest values at the same time.
        live = live.wrapping_add(slot.most_untold.load(Relaxed));
    }
    tally.peak_live_bytes = live.max(PEAK.load(Relaxed)).max(0).unsigned_abs();
    tally
}
