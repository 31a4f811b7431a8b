//! Totals of allocations.

/// The allocations of all threads while counting was on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Calls that allocate: `alloc`, `alloc_zeroed`, and `realloc`. Values without a size are never allocated.
    pub allocations: u64,
    /// Requested bytes; for a `realloc`, those that it adds.
    pub bytes: u64,
    /// The largest number of bytes that were allocated and not yet freed, beyond those at the beginning. It is exact if
    /// one thread allocates; if several do at once, each may shift it by up to 64 KiB. A `realloc` that moves its block
    /// counts as the larger one of the two blocks.
    pub peak_live_bytes: u64,
}
