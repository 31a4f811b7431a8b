//! When allocations are counted, and by whom they were asked for.

use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::slot::{self, Slot};
use super::tally::Tally;

/// The number of the count that is going on; 0 while nobody counts.
static EPOCH: AtomicU64 = AtomicU64::new(0);

/// The number of the session whose measured parts are to be counted; 0 where none is.
static WANTED: AtomicU64 = AtomicU64::new(0);

/// One session at a time; its number.
static NEWEST: Mutex<u64> = Mutex::new(0);

/// Why allocations cannot be counted in this program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Missing {
    /// The global allocator is another one.
    #[error(
        "no counting allocator is installed: add `#[global_allocator] static A: bench_core::CountingAllocator = \
         bench_core::CountingAllocator::system();` to the bench target"
    )]
    Allocator,
    /// One counting allocator calls another, so each call would count twice.
    #[error(
        "{0} counting allocators are installed, one within the other: each allocation would count {0} times; give the \
         outer one the allocator within"
    )]
    Twice(u64),
}

/// An allocator was asked for this.
#[inline]
pub(super) fn note(allocations: u64, bytes: u64, live: i64) {
    let epoch = EPOCH.load(Relaxed);
    if epoch != 0 {
        Slot::own().add(epoch, allocations, bytes, live);
    }
}

/// A count, of one stretch or of several.
pub(crate) struct Session {
    epoch: u64,
    /// Others wait until it has ended.
    _turn: MutexGuard<'static, u64>,
}

impl Session {
    /// Begins with nothing counted; [`is_wanted`] from here on.
    pub(crate) fn start() -> Self {
        let mut newest = NEWEST.lock().unwrap_or_else(PoisonError::into_inner);
        *newest += 1;
        slot::reset();
        WANTED.store(*newest, Relaxed);
        Session { epoch: *newest, _turn: newest }
    }

    /// What was counted.
    pub(crate) fn finish(self) -> Tally {
        slot::sum(self.epoch)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // Also where what was counted has panicked.
        EPOCH.store(0, Relaxed);
        WANTED.store(0, Relaxed);
    }
}

/// Counts from here on, if a session is open. Answers whether it does.
#[inline]
pub(crate) fn begin() -> bool {
    let wanted = WANTED.load(Relaxed);
    if wanted != 0 {
        EPOCH.store(wanted, Relaxed);
    }
    wanted != 0
}

/// Counts no longer.
pub(crate) fn end() {
    EPOCH.store(0, Relaxed);
}

/// Calls `run`, and tells what was allocated meanwhile, by it and by all other threads. All is 0 where no
/// [`CountingAllocator`](crate::CountingAllocator) is installed: see [`check`]. Who counts already is waited for, so a
/// count within a count waits for ever.
pub fn count<T>(run: impl FnOnce() -> T) -> (T, Tally) {
    let session = Session::start();
    begin();
    let output = run();
    end();
    (output, session.finish())
}

/// Whether allocations can be counted in this program.
///
/// # Errors
/// Where the global allocator does not count, or counts twice.
pub fn check() -> Result<(), Missing> {
    // Hidden, or the compiler would leave the allocation out.
    let boxed = || count(|| black_box(Box::new(black_box(1_u64)))).1.allocations;
    // Other threads may allocate at the same moment, but not each time.
    match (0..5).map(|_| boxed()).min().unwrap_or_default() {
        0 => Err(Missing::Allocator),
        1 => Ok(()),
        times => Err(Missing::Twice(times)),
    }
}
