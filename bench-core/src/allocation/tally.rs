//! Totals of allocations.

/// The allocations of all threads while counting was on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Calls that allocate: `alloc`, `alloc_zeroed`, and `realloc`. Values without a size are never allocated.
    pub allocations: u64,
    /// Requested bytes; for a `realloc`, those that it adds.
    pub bytes: u64,
    /// The largest number of bytes that were allocated and not yet freed, beyond those at the beginning. Exact if one
    /// thread allocates; if several do at once, each may shift it by up to 64 KiB. A `realloc` that moves has both of
    /// its blocks for a moment; the larger one counts.
    pub peak_live_bytes: u64,
}
