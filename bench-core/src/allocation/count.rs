//! Decides when allocations are counted, and for which session.

use std::fmt;
use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, OnceLock, TryLockError};

use super::slot;
use super::tally::Tally;

/// The number of the session that is counting; 0 while counting is off.
static EPOCH: AtomicU64 = AtomicU64::new(0);

/// The number of the session whose measured parts are to be counted; 0 if none is.
static WANTED: AtomicU64 = AtomicU64::new(0);

/// The number of the newest session. Locked while a session lives, so that there is only one at a time.
static NEWEST: Mutex<u64> = Mutex::new(0);

/// The reasons why allocations cannot be counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotCounted {
    /// The global allocator is not a `CountingAllocator`.
    NotInstalled,
    /// One counting allocator calls another, so each call would count as this many.
    Nested(u64),
    /// Another count is in progress, and a count covers all threads.
    Busy,
}

impl fmt::Display for NotCounted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NotCounted::NotInstalled => f.write_str(
                "no CountingAllocator is installed: add `#[global_allocator] static A: \
                 bench_core::CountingAllocator = bench_core::CountingAllocator::system();` to the bench target",
            ),
            NotCounted::Nested(times) => write!(
                f,
                "{times} CountingAllocators are nested, and each allocation would count {times} times: keep only \
                 one of them"
            ),
            NotCounted::Busy => f.write_str(
                "allocations are already being counted: only one count is possible at a time",
            ),
        }
    }
}

impl std::error::Error for NotCounted {}

/// Records that an allocator has returned `bytes` of memory, which changed the live bytes by `live`.
#[inline]
pub(super) fn allocated(bytes: u64, live: i64) {
    let epoch = EPOCH.load(Relaxed);
    if epoch != 0 {
        slot::allocated(epoch, bytes, live);
    }
}

/// Records that an allocator has taken back this many bytes.
#[inline]
pub(super) fn freed(bytes: i64) {
    let epoch = EPOCH.load(Relaxed);
    if epoch != 0 {
        slot::freed(epoch, bytes);
    }
}

/// A count over one or several measured parts.
pub(crate) struct Session {
    epoch: u64,
    /// Locked while the session lives, so that there is only one at a time.
    _turn: MutexGuard<'static, u64>,
}

impl Session {
    /// Opens a session with all counts at zero. It counts from each call of [`begin`] to the next call of [`end`].
    ///
    /// # Errors
    /// If the global allocator does not count, or counts each call twice, or a count is already going on.
    pub(crate) fn open() -> Result<Self, NotCounted> {
        check()?;
        Session::try_open().ok_or(NotCounted::Busy)
    }

    fn try_open() -> Option<Self> {
        let mut newest = match NEWEST.try_lock() {
            Ok(newest) => newest,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return None,
        };
        *newest += 1;
        slot::reset();
        WANTED.store(*newest, Relaxed);
        Some(Session { epoch: *newest, _turn: newest })
    }

    /// Returns the counts.
    pub(crate) fn finish(self) -> Tally {
        slot::sum(self.epoch)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // Also if the counted code has panicked.
        EPOCH.store(0, Relaxed);
        WANTED.store(0, Relaxed);
    }
}

/// Starts to count if a session is open; otherwise, costs one load.
#[inline(always)]
pub(crate) fn begin() {
    let wanted = WANTED.load(Relaxed);
    if wanted != 0 {
        EPOCH.store(wanted, Relaxed);
    }
}

/// Stops counting.
#[inline(always)]
pub(crate) fn end() {
    EPOCH.store(0, Relaxed);
}

/// Calls `run`, and returns the allocations of this thread and all others during the call.
///
/// The tally is an error if no [`CountingAllocator`](crate::CountingAllocator) is installed, if several are nested,
/// or if another count is in progress.
///
/// ```
/// use bench_core::{CountingAllocator, allocation};
///
/// #[global_allocator]
/// static ALLOCATOR: CountingAllocator = CountingAllocator::system();
///
/// let (values, tally) = allocation::count(|| vec![0_u8; 1024]);
/// let tally = tally.expect("the allocator counts");
/// assert_eq!((values.len(), tally.allocations), (1024, 1));
/// ```
pub fn count<T>(run: impl FnOnce() -> T) -> (T, Result<Tally, NotCounted>) {
    match Session::open() {
        Ok(session) => {
            let (output, tally) = within(session, run);
            (output, Ok(tally))
        }
        Err(reason) => (run(), Err(reason)),
    }
}

fn within<T>(session: Session, run: impl FnOnce() -> T) -> (T, Tally) {
    begin();
    let output = run();
    end();
    (output, session.finish())
}

/// Checks whether allocations can be counted in this program, by making one.
///
/// # Errors
/// If the global allocator does not count, or counts each call twice.
pub fn check() -> Result<(), NotCounted> {
    static KNOWN: OnceLock<Result<(), NotCounted>> = OnceLock::new();
    if let Some(known) = KNOWN.get() {
        return *known;
    }
    let mut fewest = u64::MAX;
    // Other threads may allocate at the same moment, but not each time.
    for _ in 0..5 {
        let session = Session::try_open().ok_or(NotCounted::Busy)?;
        // Hidden from the optimizer, which would remove the allocation.
        fewest = fewest.min(within(session, || black_box(Box::new(black_box(1_u64)))).1.allocations);
    }
    *KNOWN.get_or_init(|| match fewest {
        0 => Err(NotCounted::NotInstalled),
        1 => Ok(()),
        times => Err(NotCounted::Nested(times)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_counting_allocator_there_is_no_tally() {
        let (output, tally) = count(|| 5);
        assert_eq!(output, 5);
        let reason = tally.expect_err("none is installed here");
        assert_eq!(reason, NotCounted::NotInstalled);
        assert!(
            reason.to_string().starts_with("no CountingAllocator is installed: add `#[global_allocator]")
        );
    }
}
