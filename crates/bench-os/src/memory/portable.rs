//! The standard library reports no memory.

use std::io;

use crate::unsupported;

/// Whether the memory of a worker can be read, and so limited.
pub const CAN_LIMIT_MEMORY: bool = false;

/// Returns `false`: children that were started elsewhere are not known.
pub fn has_children() -> bool {
    false
}

/// Returns an error: the standard library reports no memory.
///
/// # Errors
/// Always.
pub fn high_water_mark() -> io::Result<u64> {
    Err(unsupported("memory of a process"))
}

/// Returns `None`: the standard library reports no memory.
pub fn high_water_mark_of(_pid: u32) -> Option<u64> {
    None
}

/// Returns an error: there is no high water mark to reset.
///
/// # Errors
/// Always.
pub fn reset_high_water_mark() -> io::Result<()> {
    Err(unsupported("memory of a process"))
}

/// Returns `None`: the standard library reports no memory.
pub fn resident_memory(_pid: u32) -> Option<u64> {
    None
}

/// Returns `None`: the standard library reports no memory.
pub fn own_resident_memory() -> Option<u64> {
    None
}

/// Returns `None`: the standard library counts no threads.
pub fn threads(_pid: u32) -> Option<usize> {
    None
}

/// Returns `None`: the standard library knows no threads of other processes.
pub fn thread_times(_pid: u32) -> Option<std::collections::BTreeMap<u32, u64>> {
    None
}

/// Returns only the process itself: the standard library knows no others.
pub fn process_tree(pid: u32) -> Vec<u32> {
    vec![pid]
}

/// Returns `None`: the standard library does not count what the allocator has handed out.
pub fn allocated_bytes() -> Option<u32> {
    None
}
